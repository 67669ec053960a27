"""The set-up that the README describes works as it stands: what its steps write is what its configuration reads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.config import DEFAULT_PATH
from tollbridge_server.providers import alipay
from tollbridge_server.providers.alipay import AlipaySettings

from tests.unit.providers.alipay import published_keys
from tests.unit.providers.alipay.keys import ALIPAY, public_pem

STEPS, ACCOUNT, CERTIFICATES = re.split(
    r"```toml\n", Path(alipay.__file__).with_name("README.md").read_text().partition("## Set-up")[2], maxsplit=2
)


def settings_in(text: str) -> dict[str, Any]:
    return tomllib.loads(text.partition("```")[0])


def test_the_steps_write_the_files_that_the_account_reads() -> None:
    [account] = settings_in(ACCOUNT)["merchants"]["accounts"]
    assert f"-out {DEFAULT_PATH.parent / account['private_key_file']}\n" in STEPS
    assert f"save that one, as it is shown, as `{DEFAULT_PATH.parent / account['alipay_public_key_file']}`" in STEPS


def test_the_steps_name_the_certificates_that_the_account_reads() -> None:
    account = settings_in(ACCOUNT)["merchants"]["accounts"][0]
    files = settings_in(CERTIFICATES)
    assert len(files) == 3
    for file in files.values():
        folder, _, name = file.replace(account["app_id"], "<app_id>").partition("/")
        assert str(DEFAULT_PATH.parent / folder) in STEPS
        assert f"`{name}`" in STEPS


@pytest.mark.parametrize("is_bare", [True, False])
def test_the_account_is_taken_with_alipays_key_as_the_console_shows_it(tmp_path: Path, is_bare: bool) -> None:
    [account] = settings_in(ACCOUNT)["merchants"]["accounts"]
    shown = public_pem(ALIPAY)
    theirs = re.sub("-----.*?-----", "", shown).strip() if is_bare else shown
    for name, text in (("private_key_file", published_keys.APPLICATION_KEY), ("alipay_public_key_file", theirs)):
        path = tmp_path / account[name]
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        account[name] = str(path)
    AlipaySettings(**{name: value for name, value in account.items() if name not in ("id", "provider")})
