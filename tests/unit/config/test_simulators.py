"""What a start would find out about simulators and addresses, `app.check` finds out before it, and opens no book."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tollbridge_server import app
from tollbridge_server.config import ConfigInvalid, load

from tests.conformance.alipay_certificates import reissued
from tests.unit.config.simulated import (
    address_of,
    certified,
    changed,
    fresh_keys,
    mistakes_of,
    simulated,
    warnings_of,
)

PROVIDERS = ["alipay", "wechatpay"]
KEY_SETTINGS = {"alipay": "alipay_public_key_file", "wechatpay": "public_key_file"}
KEY_FILES = {"alipay": "alipay-public-key.pem", "wechatpay": "wechatpay-public-key.pem"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set-up for all tests: fresh keys take a second."""
    return simulated(tmp_path_factory.mktemp("made"))


@pytest.fixture
def config(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made.parent, tmp_path / "copy")) / made.name


def test_the_development_set_up_is_right_without_a_doubt(config: Path) -> None:
    assert warnings_of(config) == ()


def test_a_check_makes_nothing(config: Path) -> None:
    before = sorted(config.parent.rglob("*"))

    app.check(load(config))

    assert sorted(config.parent.rglob("*")) == before


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"garbage!", "this is neither PEM nor base64"),
        (b"\xff\xfe", "is no text"),
        (b"", "the key is missing"),
    ],
)
def test_a_simulators_key_that_can_not_be_used_is_named(
    config: Path, provider: str, content: bytes | None, said: str
) -> None:
    key = config.parent / provider / "simulator-key.pem"
    if content is None:
        key.unlink()
    else:
        key.write_bytes(content)

    [found] = mistakes_of(config)

    assert found.startswith(f"{config}: simulators.{provider}.key_file: {key}")
    assert said in found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_that_an_account_does_not_believe_names_the_accounts_setting(config: Path, provider: str) -> None:
    (config.parent / provider / KEY_FILES[provider]).write_text(fresh_keys()[1])

    [found] = mistakes_of(config)

    assert found.startswith(
        f"{config}: merchants.accounts (demo-{provider}): {KEY_SETTINGS[provider]}: it does not belong to "
        f"simulators.{provider}.key_file"
    )
    assert found.endswith(f"or remove [simulators.{provider}]")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_mistakes_of_a_simulator_that_runs_apart_are_warnings(config: Path, provider: str) -> None:
    changed(config, f'"{provider}/simulator-key.pem"\n', f'"{provider}/simulator-key.pem"\nin_server = false\n')
    (config.parent / provider / "simulator-key.pem").unlink()

    [found] = warnings_of(config)

    assert found.startswith(f"{config}: simulators.{provider}.key_file: ")


def test_the_mistakes_of_both_simulators_and_of_tokens_are_named_at_once(config: Path) -> None:
    for name in ("alipay/simulator-key.pem", "wechatpay/simulator-key.pem", "token-key.pub.pem"):
        (config.parent / name).write_text("garbage!")

    assert len(mistakes_of(config)) == 3


def test_every_mistake_of_an_account_is_a_line_of_its_own(config: Path) -> None:
    changed(config, 'app_id = "2021000000000001"', 'app_id = "1"')
    changed(config, 'seller_id = "2088000000000001"', 'seller_id = "1"')
    changed(config, 'mchid = "1900000001"', 'mchid = "1"')

    found = mistakes_of(config)

    assert [line.split(": ")[2] for line in found] == ["app_id", "seller_id", "mchid"]


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("server", "simulators.alipay.listen"),
        ("notifications", "simulators.alipay.listen"),
        ("sandbox", "simulators.alipay.listen"),
        ("simulators.alipay", "simulators.wechatpay.listen"),
    ],
)
def test_two_that_want_one_address_are_named(config: Path, section: str, key: str) -> None:
    theirs = address_of(config, key.removesuffix(".listen"))
    mine = address_of(config, section)
    text = config.read_text()
    before, head, rest = text.partition(f"[{section}]")
    config.write_text(before + head + rest.replace(f'listen = "{mine}"', f'listen = "{theirs}"', 1))

    found = mistakes_of(config)

    assert f"{config}: {key}: {theirs} is the address of {section}.listen too; give one of them another port" in found


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "127.0.0.1"])
def test_metrics_meet_whoever_has_their_port(config: Path, host: str) -> None:
    port = address_of(config, "simulators.alipay").rpartition(":")[2]
    changed(config, "\n[sandbox]\n", f'\n[metrics]\nlisten = "{host}:{port}"\n\n[sandbox]\n')

    assert any("is the address of metrics.listen too" in line for line in mistakes_of(config))


def test_port_zero_meets_nobody(config: Path) -> None:
    assert config.read_text().count(':0"') == 2
    assert mistakes_of(config) == ()


@pytest.mark.parametrize(
    ("provider", "setting", "path"), [("alipay", "gateway", "/gateway.do"), ("wechatpay", "base_url", "")]
)
def test_a_section_that_no_account_leads_to_is_doubted(config: Path, provider: str, setting: str, path: str) -> None:
    address = address_of(config, f"simulators.{provider}")
    changed(config, f'{setting} = "http://{address}{path}"', f'{setting} = "http://127.0.0.1:1{path}"')

    [found] = warnings_of(config)

    assert found.startswith(f"{config}: simulators.{provider}: no account leads to {address} (demo-{provider} to http")


async def test_a_section_beside_a_production_account_neither_refuses_nor_starts(config: Path) -> None:
    address = address_of(config, "simulators.alipay")
    changed(config, f'gateway = "http://{address}/gateway.do"', "")
    (config.parent / "alipay" / "alipay-public-key.pem").write_text(fresh_keys()[1])

    found = warnings_of(config)
    made = await app.build(load(config))
    endpoints = await made.start()
    await made.stop()

    assert any("simulators.alipay: no account leads to" in line for line in found)
    assert any("notify_url: the provider can not reach a loopback address" in line for line in found)
    assert (endpoints.alipay, bool(endpoints.wechatpay)) == (None, True)


async def test_a_server_refuses_what_a_check_refuses_before_it_opens_the_database(config: Path) -> None:
    (config.parent / "alipay" / "simulator-key.pem").unlink()

    with pytest.raises(ConfigInvalid):
        await app.build(load(config))

    assert not (config.parent / "tollbridge.db").exists()


@pytest.mark.parametrize("value", ["0.5", "0", '"fast"'])
def test_a_time_scale_slows_nothing_down(config: Path, value: str) -> None:
    changed(config, '"alipay/simulator-key.pem"\n', f'"alipay/simulator-key.pem"\ntime_scale = {value}\n')

    with pytest.raises(ConfigInvalid, match=r"simulators\.alipay\.time_scale: "):
        load(config)


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), ("garbage", "this is no certificate in PEM")])
def test_a_reissued_certificate_that_is_none_is_named(config: Path, content: str | None, said: str) -> None:
    certified(config)
    path = config.parent / "alipay" / "reissued.crt"
    if content is not None:
        path.write_text(content)

    [found] = mistakes_of(config)

    assert found.startswith(f"{config}: simulators.alipay.reissued_certificate_file: {path}: {said}")
    path.write_text(reissued())
    assert mistakes_of(config) == ()
