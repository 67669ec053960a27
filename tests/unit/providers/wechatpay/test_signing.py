"""The signed texts are those of the published examples, byte for byte, and doubtful headers are refused."""

from __future__ import annotations

import hashlib

import pytest
from tollbridge_server.providers.rsa_keys import is_signed, sign
from tollbridge_server.providers.wechatpay import signing
from tollbridge_server.providers.wechatpay.signing import (
    Authorization,
    AuthorizationInvalid,
    SchemeUnknown,
    Seal,
    SealInvalid,
    SealStale,
    read_authorization,
    read_seal,
)

from tests.unit.providers.wechatpay.keys import MERCHANT, PLATFORM

TIMESTAMP = "1767337445"
NONCE = "593BEC0C930BF1AFEB40B4A08C8FB242"
ORDER = (
    '{"appid":"wx0000000000000001","mchid":"1900000001","description":"测试商品","out_trade_no":"T20260101001",'
    '"notify_url":"https://shop.example.com/wechat/notify","amount":{"total":8888,"currency":"CNY"}}'
).encode()
ORDER_SIGNATURE = (
    "qFFO+5lboK7/s3NSGuAouLqyFTCZ024tN4v7W1bKnQ9axUiRRI5nBjo+c0n5GkXD+Nu1yuGwIAG+hmfaAI1QowCaLc5Ob2SlRhDKyOAYAuS6Rp2r"
    "LFZGtob7bgBtO+keV62lAEe50ODMZvbUZ6LHjol1dD2TDF8fM3kMMuBqEAmr687v7qj2TItPBxlvB1YcnzlyG5xd79OO43P2jH6qTnzaOU0IP9++"
    "I0IM6SIZuIZS4DYmtkC5ztQZy5F/P7XezLZxbuTrchgsoVNVeJcFTY9ps1KZItq/IxIWgLlCpUyZXWeVGEDy5+OcwoDIFGVUWmcQcQpb/jQuaRSZ"
    "YM3ntw=="
)
QUERY = "/v3/pay/transactions/out-trade-no/T20260101001?mchid=1900000001"
QUERY_SIGNATURE = (
    "Jl4QkRzsgIZ/Cq+FRGCEU8Pnw4oY0Ryk2BWEVtvC2kNcMFHStvyFZBLJMhxXAG/nxk/bbZcLYwTwHY2sbrjlwVZV+ebYEJIGX/3kPKkMv12YufbQ"
    "wAJfgWUdC2yIUu2MRqN0kZmXfaanmn0rNh40TrzUS4X1aWWcFaYF5CSa3Smp2T1E/D3IAmtXzXPvPPS6fN7Bj46u+OsDxRwMQi2qu2onaWnIoJjo"
    "HBh/gB05EncpdEddwITULeKyVWAtJFXmAcMnogpoInj83xfshMFnE8KCJoy2bccVkmighcKZTPCKDrf1jgJd6y9790rZsbALANtKO4E0KiCmA7bX"
    "auj/ng=="
)
ANSWER = b'{"code_url":"weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00"}'
ANSWER_SEAL = Seal(
    timestamp="1767337446",
    nonce="c5ac7061fccab6bf3e254dcf98995b8c",
    serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
    signature=(
        "KI/s6k6AGKKe3phM7cnyS+2hAVmw0f6WDhtkF+ZtgJVE2zb11MSTcR+1dUCU7PgMIQXdjT8RqJ3phIa7WR4Eif4Cq/GBMi6ZGnNH2v32AXCD"
        "rFkoRgvQppEhm8KaCTVIGGYII+Vu8mCU5wudSMdJON+8CqgN3ytdM3/3t5ssB4gBh1s/LxrU5xB0lnS+DAaRhgTH6FjXtZBm1v8d12dNKt8B"
        "TAXlJzUU0dAwmQ934gosiWhV0ThTN7JrpPAsdD0KJf/GRcgt1zDB1SnXZS2Hl7HnMDxkN9WQBi50jvIumLk+mnlpSLuperB83mAAAScwS9Nh"
        "kDyE6yQ2u2WmBMtt/A=="
    ),
)
NOTIFICATION = (
    '{"id":"EV-2026010215043200001","create_time":"2026-01-02T15:04:32+08:00","resource_type":"encrypt-resource",'
    '"event_type":"TRANSACTION.SUCCESS","summary":"支付成功","resource":{"original_type":"transaction",'
    '"algorithm":"AEAD_AES_256_GCM","ciphertext":"bz1oFyUAiVgVNMtz8zHtRlnaCAc/7JM=",'
    '"associated_data":"transaction","nonce":"fdasflkja484"}}'
).encode()


def digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def order_text() -> bytes:
    return signing.request_text("POST", "/v3/pay/transactions/native", timestamp=TIMESTAMP, nonce=NONCE, body=ORDER)


def test_the_text_of_an_order_is_the_examples() -> None:
    text = order_text()
    assert digest(text) == "7fd1edad1572d02629b0f5c2ea97bbc7e061cd991a46c28ce34a74ae88d1700b"
    assert len(text) == 283


def test_the_signature_of_an_order_is_the_examples() -> None:
    assert sign(MERCHANT, order_text()) == ORDER_SIGNATURE


def test_the_text_of_a_query_ends_with_an_empty_line() -> None:
    text = signing.request_text("GET", QUERY, timestamp=TIMESTAMP, nonce=NONCE, body=b"")
    assert digest(text) == "60d5490964bc7ea8c7da710f16075660f94475d0a384eede6aa4470a02d85e16"
    assert sign(MERCHANT, text) == QUERY_SIGNATURE


@pytest.mark.parametrize(
    ("package", "sha256", "beginning"),
    [
        (
            "prepay_id=wx201410272009395522657a690389285100",
            "fcb0e7bd028afd39cd8390afb4e7dd1c2266bdc8f3fd8c8a47f69e25b202da87",
            "O/nrA1PM/C9/xSQpXiiy7gi3L5VDXUUj",
        ),
        (
            "wx201410272009395522657a690389285100",
            "dcae62eeb22f34fcf8ad148f0618a6aed733a838aec18ff3a7ddd86a035c65b6",
            "KwVqQDhomFq4fBJGTW3zn0z0/LS5vMnr",
        ),
    ],
)
def test_what_a_payers_device_gets_is_signed_as_in_the_example(package: str, sha256: str, beginning: str) -> None:
    text = signing.invocation_text("wx0000000000000001", timestamp=TIMESTAMP, nonce=NONCE, package=package)
    assert digest(text) == sha256
    assert sign(MERCHANT, text).startswith(beginning)


def test_the_answer_verifies_as_in_the_example() -> None:
    text = ANSWER_SEAL.text(ANSWER)
    assert digest(text) == "8ad05a5295a22085a6d418bad9ea43363b551cdc9a984e5cc73e8e35c70caeb5"
    assert is_signed(PLATFORM.public_key(), text, ANSWER_SEAL.signature)


def test_the_text_of_an_answer_without_content_is_the_examples() -> None:
    text = ANSWER_SEAL.text(b"")
    assert digest(text) == "83e7f7b1916df4d6017222e33d063c49e2eb6734be37cfccb3a15886057fa1a4"


def test_the_notification_is_signed_as_in_the_example() -> None:
    text = signing.answer_text("1767337472", "d824f2e086d3c1df967785d13fcd22ef", NOTIFICATION)
    assert digest(text) == "497f71d9d321e436760ee8d2cb865ff896b423de113401ae9bb37d9936ec912d"
    assert sign(PLATFORM, text).startswith("T2VIvnKU1EnDtf4AeN3BXobm0X21ci4A")


AUTHORIZATION = Authorization(
    mchid="1900000001", serial_no="AB12", timestamp=TIMESTAMP, nonce=NONCE, signature=ORDER_SIGNATURE
)


def test_an_authorization_is_read_as_it_was_written() -> None:
    header = AUTHORIZATION.header()
    assert header.startswith('WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="')
    assert read_authorization(header) == AUTHORIZATION


def test_an_authorizations_attributes_come_in_any_order() -> None:
    scheme, _, rest = AUTHORIZATION.header().partition(" ")
    assert read_authorization(f"{scheme} {','.join(reversed(rest.split(',')))}") == AUTHORIZATION


def test_another_scheme_is_told_apart() -> None:
    with pytest.raises(SchemeUnknown):
        read_authorization(AUTHORIZATION.header().replace("RSA2048", "SM2"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('mchid="1900000001",', ""),
        ('mchid="1900000001"', 'mchid=""'),
        ('mchid="1900000001"', "mchid=1900000001"),
        ('mchid="1900000001"', 'mchid="1900000001",mchid="1900000002"'),
        ('serial_no="', 'other="x",serial_no="'),
        (TIMESTAMP, "-1"),
        (TIMESTAMP, "1767337445.5"),
        (TIMESTAMP, "١٧٦٧"),
    ],
)
def test_an_authorization_of_another_form_is_refused(old: str, new: str) -> None:
    with pytest.raises(AuthorizationInvalid):
        read_authorization(AUTHORIZATION.header().replace(old, new))


def test_a_seal_is_read_from_its_own_headers() -> None:
    assert read_seal(lower(ANSWER_SEAL.headers())) == ANSWER_SEAL


@pytest.mark.parametrize(
    "name", [signing.TIMESTAMP_HEADER, signing.NONCE_HEADER, signing.SERIAL_HEADER, signing.SIGNATURE_HEADER]
)
def test_a_missing_header_is_named(name: str) -> None:
    headers = ANSWER_SEAL.headers()
    del headers[name]
    assert signing.has_seal(lower(headers))
    with pytest.raises(SealInvalid, match=name):
        read_seal(lower(headers))


def test_headers_without_any_part_of_a_seal_have_none() -> None:
    assert not signing.has_seal({"content-type": "application/json"})


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        (signing.SIGNATURE_HEADER, "WECHATPAY/SIGNTEST/" + ANSWER_SEAL.signature, "probe"),
        (signing.TYPE_HEADER, "WECHATPAY2-SM2-WITH-SM3", "another type"),
        (signing.TIMESTAMP_HEADER, "soon", "seconds"),
        (signing.TIMESTAMP_HEADER, "9" * 400, "seconds"),
        (signing.NONCE_HEADER, "\udcff", "ASCII"),
    ],
)
def test_a_doubtful_seal_is_refused(name: str, value: str, word: str) -> None:
    with pytest.raises(SealInvalid, match=word):
        read_seal(lower({**ANSWER_SEAL.headers(), name: value}))


@pytest.mark.parametrize("skew_s", [-299, 0, 299])
def test_a_seal_within_five_minutes_is_fresh(skew_s: int) -> None:
    ANSWER_SEAL.require_fresh(1767337446 + skew_s)


@pytest.mark.parametrize(("now_s", "word"), [(1767337446 + 300, "300 s behind"), (1767337446 - 301, "301 s ahead")])
def test_a_seal_from_another_time_is_stale_and_the_clock_is_named(now_s: int, word: str) -> None:
    with pytest.raises(SealStale, match=f"{word}.*clock may be wrong"):
        ANSWER_SEAL.require_fresh(now_s)
