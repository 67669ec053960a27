"""A mistake in an account's keys, certificates or addresses is named before the server starts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.providers.alipay import AlipaySettings, build
from tollbridge_server.providers.alipay.certificates import serial_number
from tollbridge_server.providers.alipay.settings import GATEWAY, identity_of
from tollbridge_server.providers.rsa_keys import public_text_of
from tollbridge_server.providers.settings_checks import SettingsInvalid

from tests.unit.providers.alipay import published_keys
from tests.unit.providers.alipay.gateway import APP_ID, NOTIFY_URL, SELLER_ID, serving
from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION, Key, name_of, pem, public_pem, rsa_key
from tests.unit.providers.alipay.orders import barcode, charge
from tests.unit.providers.alipay.said import FROZEN, ORDER_FREEZE, PAID, PAY

TODAY = datetime.now(UTC)


def issued(
    subject: str,
    key: Key,
    *,
    from_days: int = -1,
    to_days: int = 365,
    serial: int = 5,
    issuer: str = "Test Root RSA G1",
    org: str = "",
    signed_by: Key | None = None,
    is_authority: bool = False,
) -> x509.Certificate:
    """Return a certificate that is valid around the present time, the test's root's if nothing else is said."""
    issuer_name = name_of(issuer)
    if org:
        issuer_name = x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, org), x509.NameAttribute(NameOID.COMMON_NAME, issuer)]
        )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(TODAY + timedelta(days=from_days))
        .not_valid_after(TODAY + timedelta(days=to_days))
    )
    if is_authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(signed_by or rsa_key("root"), SHA256())


MIDDLE = pem(issued("Middle", rsa_key("middle"), serial=2, is_authority=True))
EXPIRED_ROOT = pem(issued("Test Root RSA G1", rsa_key("root"), serial=1, from_days=-900, to_days=-2))
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
ELLIPTIC_ROOT = pem(issued("Test Root EC E1", ELLIPTIC, issuer="Test Root EC E1", signed_by=ELLIPTIC))
ROOT = pem(issued("Test Root RSA G1", rsa_key("root"), serial=1))
APP = pem(issued("App", APPLICATION))
OURS = pem(issued("Alipay", ALIPAY))
CERTIFICATES = {"app_certificate": APP, "alipay_certificate": OURS, "alipay_root_certificate": ROOT}


def settings(**changes: Any) -> AlipaySettings:
    given: dict[str, Any] = {
        "app_id": APP_ID,
        "seller_id": SELLER_ID,
        "notify_url": NOTIFY_URL,
        "private_key": published_keys.APPLICATION_KEY,
        "alipay_public_key": public_pem(ALIPAY),
    }
    return AlipaySettings(**{**given, **changes})


def certified(**changes: Any) -> AlipaySettings:
    return settings(**{"alipay_public_key": "", **CERTIFICATES, **changes})


def test_key_mode_needs_two_keys_and_talks_to_production() -> None:
    known = identity_of(settings())
    assert known.gateway == GATEWAY
    assert known.certificates is None
    assert public_text_of(known.alipay_key) == public_text_of(ALIPAY)


def test_certificate_mode_takes_alipays_key_from_its_certificate() -> None:
    known = identity_of(certified())
    assert known.certificates is not None
    assert public_text_of(known.alipay_key) == public_text_of(ALIPAY)
    assert known.certificates.alipay_number == serial_number(issued("Alipay", ALIPAY))


def test_keys_and_certificates_may_be_files(tmp_path: Path) -> None:
    texts = {"private_key": published_keys.APPLICATION_KEY, **CERTIFICATES, "aes_key": "AAECAwQFBgcICQoLDA0ODw=="}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    paths = {f"{name}_file": str(tmp_path / name) for name in texts}
    known = identity_of(settings(alipay_public_key="", private_key="", **paths))
    assert known.certificates is not None
    assert known.aes_key == bytes(range(16))


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
        ({"gateway": "https://openapi.alipay.com/gateway.do?x=1"}, "gateway: write a URL without query"),
        ({"gateway": "openapi.alipay.com"}, "gateway: this is no origin"),
        ({"gateway": "https://[::1/gateway.do"}, "gateway: "),
        ({"gateway": "https://openapi.alipay.com"}, "gateway: write the whole URL, which ends in /gateway.do"),
        ({"gateway": "https://openapi.alipay.com/gateway"}, "gateway: write the whole URL"),
        (
            {"private_key": "-----BEGIN PRIVATE KEY-----\n" + published_keys.APPLICATION_KEY},
            "private_key: the PEM text begins but does not end",
        ),
        ({"notify_url": ""}, "notify_url: write the address"),
        ({"notify_url": "http://shop.example.com/notify"}, "notify_url: write an https:// address"),
        ({"notify_url": "https://shop.example.com/notify?shop=1"}, "notify_url: write the address"),
        ({"notify_url": "https://shop.example.com/#x"}, "notify_url: write the address"),
        ({"notify_url": "https://shop.example.com/a b"}, "notify_url: write the address"),
        ({"notify_url": "https://shop.example.com/" + "a" * 256}, "notify_url: write the address"),
        ({"notify_url": "https://user:word@shop.example.com/"}, "notify_url: write an https:// address"),
        ({"timeout_s": 60.0}, "timeout_s: write"),
        ({"connect_timeout_s": 0}, "timeout_s: write"),
        ({"timeout_s": "15"}, "timeout_s: write a number of seconds"),
        ({"max_connections": 0}, "max_connections: write 1"),
        ({"max_connections": 1.5}, "max_connections: write a whole number"),
        ({"cancel_voids_unscanned": "yes"}, "cancel_voids_unscanned: write true or false"),
    ],
)
def test_a_mistake_names_its_setting(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        settings(**changes)
    assert str(refused.value).startswith(next(iter(changes)) if "connect_timeout_s" not in changes else "timeout_s")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({name: ""}, f"{name}: certificate mode needs all") for name in CERTIFICATES),
        ({"alipay_public_key": public_pem(ALIPAY)}, "alipay_public_key: remove it"),
        ({"app_certificate": OURS}, "app_certificate: this certificate is for another key than private_key"),
        ({"alipay_certificate": APP}, "alipay_certificate: this is the application's own certificate"),
        ({"app_certificate": "MIIB"}, "app_certificate: this is no certificate in PEM"),
        ({"alipay_root_certificate": ROOT[:500]}, "alipay_root_certificate: the PEM text begins but does not end"),
        ({"alipay_root_certificate": OURS}, "alipay_root_certificate: no certificate in it is a root; download"),
        ({"alipay_root_certificate": MIDDLE}, "alipay_root_certificate: no certificate in it is a root; download"),
        (
            {"alipay_root_certificate": pem(issued("Another Root", rsa_key("another"), issuer="Another Root"))},
            "alipay_root_certificate: alipay_certificate does not lead to any root in it, Test Root RSA G1 is missing",
        ),
        (
            {"alipay_root_certificate": pem(issued("Test Root RSA G1", rsa_key("x"), signed_by=rsa_key("x")))},
            "alipay_root_certificate: alipay_certificate does not lead to it, another Test Root RSA G1 than the one",
        ),
        (
            {"alipay_root_certificate": EXPIRED_ROOT},
            "alipay_root_certificate: Test Root RSA G1 in it is valid from .* only; download the present files",
        ),
        (
            {"app_certificate": pem(issued("App", APPLICATION, issuer="App", signed_by=APPLICATION))},
            "app_certificate: App, which alipay_certificate and alipay_root_certificate know nothing of",
        ),
        (
            {"app_certificate": pem(issued("App", APPLICATION, issuer="Stranger", org="Elsewhere"))},
            "app_certificate: Stranger, which alipay_certificate and alipay_root_certificate know nothing of",
        ),
        (
            {"app_certificate": pem(issued("App", APPLICATION, signed_by=rsa_key("forger")))},
            "app_certificate: it does not lead to alipay_root_certificate, another Test Root RSA G1 than the one",
        ),
        (
            {"app_certificate": pem(issued(f"{SELLER_ID}-2021000000000009", APPLICATION))},
            "app_certificate: this is the certificate of application 2021000000000009, and app_id is another",
        ),
        (
            {"alipay_certificate": pem(issued("2088000000000002-2021000000000002", rsa_key("other shop")))},
            "alipay_certificate: this is the certificate of an application, 2088000000000002-2021000000000002",
        ),
        (
            {
                "alipay_certificate": pem(issued("Alipay Network-2088000000000002", ALIPAY)),
                "app_certificate": pem(issued(f"{SELLER_ID}-{APP_ID}", APPLICATION)),
            },
            "alipay_certificate: this is Alipay's certificate for merchant 2088000000000002, and app_certificate is of",
        ),
        (
            {"app_certificate": pem(issued("App", APPLICATION, from_days=-9, to_days=-2))},
            r"app_certificate: it expired on \d{4}-\d\d-\d\d; apply for a new one in the provider's console",
        ),
        (
            {"alipay_certificate": pem(issued("Alipay", ALIPAY, from_days=-9, to_days=-2))},
            "alipay_certificate: it expired on",
        ),
        ({"app_certificate": pem(issued("App", APPLICATION, from_days=2))}, "app_certificate: it is valid from"),
    ],
)
def test_a_mistake_in_certificate_mode_names_its_setting(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        certified(**changes)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing.pem"
    message = f"private_key_file: the file can not be read: No such file or directory: {path}; correct the path"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        settings(private_key="", private_key_file=str(path))


def test_a_byte_order_mark_before_a_key_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(b"\xef\xbb\xbf" + published_keys.APPLICATION_KEY.encode())
    assert settings(private_key="", private_key_file=str(path))
    assert settings(private_key="\ufeff" + published_keys.APPLICATION_KEY)


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


def test_all_mistakes_of_certificate_mode_are_named_at_once() -> None:
    old = {"from_days": -9, "to_days": -2}
    with pytest.raises(SettingsInvalid) as refused:
        certified(
            app_certificate=pem(issued("App", APPLICATION, **old)),
            alipay_certificate=pem(issued("Alipay", ALIPAY, **old)),
            alipay_root_certificate=OURS,
        )
    assert [mistake.split(":")[0] for mistake in refused.value.mistakes] == list(CERTIFICATES)


def test_a_value_of_a_wrong_type_keeps_no_other_from_being_named() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings(app_id=1, timeout_s="15", cancel_voids_unscanned="yes")
    assert len(refused.value.mistakes) == 3


def test_a_setting_given_by_a_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "aes").write_text("AAEC")
    with pytest.raises(ValueError, match=r"^aes_key_file: an AES key has"):
        settings(aes_key_file=str(tmp_path / "aes"))


def test_a_root_file_with_members_of_other_kinds_and_times_is_right_when_one_chain_holds() -> None:
    bundle = ELLIPTIC_ROOT + EXPIRED_ROOT + ROOT
    assert identity_of(certified(alipay_root_certificate=bundle)).certificates is not None


def test_a_chain_over_an_authority_in_alipays_file_holds_for_both_certificates() -> None:
    whole = pem(issued("Alipay", ALIPAY, issuer="Middle", signed_by=rsa_key("middle"))) + MIDDLE
    app = pem(issued("App", APPLICATION, issuer="Middle", signed_by=rsa_key("middle")))
    assert identity_of(certified(alipay_certificate=whole, app_certificate=app)).certificates is not None


def test_an_authority_of_the_roots_organization_that_alipay_does_not_hand_out_may_have_issued_the_applications() -> (
    None
):
    app = pem(issued("App", APPLICATION, issuer="Class 1", signed_by=rsa_key("class 1")))
    assert certified(app_certificate=app)
    with pytest.raises(ValueError, match="app_certificate: Class 1, which"):
        certified(app_certificate=app, gateway="http://127.0.0.1:8090/gateway.do")


def test_alipays_sandbox_hands_out_no_whole_chain_and_is_doubted_only() -> None:
    sandbox = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
    theirs = pem(issued("Alipay", ALIPAY, issuer="Class 2 test", signed_by=rsa_key("class 2")))
    made = certified(alipay_certificate=theirs, gateway=sandbox)
    [doubt] = [doubt for doubt in made.doubts("shop") if "notify_url" not in doubt]
    assert doubt.startswith("alipay_root_certificate: Class 2 test is in no file")
    with pytest.raises(ValueError, match="alipay_root_certificate: alipay_certificate does not lead to any root"):
        certified(alipay_certificate=theirs)


def test_a_host_that_only_ends_like_the_sandboxs_is_none() -> None:
    theirs = pem(issued("Alipay", ALIPAY, issuer="Class 2 test", signed_by=rsa_key("class 2")))
    with pytest.raises(ValueError, match="does not lead to any root"):
        certified(alipay_certificate=theirs, gateway="https://notalipaydev.com/gateway.do")


@pytest.mark.parametrize(
    ("notify_url", "gateway", "doubts"),
    [
        ("https://shop.example.com/notifications/alipay/shop", GATEWAY, 0),
        ("https://shop.example.com/pay/notifications/alipay/shop/", GATEWAY, 0),
        ("https://shop.example.com/notifications/alipay/another", GATEWAY, 1),
        ("https://shop.example.com/notifications/wechatpay/shop", GATEWAY, 1),
        ("http://127.0.0.1:7480/notifications/alipay/shop", GATEWAY, 1),
        ("https://localhost/alipay", GATEWAY, 2),
        ("http://127.0.0.1:7480/notifications/alipay/shop", "http://127.0.0.1:7491/gateway.do", 0),
    ],
)
def test_an_address_at_which_notifications_may_not_arrive_is_doubted(
    notify_url: str, gateway: str, doubts: int
) -> None:
    found = settings(notify_url=notify_url, gateway=gateway).doubts("shop")
    assert len(found) == doubts
    assert all(doubt.startswith("notify_url: ") for doubt in found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe\x00", "the file is no text"),
        (b"A" * 70_000, "the file is larger than"),
        (public_pem(APPLICATION).encode(), "this is a public key"),
    ],
)
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^private_key_file: {message}"):
        settings(private_key="", private_key_file=str(path))


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
