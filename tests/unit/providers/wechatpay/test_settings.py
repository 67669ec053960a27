"""A mistake in an account's keys, certificates or addresses is named before the server starts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.providers.settings_checks import SettingsInvalid
from tollbridge_server.providers.wechatpay import WechatPaySettings, build
from tollbridge_server.providers.wechatpay.settings import BASE_URL, identity_of

from tests.unit.providers.wechatpay import published_keys
from tests.unit.providers.wechatpay.keys import MERCHANT, PLATFORM, certificate, pem, public_pem, rsa_key, serial_of
from tests.unit.providers.wechatpay.platform import PUBLIC_KEY_ID

TODAY = datetime.now(UTC)
SERIAL = serial_of(0xAB12)
OWN_CERTIFICATE = pem(certificate(MERCHANT, serial=0xAB12, now=TODAY)).decode()
THEIRS = {"public_key": public_pem(PLATFORM), "public_key_id": PUBLIC_KEY_ID}


def settings(**changes: Any) -> WechatPaySettings:
    given: dict[str, Any] = {
        "mchid": "1900000001",
        "app_id": "wx0000000000000001",
        "notify_url": "https://shop.example.com/notifications/wechatpay/shop",
        "private_key": published_keys.MERCHANT_KEY,
        "serial_no": SERIAL,
        "api_v3_key": "0123456789abcdef0123456789ABCDEF",
    }
    return WechatPaySettings(**{**given, **changes})


def test_the_least_that_works_goes_to_production_and_fetches_certificates() -> None:
    made = settings()

    assert made.base_url == BASE_URL
    assert identity_of(made).public_key is None
    assert identity_of(made).serial_no == SERIAL


def test_the_serial_number_is_read_from_the_certificate() -> None:
    assert identity_of(settings(serial_no="", certificate=OWN_CERTIFICATE)).serial_no == SERIAL


def test_a_key_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(published_keys.MERCHANT_KEY)

    assert identity_of(settings(private_key="", private_key_file=str(path))).mchid == "1900000001"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mchid": "shop"}, "mchid: write the merchant number"),
        ({"mchid": 1900000001}, "mchid: write it as text, in quotes"),
        ({"app_id": ""}, "app_id: write an app's identifier, wx and 16 letters and digits"),
        ({"app_id": "2021000000000001"}, "app_id: write an app's identifier"),
        ({"app_id": "wx00000000000000012"}, "app_id: write an app's identifier"),
        ({"more_app_ids": "wx1, w x"}, "more_app_ids: write an app's identifier"),
        ({"more_app_ids": "wx0000000000000002, wx3"}, "more_app_ids: write an app's identifier"),
        ({"private_key": public_pem(MERCHANT)}, "private_key: this is a public key; the private key belongs here"),
        ({"private_key": "nonsense!"}, "private_key: "),
        ({"private_key": ""}, "private_key: "),
        ({"private_key_file": "/nowhere/key.pem"}, "private_key_file: give private_key or private_key_file, not both"),
        ({"serial_no": "5"}, "serial_no: write the serial number of the merchant's API certificate"),
        ({"serial_no": ""}, "serial_no: write the serial number of the merchant's API certificate"),
        ({"api_v3_key": "short"}, "api_v3_key: write the APIv3 key of the console, 32 characters; this has 5"),
        ({"api_v3_key": ""}, "api_v3_key: "),
        ({"api_v3_key": "0123456789abcdef 123456789ABCDEF"}, "api_v3_key: write the APIv3 key of the console, 32"),
        ({"api_v3_key": "é123456789abcdef0123456789ABCDE"}, "api_v3_key: write the APIv3 key of the console, 32"),
        ({"certificate": "no certificate"}, "certificate: this is no certificate (PEM)"),
        (
            {"certificate": pem(certificate(rsa_key("other"), serial=0xAB12, now=TODAY)).decode()},
            "certificate: this certificate is for another key than private_key",
        ),
        (
            {"certificate": pem(certificate(MERCHANT, serial=0xAB12, to_days=-0.5, now=TODAY)).decode()},
            "certificate: it expired on",
        ),
        ({"certificate": OWN_CERTIFICATE[:400]}, "certificate: the PEM text begins but does not end"),
        (
            {"certificate": OWN_CERTIFICATE, "serial_no": serial_of(9)},
            f"serial_no: certificate has the serial number {SERIAL}",
        ),
        ({"public_key_id": PUBLIC_KEY_ID}, "public_key: give WeChat Pay's public key too, or remove public_key_id"),
        ({"public_key": public_pem(PLATFORM)}, "public_key_id: write the id that the console shows"),
        ({**THEIRS, "public_key": public_pem(MERCHANT)}, "public_key: this is the merchant's own public key"),
        ({**THEIRS, "public_key": published_keys.PLATFORM_KEY}, "public_key: this is a private key"),
        ({"base_url": "http://api.mch.weixin.qq.com"}, "base_url: "),
        ({"base_url": "https://api.mch.weixin.qq.com/v3"}, "base_url: write scheme and host without a path"),
        ({"notify_url": "http://shop.example.com/x"}, "notify_url: write an https:// address"),
        ({"notify_url": "https://shop.example.com/".ljust(256, "a")}, "notify_url: write the address at which WeChat"),
        ({"timeout_s": 60}, "timeout_s: "),
    ],
)
def test_a_mistake_names_its_setting(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"\w+: ") as wrong:
        settings(**changes)

    assert str(wrong.value).startswith(message)
    for secret in (published_keys.MERCHANT_KEY[:60], "0123456789abcdef0123456789ABCDEF"):
        assert secret not in str(wrong.value)


def test_all_mistakes_of_an_account_are_named_at_once() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings(
            mchid="shop", app_id="", base_url="https://a.b/c", notify_url="", timeout_s=60, private_key="!",
            api_v3_key="short", serial_no="5", public_key="!", public_key_id="x",
        )  # fmt: skip
    assert [mistake.split(":")[0] for mistake in refused.value.mistakes] == [
        "mchid", "app_id", "base_url", "notify_url", "timeout_s", "private_key", "api_v3_key", "serial_no",
        "public_key",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("notify_url", "base_url", "doubts"),
    [
        ("https://shop.example.com/notifications/wechatpay/shop", BASE_URL, 0),
        ("http://127.0.0.1:7480/notifications/wechatpay/shop", BASE_URL, 1),
        ("http://127.0.0.1:7480/notifications/wechatpay/shop", "http://127.0.0.1:7492", 0),
    ],
)
def test_an_address_at_which_notifications_may_not_arrive_is_doubted(
    notify_url: str, base_url: str, doubts: int
) -> None:
    found = settings(notify_url=notify_url, base_url=base_url).doubts("shop")
    assert len(found) == doubts
    assert all(doubt.startswith("notify_url: ") for doubt in found)


def test_nothing_secret_is_shown() -> None:
    shown = repr(settings(**THEIRS, certificate=OWN_CERTIFICATE))

    assert published_keys.MERCHANT_KEY[:40] not in shown
    assert "0123456789abcdef" not in shown


def test_a_simulator_on_this_machine_may_be_without_tls() -> None:
    url = "http://127.0.0.1:7480/notifications/wechatpay/shop"

    assert settings(base_url="http://127.0.0.1:7492", notify_url=url).notify_url == url


async def test_an_adapter_is_made_of_settings_alone() -> None:
    adapter = build("shop", settings(**THEIRS, more_app_ids="wx0000000000000002, ww0000000000000003"), None)

    assert OperationKind.SALE in adapter.capabilities.operations
    await adapter.close()
