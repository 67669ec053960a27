"""What WeChat Pay's simulator signs, and how it answers what has no route."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import orjson
import pytest
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.signing import has_seal, read_seal
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.conformance.alipay import key_of
from tests.conformance.wechatpay import MCHID
from tests.integration.wechatpay.desk import NUMBER, ORDERS, Answer, Desk, code_order, order

KIND = "wechatpay-signature-type"
CLOSE = f"{ORDERS}/out-trade-no/{NUMBER}/close"


def require_signed(answer: Answer) -> None:
    seal = read_seal(answer.headers)
    assert is_signed(key_of("platform").public_key(), seal.text(answer.body), seal.signature)
    assert answer.headers[KIND] == "WECHATPAY2-SHA256-RSA2048"
    assert answer.headers["request-id"]


async def test_an_answer_without_content_is_signed_too(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk))

    closed = await desk.call("POST", CLOSE, {"mchid": MCHID})

    assert closed.status == 204
    require_signed(closed)


async def test_what_is_accepted_only_is_signed_too(desk: Desk) -> None:
    desk.simulator.arm(Behavior.ACCEPTED)
    accepted = await desk.call("POST", f"{ORDERS}/native", order(desk))
    typing = await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000009103"))

    assert [(answer.status, answer.json["code"]) for answer in (accepted, typing)] == [
        (202, "ACCEPTED"),
        (202, "USERPAYING"),
    ]
    for answer in (accepted, typing):
        require_signed(answer)


async def refusals(desk: Desk) -> Mapping[str, Answer]:
    """Return errors of every kind: of a field, of the business, of a paid order, of the house."""
    await desk.paid()
    answers = {
        "field": await desk.call("POST", f"{ORDERS}/native", order(desk, amount="x")),
        "absent": await desk.asked("T2026010100X"),
        "paid": await desk.call("POST", CLOSE, {"mchid": MCHID}),
    }
    desk.simulator.arm(Behavior.SYSTEM_ERROR)
    return answers | {"system": await desk.call("POST", f"{ORDERS}/native", order(desk))}


async def test_errors_are_not_signed_but_named(desk: Desk) -> None:
    answers = await refusals(desk)

    assert {name: answer.status for name, answer in answers.items()} == {
        "field": 400,
        "absent": 404,
        "paid": 400,
        "system": 500,
    }
    assert not any(has_seal(answer.headers) for answer in answers.values())
    assert all(answer.headers["request-id"] for answer in answers.values())


async def test_errors_are_signed_if_that_is_switched_on(desk: Desk) -> None:
    assert (await desk.control("practice", signs_errors="true")).json["signs_errors"] is True

    for answer in (await refusals(desk)).values():
        require_signed(answer)


async def test_who_is_not_known_gets_nothing_signed(desk: Desk) -> None:
    await desk.control("practice", signs_errors="true")

    answer = await desk.call("POST", f"{ORDERS}/native", order(desk), serial_no="00" * 20)

    assert (answer.status, has_seal(answer.headers)) == (401, False)


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/v3/nothing", 404),
        ("POST", "/v3/pay/transactions/combine", 404),
        ("GET", "/", 404),
        ("DELETE", f"{ORDERS}/native", 405),
    ],
)
async def test_what_has_no_route_is_answered_with_nothing_but_an_id(
    desk: Desk, verb: str, path: str, status: int
) -> None:
    answer = await desk.call(verb, path)

    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers["request-id"]


async def got(desk: Desk, target: str, authorization: bytes) -> bytes:
    """Ask for a target just as it is written; return all that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(desk.url.rpartition(":")[2]))
    writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nUser-Agent: test\r\n" % target.encode())
    writer.write(b"Authorization: %s\r\nConnection: close\r\n\r\n" % authorization)
    answer = await reader.read()
    writer.close()
    return answer


def signed(desk: Desk, path: str) -> bytes:
    return desk.headers("GET", path, b"")["Authorization"].encode()


async def test_a_header_that_is_no_text_is_refused(desk: Desk) -> None:
    nonce = re.sub(rb'nonce_str="[^"]*"', b'nonce_str="\xff"', signed(desk, "/v3/certificates"))

    answer = await got(desk, "/v3/certificates", nonce)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"SIGN_ERROR" in answer


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/v3/certificates?x=http://y/z", "/v3/certificates?x=http://y/z"),
        ("http://proxied.example/v3/certificates", "/v3/certificates"),
        ("http://proxied.example/v3/certificates?x=http://y/z", "/v3/certificates?x=http://y/z"),
    ],
)
async def test_what_is_signed_is_the_path_with_its_query_and_no_host(desk: Desk, target: str, path: str) -> None:
    assert (await got(desk, target, signed(desk, path))).startswith(b"HTTP/1.1 200 ")
    assert (await got(desk, target, signed(desk, "/z"))).startswith(b"HTTP/1.1 401 ")


async def test_what_was_signed_is_shown_with_an_address_in_its_query(desk: Desk) -> None:
    answer = await got(desk, "/v3/certificates?x=http://y/z", signed(desk, "/v3/certificates"))

    shown = orjson.loads(answer.rpartition(b"\r\n\r\n")[2])["detail"]["sign_information"]["truncated_sign_message"]
    assert shown.startswith("GET\n/v3/certificates?x=http://y/z\n")


@pytest.mark.parametrize(
    "query", [{"refund_pause_s": "soon"}, {"refund_pause_s": "nan"}, {"signs_errors": "maybe"}, {"mood": "good"}]
)
async def test_a_practice_that_does_not_exist_is_refused_and_changes_nothing(desk: Desk, query: dict[str, str]) -> None:
    before = (await desk.control("practice")).json

    refused = await desk.control("practice", **query)

    assert (refused.status, next(iter(query)).encode() in refused.body) == (400, True)
    assert (await desk.control("practice")).json == before
