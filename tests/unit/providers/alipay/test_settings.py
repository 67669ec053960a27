"""A mistake in an account's keys or addresses is named before the server starts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.providers.alipay import build
from tollbridge_server.providers.alipay.settings import GATEWAY, identity_of
from tollbridge_server.providers.rsa_keys import public_text_of
from tollbridge_server.providers.settings_checks import SettingsInvalid

from tests.unit.providers.alipay import published_keys
from tests.unit.providers.alipay.accounts import settings
from tests.unit.providers.alipay.gateway import SELLER_ID, serving
from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION, public_pem
from tests.unit.providers.alipay.orders import barcode, charge
from tests.unit.providers.alipay.said import FROZEN, ORDER_FREEZE, PAID, PAY


def test_key_mode_needs_two_keys_and_talks_to_production() -> None:
    known = identity_of(settings())
    assert known.gateway == GATEWAY
    assert known.certificates is None
    assert public_text_of(known.alipay_key) == public_text_of(ALIPAY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"private_key": ""}, "private_key: the key is missing"),
        ({"private_key": "nonsense!"}, "private_key: this is neither PEM nor base64"),
        ({"private_key": public_pem(APPLICATION)}, "private_key: this is a public key"),
        ({"alipay_public_key": ""}, "alipay_public_key: give Alipay's public key"),
        ({"alipay_public_key": published_keys.ALIPAY_KEY}, "alipay_public_key: this is a private key"),
        ({"alipay_public_key": public_pem(APPLICATION)}, "the application's own public key"),
        ({"aes_key": "not base64!"}, "aes_key: this is no base64"),
        ({"aes_key": "AAEC"}, "aes_key: an AES key has 16, 24 or 32 bytes"),
        ({"app_id": "app"}, "app_id: write the application's number"),
        ({"app_id": 2021000000000001}, "app_id: write it as text, in quotes"),
        ({"app_id": SELLER_ID}, "app_id: this is a merchant's PID, which is seller_id"),
        ({"seller_id": "1088000000000001"}, "seller_id: write the merchant's PID"),
        ({"qr_product": "qr code"}, "qr_product:"),
        ({"preauth_product": "pre auth"}, "preauth_product:"),
        ({"preauth_product_in_person": ""}, "preauth_product_in_person:"),
        ({"barcode_product": "bar code"}, "barcode_product:"),
        ({"gateway": "http://openapi.alipay.com/gateway.do"}, "gateway: http://openapi.alipay.com would send"),
        ({"gateway": "https://openapi.alipay.com"}, "gateway: write the whole URL, which ends in /gateway.do"),
        ({"gateway": "https://openapi.alipay.com/gateway"}, "gateway: write the whole URL"),
        (
            {"private_key": "-----BEGIN PRIVATE KEY-----\n" + published_keys.APPLICATION_KEY},
            "private_key: the PEM text begins but does not end",
        ),
        ({"notify_url": "http://shop.example.com/notify"}, "notify_url: write an https:// address"),
        ({"notify_url": "https://shop.example.com/" + "a" * 256}, "notify_url: write the address"),
        ({"timeout_s": 60.0}, "timeout_s: write"),
    ],
)
def test_a_mistake_names_its_setting(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        settings(**changes)
    assert str(refused.value).startswith(next(iter(changes)))


def test_all_mistakes_of_an_account_are_named_at_once() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings(
            app_id="app",
            seller_id="1",
            gateway="https://openapi.alipay.com",
            notify_url="",
            timeout_s=60.0,
            private_key="nonsense!",
            alipay_public_key="nonsense!",
            aes_key="AAEC",
        )
    assert [mistake.split(":")[0] for mistake in refused.value.mistakes] == [
        "app_id", "seller_id", "gateway", "notify_url", "timeout_s", "private_key", "aes_key", "alipay_public_key",
    ]  # fmt: skip


def test_a_setting_given_by_a_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "aes").write_text("AAEC")
    with pytest.raises(ValueError, match=r"^aes_key_file: an AES key has"):
        settings(aes_key_file=str(tmp_path / "aes"))


@pytest.mark.parametrize(
    ("notify_url", "gateway", "doubts"),
    [
        ("https://shop.example.com/notifications/alipay/shop", GATEWAY, 0),
        ("https://shop.example.com/notifications/wechatpay/shop", GATEWAY, 1),
        ("http://127.0.0.1:7480/notifications/alipay/shop", GATEWAY, 1),
        ("http://127.0.0.1:7480/notifications/alipay/shop", "http://127.0.0.1:7491/gateway.do", 0),
    ],
)
def test_an_address_at_which_notifications_may_not_arrive_is_doubted(
    notify_url: str, gateway: str, doubts: int
) -> None:
    found = settings(notify_url=notify_url, gateway=gateway).doubts("shop")
    assert len(found) == doubts
    assert all(doubt.startswith("notify_url: ") for doubt in found)


def test_a_public_key_in_a_file_for_a_private_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(public_pem(APPLICATION))
    with pytest.raises(ValueError, match=r"^private_key_file: this is a public key"):
        settings(private_key="", private_key_file=str(tmp_path / "key.pem"))


def test_a_key_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^private_key_file: give private_key or"):
        settings(private_key_file=str(tmp_path / "key.pem"))


def test_a_simulator_on_this_machine_may_be_without_tls() -> None:
    local = settings(gateway="http://127.0.0.1:8090/gateway.do", notify_url="http://127.0.0.1:8091/notifications")
    assert identity_of(local).gateway == "http://127.0.0.1:8090/gateway.do"


def test_nothing_secret_is_shown() -> None:
    shown = repr(settings(aes_key="AAECAwQFBgcICQoLDA0ODw=="))
    assert published_keys.APPLICATION_KEY[:40] not in shown
    assert "AAECAwQFBgcICQoLDA0ODw==" not in shown


async def test_only_a_contract_with_preauthorization_can_freeze() -> None:
    without, with_it = (
        build("a", settings(), None),
        build("a", settings(preauth_product="PREAUTH_PAY"), None),
    )
    assert OperationKind.AUTHORIZE not in without.capabilities.operations
    assert OperationKind.AUTHORIZE in with_it.capabilities.operations
    await without.close()
    await with_it.close()


async def test_each_product_of_the_settings_is_asked_for() -> None:
    products = {"preauth_product": "APP", "preauth_product_in_person": "SHOP", "barcode_product": "SCAN"}
    async with serving() as gateway:
        gateway.tell({PAY: PAID, ORDER_FREEZE: FROZEN})
        made = build("shop", settings(gateway=f"{gateway.origin}/gateway.do", **products), None)
        await made.charge(charge(barcode()))
        await made.charge(charge(barcode(), kind=OperationKind.AUTHORIZE))
        in_app = await made.charge(charge(MethodKind.ALIPAY_APP, kind=OperationKind.AUTHORIZE))
        await made.close()
    assert gateway.last(PAY).content["product_code"] == "SCAN"
    assert gateway.last(ORDER_FREEZE).content["product_code"] == "SHOP"
    assert in_app.next_action is not None
    assert "%22product_code%22%3A%22APP%22" in dict(in_app.next_action.fields)["order_string"]
