"""Keys are read in every form that consoles hand out, and every wrong one is named with its setting."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tollbridge_server.providers.rsa_keys import (
    KeyInvalid,
    Signer,
    is_signed,
    public_text_of,
    read_private_key,
    read_public_key,
    sign,
)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private(form: PrivateFormat, encoding: Encoding = Encoding.PEM) -> bytes:
    return KEY.private_bytes(encoding, form, NoEncryption())


def _public(form: PublicFormat, encoding: Encoding = Encoding.PEM) -> bytes:
    return KEY.public_key().public_bytes(encoding, form)


PRIVATE_FORMS = {
    "PKCS#8 PEM": _private(PrivateFormat.PKCS8).decode(),
    "PKCS#1 PEM": _private(PrivateFormat.TraditionalOpenSSL).decode(),
    "PKCS#8 base64": base64.b64encode(_private(PrivateFormat.PKCS8, Encoding.DER)).decode(),
    "PKCS#1 base64": base64.b64encode(_private(PrivateFormat.TraditionalOpenSSL, Encoding.DER)).decode(),
    "base64 in lines": base64.encodebytes(_private(PrivateFormat.PKCS8, Encoding.DER)).decode(),
    "PKCS#8 under the name of PKCS#1": _private(PrivateFormat.PKCS8).decode().replace("PRIVATE KEY", "RSA PRIVATE KEY"),
    "PKCS#1 under the name of PKCS#8": _private(PrivateFormat.TraditionalOpenSSL)
    .decode()
    .replace("RSA PRIVATE KEY", "PRIVATE KEY"),
}
PUBLIC_FORMS = {
    "SPKI PEM": _public(PublicFormat.SubjectPublicKeyInfo).decode(),
    "PKCS#1 PEM": _public(PublicFormat.PKCS1).decode(),
    "SPKI under the name of PKCS#1": _public(PublicFormat.SubjectPublicKeyInfo)
    .decode()
    .replace("PUBLIC KEY", "RSA PUBLIC KEY"),
    "SPKI base64": base64.b64encode(_public(PublicFormat.SubjectPublicKeyInfo, Encoding.DER)).decode(),
}


@pytest.mark.parametrize("form", PRIVATE_FORMS)
def test_a_private_key_is_read_in_every_form(form: str) -> None:
    assert public_text_of(read_private_key(PRIVATE_FORMS[form], setting="k")) == public_text_of(KEY)


@pytest.mark.parametrize("form", PUBLIC_FORMS)
def test_a_public_key_is_read_in_every_form(form: str) -> None:
    assert public_text_of(read_public_key(PUBLIC_FORMS[form], setting="k")) == public_text_of(KEY)


def _weak() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _encrypted(form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return KEY.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret")).decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the key is missing"),
        ("not a key!", "neither PEM nor base64"),
        (base64.b64encode(b"some bytes").decode(), "no RSA private key"),
        (PUBLIC_FORMS["SPKI PEM"], "this is a public key; the private key belongs here"),
        (PUBLIC_FORMS["SPKI base64"], "this is a public key; the private key belongs here"),
        (_weak(), "1024 bits"),
        (_elliptic(), "no RSA key"),
        (_encrypted(), "without a passphrase"),
        (_encrypted(PrivateFormat.TraditionalOpenSSL), "without a passphrase"),
        (PRIVATE_FORMS["PKCS#8 PEM"][:900], "begins but does not end; copy all of it"),
        (PRIVATE_FORMS["PKCS#8 PEM"][900:], "ends but does not begin; copy all of it"),
    ],
)
def test_a_wrong_private_key_is_named_with_its_setting(text: str, says: str) -> None:
    with pytest.raises(KeyInvalid, match=says) as refused:
        read_private_key(text, setting="app_private_key")
    assert str(refused.value).startswith("app_private_key: ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PRIVATE_FORMS["PKCS#8 PEM"], "this is a private key"),
        (PRIVATE_FORMS["PKCS#1 base64"], "this is a private key"),
        (base64.b64encode(b"some bytes").decode(), "no RSA public key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no RSA public key"),
        (PUBLIC_FORMS["SPKI PEM"][:300], "begins but does not end"),
    ],
)
def test_a_wrong_public_key_is_named_with_its_setting(text: str, says: str) -> None:
    with pytest.raises(KeyInvalid, match=says) as refused:
        read_public_key(text, setting="alipay_public_key")
    assert str(refused.value).startswith("alipay_public_key: ")


@pytest.mark.parametrize("text", [*PRIVATE_FORMS.values(), _encrypted(), _weak()])
def test_no_message_shows_a_part_of_the_key(text: str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        read_public_key(text, setting="k")
    assert not any(text[at : at + 12] in str(refused.value) for at in range(40, len(text) - 12))


async def test_a_signature_is_verified_with_the_right_key_and_bytes_only() -> None:
    signer = Signer(KEY)
    signature = await signer.sign(b"message")
    signer.close()
    assert signature == sign(KEY, b"message")
    assert is_signed(KEY.public_key(), b"message", signature)
    assert not is_signed(KEY.public_key(), b"massage", signature)
    assert not is_signed(OTHER.public_key(), b"message", signature)


@pytest.mark.parametrize("signature", ["", "!", "AAAA", "é"])
def test_what_is_no_signature_verifies_nothing(signature: str) -> None:
    assert not is_signed(KEY.public_key(), b"message", signature)
