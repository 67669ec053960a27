"""Payment codes: declined with a trade that waits, confirmed or refused after a while, and answered without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.testing.simulators.alipay import TEST_CODES
from tollbridge_server.testing.simulators.alipay.rules import CONCLUDES_S

from tests.integration.alipay.desk import Desk, opened
from tests.integration.alipay.orders import code, face_token, frozen, scanned

PAY, FREEZE = "alipay.trade.pay", "alipay.fund.auth.order.freeze"
F1 = {"out_order_no": "F1", "out_request_no": "F1"}
AFTER_S = int(CONCLUDES_S) + 1


def held(last_digits: str, number: str = "F1") -> dict[str, Any]:
    return frozen(number, auth_code=code(last_digits), auth_code_type="bar_code")


async def order_status(desk: Desk) -> str:
    answer = await desk.call("alipay.fund.auth.operation.detail.query", F1)
    return str(answer.get("order_status") or answer["sub_code"])


# A decline that leaves its trade.


async def test_a_declined_code_can_leave_its_trade_waiting_for_a_fresh_one(desk: Desk) -> None:
    order = scanned("T1", "0008")
    declined = await desk.call(PAY, order)

    assert declined["sub_code"] == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert await desk.status() == "WAIT_BUYER_PAY"
    assert (await desk.call(PAY, order))["sub_code"] == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert (await desk.call(PAY, order | {"auth_code": code()}))["code"] == "10000"
    assert await desk.status() == "TRADE_SUCCESS"


async def test_a_fresh_code_that_is_declined_leaves_the_trade_waiting(desk: Desk) -> None:
    order = scanned("T1", "0008")
    await desk.call(PAY, order)

    assert (await desk.call(PAY, order | {"auth_code": code("0004")}))["sub_code"] == "ACQ.PAYMENT_FAIL"
    assert await desk.status() == "WAIT_BUYER_PAY"


async def test_a_trade_that_waits_after_a_decline_is_closed_like_any_other(desk: Desk) -> None:
    await desk.call(PAY, scanned("T1", "0008"))

    assert (await desk.call("alipay.trade.close", {"out_trade_no": "T1"}))["code"] == "10000"
    assert await desk.status() == "TRADE_CLOSED"


async def test_every_code_can_be_declined_so(desk: Desk) -> None:
    order = scanned()
    await desk.arm("declined_waiting")
    answers = [await desk.call(PAY, order) for _ in range(2)]

    assert [answer["sub_code"] for answer in answers] == ["ACQ.BUYER_BALANCE_NOT_ENOUGH"] * 2
    assert await desk.status() == "WAIT_BUYER_PAY"


async def test_every_other_decline_leaves_no_trade(desk: Desk) -> None:
    await desk.call(PAY, scanned("T1", "0002"))

    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"


# A payer who decides alone.


@pytest.mark.parametrize(("last_digits", "status"), [("0009", "TRADE_SUCCESS"), ("0010", "TRADE_CLOSED")])
async def test_a_payer_decides_alone_after_ten_seconds(desk: Desk, last_digits: str, status: str) -> None:
    answer = await desk.call(PAY, scanned("T1", last_digits))
    before = await desk.status()
    desk.clock.ahead_s = AFTER_S

    assert (answer["code"], before) == ("10003", "WAIT_BUYER_PAY")
    assert await desk.status() == status


@pytest.mark.parametrize(("last_digits", "status"), [("0009", "AUTHORIZED"), ("0010", "CLOSED")])
async def test_a_freeze_is_decided_alone_after_ten_seconds(desk: Desk, last_digits: str, status: str) -> None:
    answer = await desk.call(FREEZE, held(last_digits))
    before = await order_status(desk)
    desk.clock.ahead_s = AFTER_S

    assert (answer["code"], before) == ("10003", "INIT")
    assert await order_status(desk) == status


async def test_what_a_payer_confirms_alone_is_notified_though_nobody_asks(desk: Desk) -> None:
    await desk.call(PAY, scanned("T1", "0009"), notify_url=desk.notify_url)
    await desk.call(FREEZE, held("0009"), notify_url=desk.notify_url)
    desk.clock.ahead_s = AFTER_S

    kinds = {(await desk.heard())["notify_type"] for _ in range(2)}
    assert kinds == {"trade_status_sync", "fund_auth_freeze"}


async def test_a_person_is_faster_than_the_payer_who_decides_alone(desk: Desk) -> None:
    await desk.call(PAY, scanned("T1", "0010"))
    assert await desk.simulator.decide("plain", "T1", "approve") == "TRADE_SUCCESS"
    desk.clock.ahead_s = AFTER_S

    assert await desk.status() == "TRADE_SUCCESS"


async def test_the_ten_seconds_are_divided_by_the_scale_of_time(tmp_path: Path) -> None:
    async with opened(tmp_path, time_scale=10.0) as desk:
        await desk.call(PAY, scanned("T1", "0009"))
        desk.clock.ahead_s = 2

        assert await desk.status() == "TRADE_SUCCESS"


async def test_a_confirmed_freeze_stays_when_its_time_is_over(desk: Desk) -> None:
    await desk.call(FREEZE, held("0001"))
    await desk.simulator.decide("plain", "F1", "approve")
    desk.clock.ahead_s = 16 * 60

    assert await order_status(desk) == "AUTHORIZED"


async def test_a_freeze_that_nobody_confirms_is_closed(desk: Desk) -> None:
    await desk.call(FREEZE, held("0001"))
    desk.clock.ahead_s = 16 * 60

    assert await order_status(desk) == "CLOSED"


# No proper answer.


@pytest.mark.parametrize(
    ("last_digits", "code_", "sub_code"), [("0011", "20000", "isp.unknow-error"), ("0013", "40004", "SYSTEM_ERROR")]
)
async def test_a_code_can_be_lost_the_first_time(desk: Desk, last_digits: str, code_: str, sub_code: str) -> None:
    order = scanned("T1", last_digits)
    answer = await desk.call(PAY, order)

    assert (answer["code"], answer["sub_code"].removeprefix("ACQ.")) == (code_, sub_code)
    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"
    assert (await desk.call(PAY, order))["code"] == "10000"


@pytest.mark.parametrize(("last_digits", "code_"), [("0012", "20000"), ("0014", "40004")])
async def test_a_code_can_be_paid_without_a_word(desk: Desk, last_digits: str, code_: str) -> None:
    assert (await desk.call(PAY, scanned("T1", last_digits)))["code"] == code_
    assert await desk.status() == "TRADE_SUCCESS"


async def test_a_freeze_by_a_code_can_be_booked_without_a_word(desk: Desk) -> None:
    assert (await desk.call(FREEZE, held("0014")))["sub_code"] == "SYSTEM_ERROR"
    assert await order_status(desk) == "AUTHORIZED"


async def test_every_code_that_is_published_with_a_refusal_is_refused_with_it(desk: Desk) -> None:
    for number, each in enumerate(TEST_CODES):
        if each.sub_code:
            answer = await desk.call(PAY, scanned(f"T{number}", each.last_digits))
            assert answer["sub_code"] == f"ACQ.{each.sub_code}", each


@pytest.mark.parametrize("beginning", ["25", "26", "27", "28", "29", "30"])
async def test_codes_begin_with_25_to_30(desk: Desk, beginning: str) -> None:
    order = scanned() | {"auth_code": f"{beginning}{'7' * 14}"}

    assert (await desk.call(PAY, order))["code"] == "10000"


@pytest.mark.parametrize("wrong", ["2477777777777777", "3177777777777777", "28777777777777", "28777777777777x7"])
async def test_what_is_no_code_is_refused(desk: Desk, wrong: str) -> None:
    assert (await desk.call(PAY, scanned() | {"auth_code": wrong}))["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"


# A payer's face.


def faced(last_digits: str = "0000", **more: Any) -> dict[str, Any]:
    return scanned() | {"auth_code": face_token(last_digits), "scene": "security_code"} | more


async def test_a_payer_pays_by_face(desk: Desk) -> None:
    assert (await desk.call(PAY, faced()))["code"] == "10000"
    assert await desk.status() == "TRADE_SUCCESS"


async def test_an_amount_is_frozen_by_face(desk: Desk) -> None:
    content = frozen(auth_code=face_token(), auth_code_type="security_code")

    assert (await desk.call(FREEZE, content))["code"] == "10000"
    assert await order_status(desk) == "AUTHORIZED"


async def test_a_face_token_has_letters_too(desk: Desk) -> None:
    assert (await desk.call(PAY, faced(auth_code="fp" + "aZ9" * 11)))["code"] == "10000"


async def test_a_face_token_pays_once(desk: Desk) -> None:
    content = faced()
    await desk.call(PAY, content)

    assert (await desk.call(PAY, content | {"out_trade_no": "T2"}))["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"


async def test_a_face_token_decides_as_a_code_does(desk: Desk) -> None:
    for number, each in enumerate(TEST_CODES):
        if each.sub_code:
            answer = await desk.call(PAY, faced(each.last_digits, out_trade_no=f"T{number}"))
            assert answer["sub_code"] == f"ACQ.{each.sub_code}", each


@pytest.mark.parametrize("wrong", ["fp" + "a" * 32, "fp" + "a" * 34, "fq" + "a" * 33, "fp" + "a" * 32 + "-"])
async def test_what_is_no_face_token_is_refused(desk: Desk, wrong: str) -> None:
    assert (await desk.call(PAY, faced(auth_code=wrong)))["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (code("0000"), "security_code"),
        (face_token(), "bar_code"),
        (face_token(), None),
        (code("0014"), "security_code"),
    ],
)
async def test_what_is_shown_is_of_the_kind_that_it_is_sent_as(desk: Desk, shown: str, kind: str | None) -> None:
    sale = {name: value for name, value in scanned(auth_code=shown, scene=kind).items() if value is not None}
    freeze = frozen(auth_code=shown, **({"auth_code_type": kind} if kind else {}))

    assert (await desk.call(PAY, sale))["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert (await desk.call(FREEZE, freeze))["sub_code"] == "PAYMENT_AUTH_CODE_INVALID"
    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"
