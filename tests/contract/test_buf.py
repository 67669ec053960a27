"""buf accepts the contract offline, and would refuse an uncommented or a breaking change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUF = Path(sys.executable).parent / "buf"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of the contract that a test may change."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "protos", copy / "protos", ignore=shutil.ignore_patterns("codegen"))
    shutil.copy(ROOT / "buf.yaml", copy)
    return copy


def test_lint_accepts_the_contract() -> None:
    result = _buf("lint", directory=ROOT)

    assert result.returncode == 0, result.stdout


def test_every_proto_is_formatted() -> None:
    result = _buf("format", "--diff", "--exit-code", directory=ROOT)

    assert result.returncode == 0, result.stdout


def test_lint_refuses_a_message_without_a_comment(contract: Path) -> None:
    _append(contract, "money.proto", "\nmessage Planted {}\n")

    result = _buf("lint", directory=contract)

    assert result.returncode != 0
    assert 'Message "Planted" should have a non-empty comment' in result.stdout


def test_breaking_accepts_an_added_message(contract: Path) -> None:
    _append(contract, "money.proto", "\n// One more.\nmessage Planted {}\n")

    assert _buf("breaking", "--against", str(ROOT), directory=contract).returncode == 0


def test_breaking_refuses_a_renumbered_field(contract: Path) -> None:
    money = contract / "protos" / "tollbridge" / "v1" / "money.proto"
    text = money.read_text()
    assert "string currency_code = 1" in text
    money.write_text(text.replace("string currency_code = 1", "string currency_code = 91"))

    result = _buf("breaking", "--against", str(ROOT), directory=contract)

    assert result.returncode != 0
    assert "money.proto" in result.stdout


def _append(contract: Path, name: str, text: str) -> None:
    proto = contract / "protos" / "tollbridge" / "v1" / name
    proto.write_text(proto.read_text() + text)


def _buf(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BUF, *arguments], cwd=directory, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
