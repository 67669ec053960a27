"""Certificates that do not belong together, or not to this application, are named before the server starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from tollbridge_server.providers.alipay import AlipaySettings
from tollbridge_server.providers.alipay.certificates import serial_number
from tollbridge_server.providers.alipay.settings import identity_of
from tollbridge_server.providers.rsa_keys import public_text_of
from tollbridge_server.providers.settings_checks import SettingsInvalid

from tests.unit.providers.alipay import published_keys
from tests.unit.providers.alipay.accounts import settings
from tests.unit.providers.alipay.gateway import APP_ID, SELLER_ID
from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION, Key, name_of, pem, public_pem, rsa_key

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


def certified(**changes: Any) -> AlipaySettings:
    return settings(**{"alipay_public_key": "", **CERTIFICATES, **changes})


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


def test_all_mistakes_of_certificate_mode_are_named_at_once() -> None:
    old = {"from_days": -9, "to_days": -2}
    with pytest.raises(SettingsInvalid) as refused:
        certified(
            app_certificate=pem(issued("App", APPLICATION, **old)),
            alipay_certificate=pem(issued("Alipay", ALIPAY, **old)),
            alipay_root_certificate=OURS,
        )
    assert [mistake.split(":")[0] for mistake in refused.value.mistakes] == list(CERTIFICATES)


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
