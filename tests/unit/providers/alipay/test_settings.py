"""A mistake in an account's keys, certificates or addresses is named before the server starts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.providers.alipay import AlipaySettings, build
from tollbridge_server.providers.alipay.certificates import serial_number
from tollbridge_server.providers.alipay.settings import GATEWAY, identity_of
from tollbridge_server.providers.rsa_keys import public_text_of

from tests.unit.providers.alipay import published_keys
from tests.unit.providers.alipay.gateway import APP_ID, NOTIFY_URL, SELLER_ID
from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION, Key, name_of, pem, public_pem, rsa_key

TODAY = datetime.now(UTC)


def issued(subject: str, key: Key, *, from_days: int = -1, to_days: int = 365, serial: int = 5) -> x509.Certificate:
    """Return a certificate of the test's root that is valid around the present time."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(name_of("Test Root RSA G1"))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(TODAY + timedelta(days=from_days))
        .not_valid_after(TODAY + timedelta(days=to_days))
    )
    return builder.sign(rsa_key("root"), SHA256())


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
        ({"seller_id": "1088000000000001"}, "seller_id: write the merchant's PID"),
        ({"qr_product": "qr code"}, "qr_product:"),
        ({"preauth_product": "pre auth"}, "preauth_product:"),
        ({"gateway": "http://openapi.alipay.com/gateway.do"}, "gateway: http://openapi.alipay.com would send"),
        ({"gateway": "https://openapi.alipay.com/gateway.do?x=1"}, "gateway: write a URL without query"),
        ({"gateway": "openapi.alipay.com"}, "gateway: this is no origin"),
        ({"gateway": "https://[::1/gateway.do"}, "gateway: "),
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
        (
            {"app_certificate": pem(issued("App", APPLICATION, from_days=-9, to_days=-2))},
            "app_certificate: it expired on",
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
    with pytest.raises(ValueError, match=r"^private_key_file: the file can not be read: No such file"):
        settings(private_key="", private_key_file=str(tmp_path / "missing.pem"))


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
