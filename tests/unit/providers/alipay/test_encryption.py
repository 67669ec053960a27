"""Encrypted content is the published example's, and text of another key is refused."""

from __future__ import annotations

import hashlib

import pytest
from tollbridge_server.providers.alipay.encryption import CiphertextInvalid, decrypt, encrypt, read_aes_key
from tollbridge_server.providers.alipay.signing import open_envelope, request_text

KEY = read_aes_key("AAECAwQFBgcICQoLDA0ODw==")
REQUEST = "G7PYcjyAquhKW/Z/PmtCCz58ZQ1OY5+HBK/LhX5rsyY="
ANSWER = (
    "igATcyTqqgv1AFpBiHJyVf94zn4d80DWhHrnUhty+8Qm6AQcJie+RTYJLiOyEJ/zLr6E4HLr4s/VnjI6XVHcH/NvMuz1mpJ7hArNDp/tvAxDEHml"
    "D57C1gUo1UT+0CKH"
)


def test_the_ciphertext_is_the_examples() -> None:
    assert encrypt(KEY, b'{"out_trade_no":"T20260101001"}') == REQUEST


def test_the_text_of_an_encrypted_request_is_the_examples() -> None:
    parameters = {
        "app_id": "2021000000000001",
        "biz_content": REQUEST,
        "charset": "utf-8",
        "encrypt_type": "AES",
        "format": "JSON",
        "method": "alipay.trade.query",
        "sign_type": "RSA2",
        "timestamp": "2026-01-02 15:04:05",
        "version": "1.0",
    }
    digest = hashlib.sha256(request_text(parameters)).hexdigest()
    assert digest == "815cc319520e8366132806025fd649ba9e0f613705c80e3daf6243340d5888a1"


def test_an_encrypted_answer_is_signed_with_its_quotes() -> None:
    body = f'{{"alipay_trade_query_response":"{ANSWER}","sign":"s"}}'.encode()
    raw = open_envelope(body, method="alipay.trade.query").raw
    assert hashlib.sha256(raw).hexdigest() == "6cbb3646d5c378c755a1c0516153d8ca43d70b441971548e777f438ee682071a"


def test_the_answer_decrypts_to_the_examples_text() -> None:
    plaintext = b'{"code":"10000","msg":"Success","out_trade_no":"T20260101001","trade_status":"TRADE_SUCCESS"}'
    assert decrypt(KEY, ANSWER) == plaintext


@pytest.mark.parametrize("ciphertext", ["", "%%%", "AAAA", REQUEST[:-4], encrypt(b"another key 1234", b"{}")])
def test_text_that_this_key_did_not_encrypt_is_refused(ciphertext: str) -> None:
    with pytest.raises(CiphertextInvalid):
        decrypt(KEY, ciphertext)


@pytest.mark.parametrize("text", ["", "no base64!", "AAEC"])
def test_a_wrong_aes_key_is_named_by_its_setting(text: str) -> None:
    with pytest.raises(ValueError, match="aes_key"):
        read_aes_key(text)
