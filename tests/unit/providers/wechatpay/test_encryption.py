"""Encrypted parts are the published example's, and text of another key, nonce or place is refused."""

from __future__ import annotations

import pytest
from tollbridge_server.providers.wechatpay.encryption import (
    CiphertextInvalid,
    read_api_v3_key,
    seal,
    seal_for,
    unseal,
    unseal_with,
)

from tests.unit.providers.wechatpay.keys import API_V3_KEY, MERCHANT, PLATFORM

CIPHERTEXT = "bz1oFyUAiVgVNMtz8zHtRlnaCAc/7JM="
NONCE = "fdasflkja484"


def test_the_ciphertext_is_the_examples() -> None:
    assert seal(API_V3_KEY, b'{"a":1}', nonce=NONCE, associated_data="transaction") == CIPHERTEXT


def test_the_examples_ciphertext_is_decrypted() -> None:
    assert unseal(API_V3_KEY, CIPHERTEXT, nonce=NONCE, associated_data="transaction") == b'{"a":1}'


def test_associated_data_may_be_empty() -> None:
    ciphertext = seal(API_V3_KEY, b"{}", nonce=NONCE, associated_data="")
    assert unseal(API_V3_KEY, ciphertext, nonce=NONCE, associated_data="") == b"{}"


@pytest.mark.parametrize(
    ("key", "ciphertext", "nonce", "associated_data"),
    [
        (b"F" * 32, CIPHERTEXT, NONCE, "transaction"),
        (API_V3_KEY, CIPHERTEXT, "fdasflkja485", "transaction"),
        (API_V3_KEY, CIPHERTEXT, "", "transaction"),
        (API_V3_KEY, CIPHERTEXT, "x" * 129, "transaction"),
        (API_V3_KEY, CIPHERTEXT, "\udcff" * 12, "transaction"),
        (API_V3_KEY, CIPHERTEXT, NONCE, "refund"),
        (API_V3_KEY, CIPHERTEXT, NONCE, ""),
        (API_V3_KEY, "cz1oFyUAiVgVNMtz8zHtRlnaCAc/7JM=", NONCE, "transaction"),
        (API_V3_KEY, CIPHERTEXT[:-4], NONCE, "transaction"),
        (API_V3_KEY, "%%%", NONCE, "transaction"),
        (API_V3_KEY, "", NONCE, "transaction"),
    ],
)
def test_what_was_not_sealed_so_is_refused(key: bytes, ciphertext: str, nonce: str, associated_data: str) -> None:
    with pytest.raises(CiphertextInvalid):
        unseal(key, ciphertext, nonce=nonce, associated_data=associated_data)


def test_personal_data_is_read_by_the_owner_of_the_key_alone() -> None:
    ciphertext = seal_for(PLATFORM.public_key(), "张三")
    assert unseal_with(PLATFORM, ciphertext) == "张三"
    with pytest.raises(CiphertextInvalid):
        unseal_with(MERCHANT, ciphertext)


def test_personal_data_encrypts_to_something_else_each_time() -> None:
    assert seal_for(PLATFORM.public_key(), "张三") != seal_for(PLATFORM.public_key(), "张三")


def test_personal_data_of_214_bytes_is_the_longest() -> None:
    assert unseal_with(PLATFORM, seal_for(PLATFORM.public_key(), "x" * 214)) == "x" * 214
    with pytest.raises(ValueError, match="214 bytes"):
        seal_for(PLATFORM.public_key(), "x" * 215)


@pytest.mark.parametrize("ciphertext", ["", "%%%", "AAAA"])
def test_personal_data_that_is_no_ciphertext_is_refused(ciphertext: str) -> None:
    with pytest.raises(CiphertextInvalid):
        unseal_with(PLATFORM, ciphertext)


def test_the_api_v3_key_is_its_32_characters() -> None:
    assert read_api_v3_key(API_V3_KEY.decode()) == API_V3_KEY


@pytest.mark.parametrize("text", ["", "short", "x" * 31, "x" * 33, "x" * 31 + "é", "x" * 32 + "\n"])
def test_a_wrong_api_v3_key_is_named_by_its_setting(text: str) -> None:
    with pytest.raises(ValueError, match="api_v3_key"):
        read_api_v3_key(text)
