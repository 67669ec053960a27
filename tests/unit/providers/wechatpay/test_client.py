"""The client believes what WeChat Pay signed, and says Silent to everything else."""

from __future__ import annotations

import socket

import pytest
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.transport import Answered, Silent, Unsent
from tollbridge_server.providers.wechatpay import signing
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import NoPlatformKey
from tollbridge_server.providers.wechatpay.encryption import unseal_with
from tollbridge_server.providers.wechatpay.wire import Request

from tests.unit.providers.wechatpay.keys import (
    API_V3_KEY,
    MERCHANT,
    NOW_S,
    PLATFORM,
    rsa_key,
    serial_of,
)
from tests.unit.providers.wechatpay.platform import (
    CERTIFICATE_SERIAL,
    CERTIFICATES,
    NO_CERTIFICATES,
    Reply,
    client_of,
    json_reply,
    serving_client,
)

QUERY = "/v3/pay/transactions/out-trade-no/T1%7C2?mchid=1900000001"
ORDER = "/v3/pay/transactions/native"
PAID = json_reply({"out_trade_no": "T1|2", "trade_state": "SUCCESS"})


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


async def test_a_refused_signature_of_ours_is_handed_on_and_logged_by_whoever_reads_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await asked(Reply('{"code":"SIGN_ERROR","message":"签名错误"}'.encode(), status=401, key=None))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_signed, answer.code) == (401, False, "SIGN_ERROR")
    assert not caplog.records


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


def test_no_secret_shows_in_an_identity() -> None:
    client = client_of("http://127.0.0.1:1")
    assert API_V3_KEY.decode() not in repr(vars(client)["_identity"])
