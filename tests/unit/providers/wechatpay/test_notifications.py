"""A notification counts when WeChat Pay signed and encrypted it, just now, for this merchant and this app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from tollbridge_server.domain.evidence import EvidenceSource, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import InboundNotification, Notification, NotificationRefused
from tollbridge_server.providers.wechatpay import notifications, signing
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.encryption import seal
from tollbridge_server.providers.wechatpay.merchant import Merchant

from tests.unit.providers.wechatpay.keys import API_V3_KEY, NOW_S, certificate, certificate_list, rsa_key, serial_of
from tests.unit.providers.wechatpay.platform import (
    APP_ID,
    CERTIFICATE,
    CERTIFICATES,
    MCHID,
    PUBLIC_KEY_ID,
    Reply,
    seal_of,
    serving_client,
)

MERCHANT = Merchant(MCHID, APP_ID, "https://shop.example.com/wechat/notify", frozenset({"wx0000000000000002"}))
NEW_KEY = rsa_key("new")
NEW_SERIAL = serial_of(8)
NEW_LISTED = Reply(certificate_list(CERTIFICATE, certificate(NEW_KEY, serial=8)))
PAID = {
    "mchid": MCHID,
    "appid": APP_ID,
    "out_trade_no": "charge",
    "transaction_id": "4200000000202601020000000001",
    "trade_type": "NATIVE",
    "trade_state": "SUCCESS",
    "success_time": "2026-01-02T15:04:31+08:00",
    "amount": {"total": 8888, "payer_total": 8000, "currency": "CNY", "payer_currency": "CNY"},
}
REFUNDED = {
    "mchid": MCHID,
    "out_trade_no": "charge",
    "transaction_id": "4200000000202601020000000001",
    "out_refund_no": "refund",
    "refund_id": "50000000002026010200000000001",
    "refund_status": "SUCCESS",
    "success_time": "2026-01-02T15:04:31+08:00",
    "amount": {"total": 8888, "refund": 88, "payer_total": 8000, "payer_refund": 79},
}


def posted(
    content: Mapping[str, Any],
    kind: str = "TRANSACTION.SUCCESS",
    *,
    event_id: str = "EV-2026010215043200001",
    associated_data: str = "transaction",
    key: bytes = API_V3_KEY,
) -> bytes:
    nonce = "fdasflkja484"
    ciphertext = seal(key, orjson.dumps(content), nonce=nonce, associated_data=associated_data)
    resource = {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": ciphertext,
        "associated_data": associated_data,
        "nonce": nonce,
    }
    event = {"id": event_id, "event_type": kind, "resource_type": "encrypt-resource", "resource": resource}
    return orjson.dumps(event)


def inbound(body: bytes, headers: Mapping[str, str] | None = None, *, at_s: int = NOW_S) -> InboundNotification:
    carried = seal_of(body) if headers is None else headers
    return InboundNotification(
        body=body,
        headers={name.lower(): value for name, value in carried.items() if value},
        query="",
        received_at_us=at_s * 1_000_000,
    )


def read(client: Client, given: InboundNotification) -> tuple[Notification, ...]:
    return notifications.read(given, client=client, merchant=MERCHANT)


async def read_warm(given: InboundNotification, *, public_key: bool = False) -> tuple[Notification, ...]:
    async with serving_client(public_key=public_key) as (_, client):
        await client.keys.warm()
        return read(client, given)


async def test_a_payment_is_told() -> None:
    (found,) = await read_warm(inbound(posted(PAID)))
    assert (found.event_id, found.request_reference) == ("EV-2026010215043200001", "charge")
    assert (found.evidence.outcome, found.evidence.source) == (Outcome.SUCCEEDED, EvidenceSource.NOTIFICATION)
    assert found.evidence.provider_reference == PAID["transaction_id"]
    assert found.kinds == {OperationKind.SALE}


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        ("REFUND.SUCCESS", "SUCCESS", Outcome.SUCCEEDED),
        ("REFUND.CLOSED", "CLOSED", Outcome.DECLINED),
        ("REFUND.ABNORMAL", "ABNORMAL", Outcome.PENDING),
    ],
)
async def test_the_news_of_a_refund_is_told_of_the_refund(kind: str, status: str, outcome: Outcome) -> None:
    (found,) = await read_warm(inbound(posted({**REFUNDED, "refund_status": status}, kind, associated_data="refund")))
    assert (found.request_reference, found.evidence.outcome) == ("refund", outcome)
    assert found.kinds == {OperationKind.REFUND}
    assert found.evidence.needs_person is (status == "ABNORMAL")


async def test_a_payment_of_another_app_of_the_merchant_is_told() -> None:
    (found,) = await read_warm(inbound(posted({**PAID, "appid": "wx0000000000000002"})))
    assert found.request_reference == "charge"


async def test_a_repeated_notification_has_the_same_event_id() -> None:
    later = seal_of(posted(PAID), at_s=NOW_S + 15)
    first = await read_warm(inbound(posted(PAID)))
    assert [each.event_id for each in await read_warm(inbound(posted(PAID), later))] == [first[0].event_id]


async def test_a_long_event_id_is_shortened_and_stays_different() -> None:
    ids = [(await read_warm(inbound(posted(PAID, event_id="E" * 500 + end))))[0].event_id for end in ("a", "b")]
    assert [len(each) for each in ids] == [64, 64]
    assert ids[0] != ids[1]


async def test_associated_data_may_be_empty() -> None:
    assert len(await read_warm(inbound(posted(PAID, associated_data="")))) == 1


async def test_another_kind_of_notification_is_accepted_and_says_nothing() -> None:
    assert await read_warm(inbound(posted(PAID, "MERCHANT_TRANSFER.BILL.FINISHED"))) == ()


BODY = posted(PAID)


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, "missing"),
        ({**seal_of(BODY), signing.SIGNATURE_HEADER: ""}, "missing"),
        ({**seal_of(BODY), signing.SERIAL_HEADER: ""}, "missing"),
        (seal_of(BODY, key=rsa_key("forger")), "wrong signature"),
        (seal_of(BODY + b" "), "wrong signature"),
        ({**seal_of(BODY), signing.NONCE_HEADER: "another"}, "wrong signature"),
        ({**seal_of(BODY), signing.SIGNATURE_HEADER: signing.PROBE_PREFIX + "AAAA"}, "probe"),
        (seal_of(BODY, at_s=NOW_S - 300), "clock may be wrong"),
        (seal_of(BODY, at_s=NOW_S + 300), "clock may be wrong"),
        (seal_of(BODY, serial=serial_of(99)), "no key is known"),
    ],
)
async def test_what_is_not_wechat_pays_word_is_refused(headers: Mapping[str, str], word: str) -> None:
    with pytest.raises(NotificationRefused, match=word):
        await read_warm(inbound(BODY, headers))


async def test_a_notification_is_as_old_as_it_was_when_it_arrived() -> None:
    with pytest.raises(NotificationRefused, match="300 s behind"):
        await read_warm(inbound(BODY, at_s=NOW_S + 300))


@pytest.mark.parametrize("skew_s", [-299, 299])
async def test_a_notification_within_five_minutes_counts(skew_s: int) -> None:
    assert len(await read_warm(inbound(BODY, seal_of(BODY, at_s=NOW_S + skew_s)))) == 1


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (posted(PAID, key=b"F" * 32), "api_v3_key"),
        (BODY.replace(b'"associated_data":"transaction"', b'"associated_data":"refund"'), "api_v3_key"),
        (BODY.replace(b"AEAD_AES_256_GCM", b"AEAD_SM4_128_GCM"), "another way"),
        (BODY.replace(b'"resource":', b'"resorce":'), "another way"),
        (BODY[:-1], "not JSON"),
        (b"<xml><req_info>x</req_info></xml>", "not JSON"),
        (b"[]", "not an object"),
        (posted({**PAID, "mchid": "1900000002"}), "for another merchant: mchid '1900000002' came; check mchid"),
        (posted({**PAID, "mchid": None}), "another merchant"),
        (
            posted({**PAID, "appid": "wx0000000000000003"}),
            "for another app: appid 'wx0000000000000003' came; check app_id, or add it to more_app_ids",
        ),
        (posted({**REFUNDED, "mchid": "1900000002"}, "REFUND.SUCCESS"), "another merchant"),
        (posted({**PAID, "out_trade_no": 7}), "without a reference"),
        (posted({**REFUNDED, "out_refund_no": ""}, "REFUND.SUCCESS"), "without a reference"),
        (posted(PAID, event_id=""), "without an id"),
    ],
)
async def test_what_is_signed_but_not_for_us_or_not_readable_is_refused(body: bytes, word: str) -> None:
    with pytest.raises(NotificationRefused, match=word):
        await read_warm(inbound(body))


async def test_after_a_rotation_the_next_try_counts() -> None:
    given = inbound(BODY, seal_of(BODY, key=NEW_KEY, serial=NEW_SERIAL))
    async with serving_client() as (platform, client):
        await client.keys.warm()
        platform.answer(CERTIFICATES, NEW_LISTED)
        with pytest.raises(NotificationRefused, match="no key is known"):
            read(client, given)
        await until_known(client, given)
        assert platform.paths == [CERTIFICATES, CERTIFICATES]


async def test_a_client_that_was_never_warmed_fetches_its_keys_for_the_next_try() -> None:
    given = inbound(BODY)
    async with serving_client() as (_, client):
        with pytest.raises(NotificationRefused, match="no key is known"):
            read(client, given)
        await until_known(client, given)


async def test_during_the_transition_both_kinds_of_signature_count() -> None:
    by_public_key = seal_of(BODY, serial=PUBLIC_KEY_ID)
    for headers in (by_public_key, seal_of(BODY)):
        assert len(await read_warm(inbound(BODY, headers), public_key=True)) == 1
    with pytest.raises(NotificationRefused):
        await read_warm(inbound(BODY, by_public_key))


def test_an_accepted_notification_is_answered_without_content() -> None:
    told = notifications.reply(accepted=True)
    assert (told.status, told.body) == (204, b"")


def test_a_refused_notification_is_answered_with_a_failure_so_that_it_comes_again() -> None:
    told = notifications.reply(accepted=False)
    assert (told.status, told.content_type, orjson.loads(told.body)["code"]) == (500, "application/json", "FAIL")


async def until_known(client: Client, given: InboundNotification) -> None:
    """Wait until the notification counts, as WeChat Pay's next try does."""
    async with asyncio.timeout(10):
        while True:
            try:
                assert len(read(client, given)) == 1
                return
            except NotificationRefused:
                await asyncio.sleep(0.01)
