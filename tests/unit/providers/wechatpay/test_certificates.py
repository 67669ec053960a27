"""The APIv3 key alone makes a list of certificates WeChat Pay's word, and the right key is chosen at any time."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from tollbridge_server.providers.rsa_keys import public_text_of
from tollbridge_server.providers.wechatpay.certificates import (
    EXPIRY_RETRY_S,
    MAX_AGE_S,
    MAX_CERTIFICATES,
    CertificateInvalid,
    KeyRing,
    PlatformCertificate,
    read_list,
)

from tests.unit.providers.wechatpay.keys import (
    API_V3_KEY,
    NOW,
    NOW_S,
    PLATFORM,
    certificate,
    certificate_entry,
    certificate_list,
    pem,
    rsa_key,
    serial_of,
)

DAY_S = 24 * 3600
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026010200000000000001"
ENTRY = certificate_entry(certificate(PLATFORM, serial=7))


def held(
    serial: str, *, effective_s: float = NOW_S - DAY_S, expires_s: float = NOW_S + 900 * DAY_S
) -> PlatformCertificate:
    key = rsa_key(serial).public_key()
    return PlatformCertificate(serial=serial, key=key, effective_s=effective_s, expires_s=expires_s)


def sealed(**changes: object) -> Mapping[str, object]:
    part = ENTRY["encrypt_certificate"]
    assert isinstance(part, dict)
    return {**ENTRY, "encrypt_certificate": {**part, **changes}}


def elliptic_certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    made = certificate(PLATFORM, serial=7)
    builder = x509.CertificateBuilder(made.issuer, made.subject, key.public_key(), made.serial_number)
    return builder.not_valid_before(NOW).not_valid_after(made.not_valid_after_utc).sign(key, SHA256())


def test_a_list_is_opened_with_the_api_v3_key() -> None:
    old, new = certificate(PLATFORM, serial=7), certificate(rsa_key("new"), serial=0xAB, from_days=2)
    found = read_list(certificate_list(old, new), api_v3_key=API_V3_KEY)
    assert [one.serial for one in found] == [serial_of(7), serial_of(0xAB)]
    assert public_text_of(found[0].key) == public_text_of(PLATFORM)
    assert (found[0].effective_s, found[0].expires_s) == (NOW_S - DAY_S, NOW_S + 1800 * DAY_S)


def test_a_list_of_another_api_v3_key_is_refused_and_the_setting_is_named() -> None:
    with pytest.raises(CertificateInvalid, match="api_v3_key"):
        read_list(certificate_list(certificate(PLATFORM, serial=7)), api_v3_key=b"F" * 32)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({**ENTRY, "serial_no": serial_of(8)}, "another serial"),
        ({**ENTRY, "serial_no": 7}, "another serial"),
        (sealed(nonce="another12345"), "decrypted"),
        (sealed(associated_data="transaction"), "decrypted"),
        (sealed(ciphertext=17), "decrypted"),
        (certificate_entry(certificate(PLATFORM, serial=7), content=b"no certificate"), "can not be read"),
    ],
)
def test_a_doubtful_entry_spoils_the_list(entry: Mapping[str, object], word: str) -> None:
    with pytest.raises(CertificateInvalid, match=word):
        read_list(orjson.dumps({"data": [ENTRY, entry]}), api_v3_key=API_V3_KEY)


@pytest.mark.parametrize(
    "entry",
    [
        sealed(algorithm="AEAD_SM4_128_GCM"),
        certificate_entry(certificate(PLATFORM, serial=7), content=pem(elliptic_certificate())),
    ],
)
def test_a_certificate_of_another_kind_is_passed_over(entry: Mapping[str, object]) -> None:
    found = read_list(orjson.dumps({"data": [entry, ENTRY]}), api_v3_key=API_V3_KEY)
    assert [one.serial for one in found] == [serial_of(7)]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"data":{}}', orjson.dumps({"data": [ENTRY] * (MAX_CERTIFICATES + 1)})]
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(CertificateInvalid, match="no list"):
        read_list(body, api_v3_key=API_V3_KEY)


def test_a_key_is_found_by_the_serial_that_a_seal_names() -> None:
    ring = KeyRing(public_key=PLATFORM.public_key(), public_key_id=PUBLIC_KEY_ID)
    old, new = held("OLD"), held("NEW")
    ring.take([old, new], NOW_S)
    assert ring.key_of("OLD", NOW_S) is old.key
    assert ring.key_of("NEW", NOW_S) is new.key
    assert ring.key_of(PUBLIC_KEY_ID, NOW_S) is not None
    assert ring.key_of("PUB_KEY_ID_OTHER", NOW_S) is None
    assert ring.key_of("", NOW_S) is None


def test_no_serial_is_answered_by_a_ring_without_a_public_key() -> None:
    assert KeyRing().key_of("", NOW_S) is None


def test_an_expired_certificate_verifies_nothing() -> None:
    ring = KeyRing()
    ring.take([held("OLD", expires_s=NOW_S)], NOW_S - DAY_S)
    assert ring.key_of("OLD", NOW_S - 1) is not None
    assert ring.key_of("OLD", NOW_S) is None


def test_a_certificate_that_is_no_longer_in_the_list_verifies_nothing() -> None:
    ring = KeyRing()
    ring.take([held("OLD")], NOW_S)
    ring.take([held("NEW")], NOW_S)
    assert ring.key_of("OLD", NOW_S) is None


def test_data_is_encrypted_for_the_newest_certificate_that_is_effective() -> None:
    ring = KeyRing()
    ring.take(
        [held("OLD", effective_s=NOW_S - 9), held("NEW", effective_s=NOW_S), held("NEXT", effective_s=NOW_S + 1)], 0
    )
    assert [ring.sealing_key(now_s)[0] for now_s in (NOW_S - 1, NOW_S, NOW_S + 1)] == ["OLD", "NEW", "NEXT"]  # type: ignore[index]


def test_data_is_encrypted_for_the_public_key_where_there_is_one() -> None:
    ring = KeyRing(public_key=PLATFORM.public_key(), public_key_id=PUBLIC_KEY_ID)
    ring.take([held("NEW")], NOW_S)
    assert ring.sealing_key(NOW_S) == (PUBLIC_KEY_ID, PLATFORM.public_key())


def test_nothing_can_be_encrypted_without_a_key() -> None:
    assert KeyRing().sealing_key(NOW_S) is None


def test_a_public_key_needs_its_id() -> None:
    with pytest.raises(ValueError, match="public_key_id"):
        KeyRing(public_key=PLATFORM.public_key())


@pytest.mark.parametrize(
    ("age_s", "is_due"), [(0, False), (MAX_AGE_S - 1, False), (MAX_AGE_S, True), (-MAX_AGE_S, True)]
)
def test_certificates_are_fetched_every_twelve_hours(age_s: int, is_due: bool) -> None:
    ring = KeyRing()
    assert ring.is_due(NOW_S)
    ring.take([held("NEW")], NOW_S)
    assert ring.is_due(NOW_S + age_s) == is_due


def test_certificates_are_fetched_more_often_before_the_last_one_expires() -> None:
    ring = KeyRing()
    ring.take([held("OLD", expires_s=NOW_S + DAY_S - 60)], NOW_S)
    assert not ring.is_due(NOW_S + EXPIRY_RETRY_S - 1)
    assert ring.is_due(NOW_S + EXPIRY_RETRY_S)


def test_an_account_without_certificates_asks_again_after_twelve_hours_only() -> None:
    ring = KeyRing(public_key=PLATFORM.public_key(), public_key_id=PUBLIC_KEY_ID)
    ring.keep(NOW_S)
    assert not ring.is_due(NOW_S + MAX_AGE_S - 1)
    assert ring.is_due(NOW_S + MAX_AGE_S)
