"""The client believes what WeChat Pay signed, says Silent to everything else, and follows its keys when they change."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.transport import Answered, Silent, Unsent
from tollbridge_server.providers.wechatpay import signing
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.certificates import MAX_AGE_S
from tollbridge_server.providers.wechatpay.client import MAX_FETCHES, Client, NoPlatformKey, NotAuthentic
from tollbridge_server.providers.wechatpay.encryption import unseal_with
from tollbridge_server.providers.wechatpay.wire import Request

from tests.unit.providers.wechatpay.keys import (
    API_V3_KEY,
    MERCHANT,
    NOW_S,
    PLATFORM,
    certificate,
    certificate_list,
    rsa_key,
    serial_of,
)
from tests.unit.providers.wechatpay.platform import (
    ACCOUNT_ID,
    CERTIFICATE,
    CERTIFICATE_SERIAL,
    CERTIFICATES,
    NO_CERTIFICATES,
    PUBLIC_KEY_ID,
    Clock,
    Reply,
    client_of,
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


async def asked(*replies: Reply) -> Answer | Unsent | Silent:
    async with serving_client() as (platform, client):
        platform.answer(QUERY, *replies)
        return await client.call(Request("GET", QUERY))


async def test_a_signed_answer_is_read() -> None:
    answer = await asked(PAID)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_signed) == (200, True)
    assert answer.body["trade_state"] == "SUCCESS"


async def test_the_bytes_as_they_came_are_what_was_signed() -> None:
    answer = await asked(Reply(b'{ "trade_state" :"SUCC\\u0045SS",\n"attach":"\xe6\xb5\x8b" }'))
    assert isinstance(answer, Answer)
    assert answer.body["trade_state"] == "SUCCESS"


async def test_a_signed_answer_without_content_is_read() -> None:
    answer = await asked(Reply(b"", status=204))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_signed, dict(answer.body)) == (204, True, {})


async def test_an_answer_without_content_that_nobody_signed_is_silence() -> None:
    assert isinstance(await asked(Reply(b"", status=204, key=None)), Silent)


async def test_an_accepted_request_is_verified_too() -> None:
    answer = await asked(Reply(b'{"code":"USERPAYING"}', status=202))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_signed) == (202, True)
    assert isinstance(await asked(Reply(b'{"code":"USERPAYING"}', status=202, key=None)), Silent)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
async def test_an_error_without_a_signature_is_handed_on_as_such(status: int) -> None:
    answer = await asked(Reply(b'{"code":"SYSTEM_ERROR","message":"m"}', status=status, key=None))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_signed, answer.body["code"]) == (status, False, "SYSTEM_ERROR")


async def test_an_error_with_a_signature_is_handed_on_as_signed() -> None:
    answer = await asked(Reply(b'{"code":"ORDER_CLOSED"}', status=400))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_signed) == (400, True)


async def test_a_refused_signature_of_ours_is_handed_on_and_logged_with_what_to_check(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = '{"code":"SIGN_ERROR","message":"签名错误","detail":{"sign_information":{"url":"/v3/secret"}}}'
    answer = await asked(Reply(said.encode(), status=401, key=None))
    assert isinstance(answer, Answer)
    [record] = caplog.records
    assert (
        "HTTP 401 SIGN_ERROR 签名错误; check mchid, serial_no, private_key and this machine's clock" in record.message
    )
    assert vars(record)["provider_account_id"] == ACCOUNT_ID
    assert "secret" not in record.message


async def test_certificates_that_are_refused_say_what_to_check(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_client() as (platform, client):
        platform.answer(
            CERTIFICATES, Reply('{"code":"SIGN_ERROR","message":"签名错误"}'.encode(), status=401, key=None)
        )
        await client.warm()
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
    assert isinstance(await asked(Reply(PAID.body, key=rsa_key("forger"))), Silent)
    assert "public_key" not in caplog.text


@pytest.mark.parametrize(
    "reply",
    [
        Reply(PAID.body, key=rsa_key("forger")),
        Reply(PAID.body, key=MERCHANT),
        Reply(PAID.body, key=None),
        Reply(PAID.body, sent=PAID.body.replace(b"SUCCESS", b"CLOSED!")),
        Reply(PAID.body, sent=PAID.body[:-9]),
        Reply(PAID.body, sent=PAID.body + b" "),
        Reply(PAID.body, headers={signing.TIMESTAMP_HEADER: str(NOW_S + 1)}),
        Reply(PAID.body, headers={signing.NONCE_HEADER: "another"}),
        Reply(PAID.body, headers={signing.TIMESTAMP_HEADER: ""}),
        Reply(PAID.body, headers={signing.NONCE_HEADER: ""}),
        Reply(PAID.body, headers={signing.SERIAL_HEADER: ""}),
        Reply(PAID.body, headers={signing.SIGNATURE_HEADER: ""}),
        Reply(PAID.body, headers={signing.SIGNATURE_HEADER: "no base64!"}),
        Reply(PAID.body, headers={signing.SIGNATURE_HEADER: signing.PROBE_PREFIX + "AAAA"}),
        Reply(PAID.body, serial=serial_of(99)),
        Reply(b'{"code":"ORDER_CLOSED"}', status=400, key=rsa_key("forger")),
        Reply(b'{"code":"ORDER_CLOSED"}', status=400, headers={signing.SIGNATURE_HEADER: ""}),
    ],
)
async def test_what_is_not_wechat_pays_word_is_silence(reply: Reply) -> None:
    result = await asked(reply)
    assert isinstance(result, Silent)
    assert "not authentic" in result.reason


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>502 Bad Gateway</html>", status=502, key=None),
        Reply(b"[]", status=200),
        Reply(b'{"trade_state":', status=200),
        Reply(b"", status=302, key=None, headers={"Location": "https://elsewhere.example"}),
    ],
)
async def test_what_can_not_be_read_is_silence(reply: Reply) -> None:
    assert isinstance(await asked(reply), Silent)


@pytest.mark.parametrize("late_s", [-299, 299])
async def test_an_answer_within_five_minutes_is_believed(late_s: int) -> None:
    assert isinstance(await asked(Reply(PAID.body, late_s=late_s)), Answer)


@pytest.mark.parametrize("late_s", [-300, 300])
async def test_a_stale_answer_is_silence_and_the_log_suspects_the_clock(
    late_s: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(await asked(Reply(PAID.body, late_s=late_s)), Silent)
    [record] = caplog.records
    assert "clock may be wrong" in record.message
    assert "synchronise this machine's clock" in record.message


async def test_a_forged_stale_answer_does_not_accuse_the_clock(caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(await asked(Reply(PAID.body, late_s=999, key=rsa_key("forger"))), Silent)
    assert "clock" not in caplog.text


async def test_a_request_is_sent_as_it_was_signed() -> None:
    body = '{"description":"测试 A|B"}'.encode()
    async with serving_client() as (platform, client):
        platform.answer(ORDER, json_reply({"code_url": "weixin://x"}))
        platform.answer(QUERY, PAID)
        assert isinstance(await client.call(Request("POST", ORDER, body)), Answer)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        order, query = platform.received[-2:]
    assert (order.verb, order.path, order.body) == ("POST", ORDER, body)
    assert order.headers["Content-Type"] == "application/json"
    assert (query.verb, query.path, query.body) == ("GET", QUERY, b"")
    assert (query.headers["Accept"], bool(query.headers["User-Agent"])) == ("application/json", True)
    assert signing.SERIAL_HEADER not in query.headers
    given = [signing.read_authorization(each.headers["Authorization"]) for each in (order, query)]
    assert given[0].nonce != given[1].nonce
    assert {each.timestamp for each in given} == {str(NOW_S)}


async def test_certificates_are_fetched_once_and_before_the_first_request() -> None:
    async with serving_client() as (platform, client):
        platform.answer(QUERY, PAID)
        results = await asyncio.gather(*(client.call(Request("GET", QUERY)) for _ in range(5)))
        assert all(isinstance(each, Answer) for each in results)
        assert platform.paths == [CERTIFICATES] + [QUERY] * 5


async def test_warming_fetches_the_certificates() -> None:
    async with serving_client() as (platform, client):
        await client.warm()
        await client.warm()
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
        await client.warm()
        platform.answer(CERTIFICATES, BOTH_LISTED)
        platform.answer(QUERY, PAID_BY_NEW, PAID)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        assert isinstance(await client.call(Request("GET", QUERY)), Answer)
        assert platform.paths == [CERTIFICATES, QUERY, CERTIFICATES, QUERY]


async def test_an_unknown_serial_costs_one_fetch_and_then_is_silence() -> None:
    async with serving_client() as (platform, client):
        await client.warm()
        platform.answer(QUERY, PAID_BY_NEW)
        assert isinstance(await client.call(Request("GET", QUERY)), Silent)
        assert platform.paths == [CERTIFICATES, QUERY, CERTIFICATES]


async def test_a_certificate_that_was_removed_is_no_longer_believed() -> None:
    async with serving_client() as (platform, client):
        await client.warm()
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
        await client.warm()
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
        await client.warm()
        await client.warm()
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


async def test_personal_data_is_sealed_for_the_newest_key_and_its_serial_is_sent() -> None:
    async with serving_client() as (platform, client):
        platform.answer(ORDER, PAID)
        ciphertext, serial = await client.seal("张三")
        assert (unseal_with(PLATFORM, ciphertext), serial) == ("张三", CERTIFICATE_SERIAL)
        await client.call(Request("POST", ORDER, b"{}", sealed_for=serial))
        assert platform.received[-1].headers[signing.SERIAL_HEADER] == CERTIFICATE_SERIAL


async def test_personal_data_is_not_sealed_without_a_key() -> None:
    async with serving_client() as (platform, client):
        platform.answer(CERTIFICATES, NO_CERTIFICATES)
        with pytest.raises(NoPlatformKey):
            await client.seal("张三")


async def test_a_file_is_downloaded_with_a_signature_of_ours_and_none_of_theirs() -> None:
    path = "/v3/billdownload/file?token=a%2Bb"
    async with serving_client() as (platform, client):
        platform.answer(path, Reply(b"\xef\xbb\xbfheader\r\n", key=None))
        result = await client.download(path)
    assert isinstance(result, Answered)
    assert (result.status, result.body) == (200, b"\xef\xbb\xbfheader\r\n")


async def test_what_a_payers_device_gets_is_signed_with_the_merchants_key() -> None:
    async with serving_client() as (_, client):
        assert is_signed(MERCHANT.public_key(), "文\n".encode(), await client.sign_text("文\n"))


async def test_a_refused_connection_is_unsent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = client_of(f"http://127.0.0.1:{port}", public_key=True)
    try:
        assert isinstance(await client.call(Request("GET", QUERY)), Unsent)
    finally:
        await client.close()


async def test_a_notification_of_a_known_key_is_authentic() -> None:
    async with serving_client() as (_, client):
        await client.warm()
        client.require_authentic(lower(seal_of(b"{}")), b"{}", now_s=NOW_S)


async def test_a_notification_of_an_unknown_key_is_refused_until_the_certificates_are_fetched() -> None:
    async with serving_client() as (platform, client):
        await client.warm()
        platform.answer(CERTIFICATES, BOTH_LISTED)
        headers = lower(seal_of(b"{}", key=NEW_KEY, serial=NEW_SERIAL))
        with pytest.raises(NotAuthentic, match="no key is known"):
            client.require_authentic(headers, b"{}", now_s=NOW_S)
        async with asyncio.timeout(10):
            while not is_authentic(client, headers):
                await asyncio.sleep(0.01)
        assert platform.paths.count(CERTIFICATES) == 2


def is_authentic(client: Client, headers: dict[str, str]) -> bool:
    try:
        client.require_authentic(headers, b"{}", now_s=NOW_S)
    except NotAuthentic:
        return False
    return True


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_no_secret_shows_in_an_identity() -> None:
    client = client_of("http://127.0.0.1:1")
    assert API_V3_KEY.decode() not in repr(vars(client)["_identity"])
