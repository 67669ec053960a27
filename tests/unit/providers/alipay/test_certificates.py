"""Serial numbers are the published example's, and only Alipay's own certificate under a known root is trusted."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tollbridge_server.providers.alipay.certificates import (
    CertificateInvalid,
    ChainExpired,
    ChainOpen,
    TrustedCertificates,
    public_key_of,
    read_certificates,
    read_roots,
    require_chain,
    root_serial_number,
    roots_in,
    serial_number,
)
from tollbridge_server.providers.rsa_keys import public_text_of

from tests.unit.providers.alipay.keys import ALIPAY, NOW, certificate, pem, rsa_key

ROOT = certificate("Test Root RSA G1", rsa_key("root"), authority=True)
MIDDLE = certificate(
    "Middle", rsa_key("middle"), issuer="Test Root RSA G1", signed_by=rsa_key("root"), serial=2, authority=True
)
KNOWN = certificate("Alipay", ALIPAY, issuer="Middle", signed_by=rsa_key("middle"), serial=3)
TRUSTED = TrustedCertificates((KNOWN, MIDDLE), (ROOT,))


def reissued(
    subject: str = "Alipay", *, key: str = "", issuer: str = "Middle", signer: str = "middle", days: int = 365
) -> x509.Certificate:
    own = rsa_key(key) if key else ALIPAY
    return certificate(subject, own, issuer=issuer, signed_by=rsa_key(signer), serial=4, days=days)


def content(*certificates: x509.Certificate) -> str:
    return base64.b64encode(pem(*certificates).encode()).decode()


def test_the_number_of_the_application_certificate_is_the_examples() -> None:
    app = certificate(
        "App",
        rsa_key("app"),
        issuer="Test Limited Brand Intermediate CA R1",
        signed_by=rsa_key("middle"),
        serial=98765432109876543210,
    )
    assert serial_number(app) == "920e6cb8fed1c0078446b60a41136def"


def test_the_number_of_the_root_file_joins_its_rsa_certificates_in_order() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    bundle = read_certificates(
        "a comment\n"
        + pem(
            certificate("Test Root RSA G1", rsa_key("root"), serial=1),
            certificate("Test Root EC E1", elliptic, serial=7),
            certificate("Test Root RSA G2", rsa_key("root"), serial=34283457370986),
        ),
        setting="alipay_root_certificate",
    )
    assert root_serial_number(bundle) == "1db071a562dba574ac55818034b6f0ad_de406c9fb679348fdd6cf3a581fff645"


def test_a_root_file_without_rsa_is_refused() -> None:
    elliptic = certificate("Test Root EC E1", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(CertificateInvalid, match="alipay_root_certificate"):
        root_serial_number((elliptic,))


@pytest.mark.parametrize("text", ["", "MIIB", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_is_named(text: str) -> None:
    with pytest.raises(CertificateInvalid, match="app_certificate"):
        read_certificates(text, setting="app_certificate")


def test_a_certificate_without_an_rsa_key_is_named() -> None:
    elliptic = certificate("Alipay", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(CertificateInvalid, match="alipay_certificate"):
        public_key_of(elliptic, setting="alipay_certificate")


@pytest.mark.parametrize(
    "fresh",
    [
        pytest.param(reissued(), id="same name and key"),
        pytest.param(reissued(key="next"), id="same name, next key"),
        pytest.param(reissued("Alipay (renamed)"), id="same key, next name"),
    ],
)
def test_a_reissued_certificate_under_the_root_is_trusted(fresh: x509.Certificate) -> None:
    key = TRUSTED.key_of_reissued(content(fresh), number=serial_number(fresh), now=NOW)
    assert public_text_of(key) == fresh_key_text(fresh)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_download_may_be_wrapped_in_lines(end: str) -> None:
    fresh, text = reissued(), content(reissued())
    wrapped = "".join(text[at : at + 76] + end for at in range(0, len(text), 76))
    key = TRUSTED.key_of_reissued(wrapped, number=serial_number(fresh), now=NOW)
    assert public_text_of(key) == fresh_key_text(fresh)


def fresh_key_text(fresh: x509.Certificate) -> bytes:
    return public_text_of(public_key_of(fresh, setting="fresh"))


def test_the_chain_may_come_with_the_download() -> None:
    lonely = TrustedCertificates((KNOWN,), (ROOT,))
    fresh = reissued()
    assert lonely.key_of_reissued(content(fresh, MIDDLE), number=serial_number(fresh), now=NOW)


def test_a_merchants_certificate_of_the_same_authority_is_not_trusted() -> None:
    merchant = reissued("Some merchant", key="merchant")
    with pytest.raises(CertificateInvalid, match="not Alipay's"):
        TRUSTED.key_of_reissued(content(merchant), number=serial_number(merchant), now=NOW)


def test_a_chain_to_an_unknown_root_is_not_trusted() -> None:
    forged = reissued(key="forger", issuer="Test Root RSA G1", signer="forger")
    with pytest.raises(CertificateInvalid, match="does not lead"):
        TRUSTED.key_of_reissued(content(forged), number=serial_number(forged), now=NOW)


def test_a_certificate_that_is_no_authority_issues_nothing() -> None:
    leaf = certificate("Leaf", rsa_key("leaf"), issuer="Test Root RSA G1", signed_by=rsa_key("root"), serial=9)
    forged = reissued(key="forger", issuer="Leaf", signer="leaf")
    with pytest.raises(CertificateInvalid, match="does not lead"):
        TRUSTED.key_of_reissued(content(forged, leaf), number=serial_number(forged), now=NOW)


@pytest.mark.parametrize("may_sign", [True, False])
def test_an_authority_issues_only_what_its_key_may_sign(may_sign: bool) -> None:
    middle = certificate(
        "Middle 2",
        rsa_key("middle 2"),
        issuer="Test Root RSA G1",
        signed_by=rsa_key("root"),
        serial=9,
        authority=True,
        may_sign=may_sign,
    )
    new = reissued(issuer="Middle 2", signer="middle 2")
    try:
        TRUSTED.key_of_reissued(content(new, middle), number=serial_number(new), now=NOW)
    except CertificateInvalid:
        assert not may_sign
    else:
        assert may_sign


def with_null_parameters(elliptic: x509.Certificate) -> str:
    """Return a certificate as one in Alipay's root file: its ECDSA algorithm has parameters, against RFC 5758."""
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    der = elliptic.public_bytes(Encoding.DER)
    before, _, after = der.rpartition(algorithm)
    assert before[:2] == b"\x30\x82"
    length = (int.from_bytes(before[2:4]) + 2).to_bytes(2)
    raw = before[:2] + length + before[4:] + bytes.fromhex("300c06082a8648ce3d0403020500") + after
    return armoured(raw)


def armoured(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


def test_an_unreadable_member_of_another_kind_does_not_spoil_a_root_file() -> None:
    elliptic = certificate("Test Root EC E1", ec.generate_private_key(ec.SECP256R1()), serial=7)
    bundle = pem(ROOT) + with_null_parameters(elliptic)
    with pytest.raises(CertificateInvalid, match="can not be read"):
        read_certificates(bundle, setting="alipay_root_certificate")
    assert read_roots(bundle, setting="alipay_root_certificate") == (ROOT,)


def test_an_unreadable_rsa_member_spoils_a_root_file_since_its_number_would_be_missed() -> None:
    broken = armoured(ROOT.public_bytes(Encoding.DER)[:-5])
    with pytest.raises(CertificateInvalid, match="alipay_root_certificate: a certificate in it can not be read"):
        read_roots(pem(ROOT) + broken, setting="alipay_root_certificate")


EXPIRED_ROOT = certificate("Test Root RSA G1", rsa_key("root"), authority=True, days=0, serial=11)


@pytest.mark.parametrize("roots", [(ROOT, EXPIRED_ROOT), (EXPIRED_ROOT, ROOT)])
def test_of_a_root_that_was_renewed_the_present_one_counts(roots: tuple[x509.Certificate, ...]) -> None:
    require_chain(KNOWN, (MIDDLE,), roots, now=NOW)


def test_an_expired_root_ends_no_chain_and_is_named() -> None:
    with pytest.raises(ChainExpired) as refused:
        require_chain(KNOWN, (MIDDLE,), (EXPIRED_ROOT,), now=NOW)
    assert refused.value.member == EXPIRED_ROOT


def test_an_intermediate_that_is_not_at_hand_leaves_a_chain_open() -> None:
    with pytest.raises(ChainOpen, match="Middle is not at hand"):
        require_chain(KNOWN, (), (ROOT,), now=NOW)


def test_an_authority_that_is_no_root_ends_no_chain() -> None:
    with pytest.raises(ChainOpen):
        require_chain(KNOWN, (), (MIDDLE,), now=NOW)
    assert roots_in((MIDDLE, KNOWN, ROOT)) == (ROOT,)


def test_an_authority_of_the_same_name_with_another_key_is_no_issuer() -> None:
    impostor = certificate("Test Root RSA G1", rsa_key("impostor"), authority=True)
    with pytest.raises(CertificateInvalid, match="another Test Root RSA G1 than the one at hand has signed it"):
        require_chain(KNOWN, (MIDDLE,), (impostor,), now=NOW)


def test_a_ring_of_authorities_is_left() -> None:
    one = certificate("One", rsa_key("one"), issuer="Two", signed_by=rsa_key("two"), authority=True)
    two = certificate("Two", rsa_key("two"), issuer="One", signed_by=rsa_key("one"), authority=True)
    with pytest.raises(CertificateInvalid):
        require_chain(one, (one, two), (ROOT,), now=NOW)


def test_an_expired_certificate_is_not_trusted() -> None:
    fresh = reissued(days=2)
    with pytest.raises(CertificateInvalid, match="not valid now"):
        TRUSTED.key_of_reissued(content(fresh), number=serial_number(fresh), now=NOW + timedelta(days=3))


def test_another_certificate_than_the_one_asked_for_is_not_trusted() -> None:
    with pytest.raises(CertificateInvalid, match="another certificate"):
        TRUSTED.key_of_reissued(content(reissued()), number="0" * 32, now=NOW)


@pytest.mark.parametrize("text", ["", "no base64!", base64.b64encode(b"no certificate").decode()])
def test_a_download_without_a_certificate_is_refused(text: str) -> None:
    with pytest.raises(CertificateInvalid):
        TRUSTED.key_of_reissued(text, number="0" * 32, now=NOW)
