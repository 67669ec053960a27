"""WeChat Pay's keys are fetched when that is due, followed when they change, and bounded in what they cost."""

from __future__ import annotations

import asyncio

import pytest
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.providers.wechatpay import signing
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.certificates import MAX_AGE_S
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.platform_keys import MAX_FETCHES, NotAuthentic
from tollbridge_server.providers.wechatpay.wire import Request

from tests.unit.providers.wechatpay.keys import NOW_S, certificate, certificate_list, rsa_key, serial_of
from tests.unit.providers.wechatpay.platform import (
    ACCOUNT_ID,
    CERTIFICATE,
    CERTIFICATES,
    NO_CERTIFICATES,
    PUBLIC_KEY_ID,
    Clock,
    Reply,
    json_reply,
    seal_of,
    serving_client,
)

QUERY = "/v3/pay/transactions/out-trade-no/T1%7C2?mchid=1900000001"
ORDER = "/v3/pay/transactions/native"
PAID = json_reply({"out_trade_no": "T1|2", "trade_state": "SUCCESS"})
NEW_KEY = rsa_key("new")
NEW = certificate(NEW_KEY, serial=8)
NEW_SERIAL = serial_of(8)
PAID_BY_NEW = json_reply({"trade_state": "SUCCESS"}, key=NEW_KEY, serial=NEW_SERIAL)
PAID_BY_PUBLIC_KEY = json_reply({"trade_state": "SUCCESS"}, serial=PUBLIC_KEY_ID)
BOTH_LISTED = Reply(certificate_list(CERTIFICATE, NEW))


async def test_certificates_that_are_refused_say_what_to_check(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_client() as (platform, client):
        platform.answer(
            CERTIFICATES, Reply('{"code":"SIGN_ERROR","message":"签名错误"}'.encode(), status=401, key=None)
        )
        await client.keys.warm()
    [record] = caplog.records
    assert "could not be fetched: HTTP 401 SIGN_ERROR 签名错误; check mchid, serial_no, private_key" in record.message
    assert vars(record)["provider_account_id"] == ACCOUNT_ID


async def test_a_wrong_signature_under_the_public_keys_id_names_the_public_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES)
        platform.answer(QUERY, Reply(PAID.body, key=rsa_key("forger"), serial=PUBLIC_KEY_ID))
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)
    [record] = caplog.records
    assert "is public_key WeChat Pay's, the one that public_key_id names?" in record.message


async def test_a_signature_under_another_public_keys_id_names_the_id(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES)
        platform.answer(QUERY, Reply(PAID.body, serial="PUB_KEY_ID_2"))
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)
    assert f"serial 'PUB_KEY_ID_2'; check public_key_id (it is {PUBLIC_KEY_ID}) and public_key" in caplog.text


async def test_a_wrong_signature_under_a_certificate_does_not_accuse_public_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving_client() as (platform, client):
        platform.answer(QUERY, Reply(PAID.body, key=rsa_key("forger")))
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)
    assert "public_key" not in caplog.text


async def test_certificates_are_fetched_once_and_before_the_first_request() -> None:
    async with serving_client() as (platform, client):
        platform.answer(QUERY, PAID)
        results = await asyncio.gather(*(client.call(Request("GET", QUERY)) for _ in range(5)))
        assert all(isinstance(each, Answer) for each in results)
        assert platform.paths == [CERTIFICATES] + [QUERY] * 5


async def test_warming_fetches_the_certificates() -> None:
    async with serving_client() as (platform, client):
        await client.keys.warm()
        await client.keys.warm()
        assert platform.paths == [CERTIFICATES]


@pytest.mark.parametrize(
    "reply",
    [
        NO_CERTIFICATES,
        Reply(b"<html>", status=502, key=None),
        Reply(certificate_list(CERTIFICATE), key=None),
        Reply(certificate_list(CERTIFICATE), key=rsa_key("forger")),
        Reply(certificate_list(CERTIFICATE), serial=serial_of(99)),
        Reply(certificate_list(CERTIFICATE), late_s=300),
        Reply(certificate_list(CERTIFICATE).replace(b"d215b0511e9c", b"another12345")),
        Reply(b'{"data":[]}'),
    ],
)
async def test_nothing_is_sent_as_long_as_no_answer_could_be_verified(
    reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_client() as (platform, client):
        platform.answer(CERTIFICATES, reply)
        assert isinstance(await client.call(Request("POST", ORDER, b"{}")), Unsent)
        assert ORDER not in platform.paths
    assert "could not be fetched" in caplog.text


async def test_a_failed_fetch_is_repeated_by_the_next_request() -> None:
    async with serving_client() as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES, Reply(certificate_list(CERTIFICATE)))
        platform.answer(QUERY, PAID)
        assert isinstance(await client.call(Request("GET", QUERY)), Unsent)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)


async def test_a_new_serial_has_the_certificates_fetched_and_the_answer_is_believed() -> None:
    async with serving_client() as (platform, client):
        await client.keys.warm()
        platform.answer(CERTIFICATES, BOTH_LISTED)
        platform.answer(QUERY, PAID_BY_NEW, PAID)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        assert platform.paths == [CERTIFICATES, QUERY, CERTIFICATES, QUERY]


async def test_an_unknown_serial_costs_one_fetch_and_then_is_silence() -> None:
    async with serving_client() as (platform, client):
        await client.keys.warm()
        platform.answer(QUERY, PAID_BY_NEW)
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)
        assert platform.paths == [CERTIFICATES, QUERY, CERTIFICATES]


async def test_a_certificate_that_was_removed_is_no_longer_believed() -> None:
    async with serving_client() as (platform, client):
        await client.keys.warm()
        platform.answer(CERTIFICATES, Reply(certificate_list(NEW), key=NEW_KEY, serial=NEW_SERIAL))
        platform.answer(QUERY, PAID_BY_NEW, PAID)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)


async def test_invented_serials_can_not_make_us_fetch_without_end() -> None:
    clock = Clock()
    async with serving_client(clock=clock) as (platform, client):
        platform.answer(QUERY, PAID_BY_NEW)
        for _ in range(3 * MAX_FETCHES):
            assert isinstance(await client.call(Request("GET", QUERY)), Silent)
        assert platform.paths.count(CERTIFICATES) == MAX_FETCHES
        clock.now_s += 60
        platform.answer(CERTIFICATES, BOTH_LISTED)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)


async def test_certificates_are_fetched_again_after_twelve_hours_without_keeping_anybody_waiting() -> None:
    clock = Clock()
    async with serving_client(clock=clock) as (platform, client):
        await client.keys.warm()
        clock.now_s += MAX_AGE_S
        platform.answer(CERTIFICATES, Reply(certificate_list(NEW), key=NEW_KEY, serial=NEW_SERIAL, late_s=-MAX_AGE_S))
        platform.answer(QUERY, Reply(b'{"a":1}', late_s=-MAX_AGE_S))
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        async with asyncio.timeout(10):
            while (await client.seal("x"))[1] != NEW_SERIAL:
                await asyncio.sleep(0.01)
        assert platform.paths.count(CERTIFICATES) == 2


async def test_with_a_public_key_its_id_asks_for_its_signature() -> None:
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES)
        platform.answer(QUERY, PAID_BY_PUBLIC_KEY)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        query = next(each for each in platform.received if each.path == QUERY)
        assert query.headers[signing.SERIAL_HEADER] == PUBLIC_KEY_ID


async def test_with_a_public_key_an_account_without_certificates_is_asked_for_them_once() -> None:
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES)
        platform.answer(QUERY, PAID_BY_PUBLIC_KEY)
        await client.keys.warm()
        await client.keys.warm()
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        assert platform.paths == [CERTIFICATES, QUERY]


async def test_another_public_keys_id_is_not_ours() -> None:
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES)
        platform.answer(QUERY, json_reply({"a": 1}, serial="PUB_KEY_ID_2"))
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)


async def test_during_the_transition_both_the_public_key_and_a_certificate_are_believed() -> None:
    new_listed = Reply(certificate_list(NEW), serial=PUBLIC_KEY_ID)
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, new_listed)
        platform.answer(QUERY, PAID_BY_PUBLIC_KEY, PAID_BY_NEW, PAID_BY_PUBLIC_KEY)
        for _ in range(3):
            assert isinstance(await client.call(Request("GET", QUERY)), Answer)


async def test_the_public_keys_id_does_not_stand_for_a_certificates_key() -> None:
    async with serving_client(public_key=True) as (platform, client):
        platform.answer(CERTIFICATES, Reply(certificate_list(NEW), serial=PUBLIC_KEY_ID))
        platform.answer(QUERY, json_reply({"a": 1}, key=NEW_KEY, serial=PUBLIC_KEY_ID))
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)


async def test_a_notification_of_a_known_key_is_authentic() -> None:
    async with serving_client() as (_, client):
        await client.keys.warm()
        client.keys.require_authentic(lower(seal_of(b"{}")), b"{}", now_s=NOW_S)


async def test_a_notification_of_an_unknown_key_is_refused_until_the_certificates_are_fetched() -> None:
    async with serving_client() as (platform, client):
        await client.keys.warm()
        platform.answer(CERTIFICATES, BOTH_LISTED)
        headers = lower(seal_of(b"{}", key=NEW_KEY, serial=NEW_SERIAL))
        with pytest.raises(NotAuthentic, match="no key is known"):
            client.keys.require_authentic(headers, b"{}", now_s=NOW_S)
        async with asyncio.timeout(10):
            while not is_authentic(client, headers):
                await asyncio.sleep(0.01)
        assert platform.paths.count(CERTIFICATES) == 2


def is_authentic(client: Client, headers: dict[str, str]) -> bool:
    try:
        client.keys.require_authentic(headers, b"{}", now_s=NOW_S)
    except NotAuthentic:
        return False
    return True


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
