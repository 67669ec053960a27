"""The common parameters: charset, format, version and time, checked in Alipay's order and answered in its charset."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from tollbridge_server.providers.alipay.encryption import decrypt, encrypt, read_aes_key
from tollbridge_server.providers.alipay.signing import request_text
from tollbridge_server.providers.rsa_keys import is_signed, sign
from tollbridge_server.testing.simulators.alipay.fields import written_time

from tests.conformance.alipay import key_of
from tests.integration.alipay.desk import AES_KEY, Desk, opened
from tests.integration.alipay.orders import scanned

TEN_MINUTES_US = 600 * 1_000_000
ASKED = {"out_trade_no": "T1"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def signed_in(desk: Desk, charset: str, content: dict[str, Any], **changes: str) -> dict[str, str]:
    """Return parameters whose signature is about their text in a charset."""
    given = desk.parameters("alipay.trade.pay", content, charset=charset, **changes)
    given["sign"] = sign(key_of("application"), request_text(given).decode().encode(charset))
    return given


async def answered(desk: Desk, given: dict[str, str], charset: str) -> tuple[bytes, str]:
    """Send parameters in a charset; return the node of the answer as raw bytes, and its signature."""
    headers = {"content-type": f"application/x-www-form-urlencoded;charset={charset}"}
    body = urlencode(given, encoding=charset).encode()
    async with desk.session.post(f"{desk.url}/gateway.do", data=body, headers=headers) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", charset.lower())
        raw = await answer.read()
    start, end = raw.index(b":") + 1, raw.rindex(b',"sign":"')
    return raw[start:end], raw[end + 9 : -2].decode()


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "gbk", "GBK", "gb2312"])
async def test_a_charset_that_alipay_knows_is_that_of_the_signature_and_of_the_answer(desk: Desk, charset: str) -> None:
    content = scanned(subject="龙井茶", auth_code="1", scene="bar_code")
    node, signature = await answered(desk, signed_in(desk, charset, content), charset)

    assert is_signed(key_of("alipay").public_key(), node, signature)
    assert "交易支付失败".encode(charset) in node


async def test_what_was_sent_in_a_charset_is_read_in_it(desk: Desk) -> None:
    await answered(desk, signed_in(desk, "gbk", scanned(subject="龙井茶")), "gbk")

    assert (await desk.call("alipay.trade.pay", scanned(subject="龙井茶")))["code"] == "10000"
    assert (await desk.call("alipay.trade.pay", scanned(subject="龍井茶")))["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"


async def test_bytes_that_are_no_text_in_their_charset_are_not_signed_by_anybody(desk: Desk) -> None:
    body = urlencode(signed_in(desk, "gbk", scanned()), encoding="gbk") + "&return_url=%ff%ff"
    async with desk.session.post(f"{desk.url}/gateway.do", data=body.encode(), headers=FORM) as answer:
        text = (await answer.read()).decode("gbk")

    assert orjson.loads(text)["alipay_trade_pay_response"]["sub_code"] == "isv.invalid-signature"


async def test_a_signature_over_another_charset_than_the_named_one_is_wrong(desk: Desk) -> None:
    given = desk.parameters("alipay.trade.pay", scanned(subject="龙井茶"), charset="gbk")
    node, _ = await answered(desk, given, "gbk")

    assert orjson.loads(node.decode("gbk"))["sub_code"] == "isv.invalid-signature"


async def test_encrypted_content_may_be_in_another_charset(desk: Desk) -> None:
    key = read_aes_key(AES_KEY)
    content = encrypt(key, orjson.dumps(scanned(subject="龙井茶")).decode().encode("gbk"))
    more = {"app_id": "2021000000000002", "biz_content": content, "encrypt_type": "AES"}
    node, signature = await answered(desk, signed_in(desk, "gbk", {}, **more), "gbk")

    assert is_signed(key_of("alipay").public_key(), node, signature)
    assert orjson.loads(decrypt(key, orjson.loads(node)).decode("gbk"))["code"] == "10000"


@pytest.mark.parametrize(
    ("changes", "sub_code", "is_signed_"),
    [
        ({"charset": ""}, "isv.missing-charset", False),
        ({"charset": "latin-1"}, "isv.invalid-charset", False),
        ({"charset": "utf8"}, "isv.invalid-charset", False),
        ({"version": "2.0"}, "isv.invalid-parameter", True),
        ({"format": "XML"}, "isv.invalid-format", True),
        ({"notify_url": "https://shop.example.com/" + "n" * 232}, "isv.invalid-parameter", True),
        ({"notify_url": "ftp://shop.example.com/"}, "isv.invalid-parameter", True),
        ({"return_url": "https://shop.example.com/" + "r" * 232}, "isv.invalid-parameter", True),
        ({"app_auth_token": "t" * 41}, "isv.invalid-parameter", True),
    ],
)
async def test_what_is_not_known_is_refused(
    desk: Desk, changes: dict[str, str], sub_code: str, is_signed_: bool
) -> None:
    answer = await desk.call("alipay.trade.query", ASKED, **changes)

    assert (answer["sub_code"], answer["is_signed"]) == (sub_code, is_signed_)


async def test_addresses_and_tokens_are_taken_up_to_their_limits(desk: Desk) -> None:
    address = "http://shop.example.com/" + "a" * 232
    answer = await desk.call(
        "alipay.trade.query", ASKED, notify_url=address, return_url=address, app_auth_token="t" * 40
    )

    assert (len(address), answer["sub_code"]) == (256, "ACQ.TRADE_NOT_EXIST")


@pytest.mark.parametrize("written", ["JSON", "json"])
async def test_the_format_is_json_however_it_is_written(desk: Desk, written: str) -> None:
    assert (await desk.call("alipay.trade.query", ASKED, format=written))["sub_code"] == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize(
    ("changes", "sub_code"),
    [
        ({"app_id": "2021000000000777", "charset": "latin-1"}, "isv.invalid-app-id"),
        ({"charset": "latin-1", "sign": "forged"}, "isv.invalid-charset"),
        ({"sign": "forged", "timestamp": "today"}, "isv.invalid-signature"),
    ],
)
async def test_of_several_faults_alipay_s_first_is_named(desk: Desk, changes: dict[str, str], sub_code: str) -> None:
    answer = await desk.post(desk.parameters("alipay.trade.query", ASKED) | changes)

    assert answer["sub_code"] == sub_code


async def test_signed_faults_are_named_in_alipay_s_order(desk: Desk) -> None:
    async def named(**changes: str) -> str:
        return str((await desk.call("alipay.trade.query", ASKED, **changes))["sub_code"])

    assert await named(timestamp="today", version="2.0", format="XML") == "isv.invalid-timestamp"
    assert await named(version="2.0", format="XML", biz_content="no json") == "isv.invalid-parameter"
    assert await named(format="XML", biz_content="no json") == "isv.invalid-format"


# The time.


async def test_without_a_window_every_clock_is_right(desk: Desk) -> None:
    late = written_time(desk.clock() - TEN_MINUTES_US * 100)

    assert (await desk.call("alipay.trade.query", ASKED, timestamp=late))["sub_code"] == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize(("off_s", "is_taken"), [(0, True), (290, True), (-290, True), (320, False), (-320, False)])
async def test_a_clock_outside_of_the_window_is_refused(tmp_path: Path, off_s: int, is_taken: bool) -> None:
    async with opened(tmp_path, timestamp_window_s=300.0) as desk:
        timestamp = written_time(desk.clock() + off_s * 1_000_000)
        answer = await desk.call("alipay.trade.query", ASKED, timestamp=timestamp)

        wanted = "ACQ.TRADE_NOT_EXIST" if is_taken else "isv.invalid-timestamp"
        assert (answer["sub_code"], answer["is_signed"]) == (wanted, True)
