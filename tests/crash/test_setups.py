"""Set-ups of the kit share their keys and nothing else, so that servers of several run side by side."""

from __future__ import annotations

import re
from pathlib import Path

from tests.crash.setups import set_up


def test_set_ups_have_the_same_keys(tmp_path: Path) -> None:
    one, other = (set_up(tmp_path / name, has_simulators=True) for name in ("one", "other"))
    keys = sorted(path.relative_to(tmp_path / "one") for path in one.config_path.parent.glob("*/*-key.pem"))

    assert len(keys) == 6
    for key in keys:
        assert (one.config_path.parent / key).read_bytes() == (other.config_path.parent / key).read_bytes()


def test_set_ups_listen_on_ports_of_their_own(tmp_path: Path) -> None:
    one, other = (set_up(tmp_path / name, has_simulators=True).config_path.read_text() for name in ("one", "other"))
    ports, others = (
        set(re.findall(r'^[a-z_]+ = "[^"]*127\.0\.0\.1:(\d+)', text, re.MULTILINE)) for text in (one, other)
    )

    assert len(ports) == 4, "notifications, both simulators, and 0 for what chooses when it starts"
    assert ports & others == {"0"}
