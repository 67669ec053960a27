"""A refused charge is declined when nothing of it can be paid any more, and never before."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, NextActionKind, Outcome
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import ChargeOrder

from tests.unit.providers.wechatpay.desk import (
    ABSENT,
    ORDERS,
    OTHER_APP_ID,
    QUERY,
    REVERSE,
    Desk,
    code_order,
    disconnect_after,
    order,
    refusal,
    reversed_order,
    trade,
)
from tests.unit.providers.wechatpay.platform import APP_ID, MCHID, Reply


async def test_a_refused_order_is_declined_when_the_query_finds_none(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.charge(code_order())

    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.INSUFFICIENT_FUNDS


async def test_a_refused_order_that_was_paid_all_the_same_is_paid(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "OUT_TRADE_NO_USED"))
    desk.platform.answer(QUERY, trade("SUCCESS", trade_type="MICROPAY"))

    assert (await desk.adapter.charge(code_order())).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("status", "code"), [(429, "FREQUENCY_LIMITED"), (403, "TRADE_ERROR"), (400, "INVALID_REQUEST")]
)
async def test_a_refused_order_whose_payer_types_the_password_may_still_be_paid(
    desk: Desk, status: int, code: str
) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(status, code))
    desk.platform.answer(QUERY, trade("USERPAYING", trade_type="MICROPAY"))

    evidence = await desk.adapter.charge(code_order())

    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.WAIT


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "NOT_ENOUGH", DeclineReason.INSUFFICIENT_FUNDS),
        (403, "TRADE_ERROR", DeclineReason.GENERIC_DECLINE),
        (403, "RULE_LIMIT", DeclineReason.LIMIT_EXCEEDED),
        (403, "OUT_TRADE_NO_USED", DeclineReason.DUPLICATE),
        (400, "PARAM_ERROR", DeclineReason.PROVIDER_CONFIGURATION),
        (400, "INVALID_REQUEST", DeclineReason.NOT_PERMITTED),
        (429, "FREQUENCY_LIMITED", DeclineReason.PROVIDER_UNAVAILABLE),
    ],
)
async def test_a_refused_order_that_stands_open_is_reversed_and_then_declined(
    desk: Desk, status: int, code: str, reason: DeclineReason
) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(status, code))
    desk.platform.answer(QUERY, trade("NOTPAY"))
    desk.platform.answer(REVERSE, reversed_order())

    evidence = await desk.adapter.charge(code_order())

    assert evidence.failure is not None
    assert (evidence.outcome, evidence.failure.reason) == (Outcome.DECLINED, reason)
    assert desk.body(REVERSE) == {"appid": APP_ID, "mchid": MCHID}


@pytest.mark.parametrize(
    "refused",
    [
        refusal(403, "RULE_LIMIT"),
        refusal(500, "SYSTEM_ERROR"),
        refusal(401, "SIGN_ERROR"),
        refusal(202, "USERPAYING"),
        Reply(b"{}", key=None),
        reversed_order(out_trade_no="c" * 32),
    ],
    ids=["too soon", "their error", "our settings", "typing", "not signed", "another order"],
)
async def test_a_refused_order_that_can_not_be_reversed_yet_stays_open(desk: Desk, refused: Reply) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, trade("NOTPAY"))
    desk.platform.answer(REVERSE, refused)

    evidence = await desk.adapter.charge(code_order())

    assert (evidence.outcome, evidence.failure) == (Outcome.UNKNOWN, None)
    assert (evidence.unsent, evidence.absent) == (False, False)
    assert desk.platform.paths.count(REVERSE) == 1


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        ("SUCCESS", Outcome.SUCCEEDED),
        ("REVOKED", Outcome.DECLINED),
        ("CLOSED", Outcome.DECLINED),
        ("PAYERROR", Outcome.DECLINED),
    ],
)
async def test_after_a_refused_reverse_only_the_order_tells(desk: Desk, after: str, outcome: Outcome) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, trade("NOTPAY"), trade(after))
    desk.platform.answer(REVERSE, refusal(403, "RULE_LIMIT"))

    evidence = await desk.adapter.charge(code_order())

    assert evidence.outcome is outcome
    assert (evidence.failure is not None) == (outcome is Outcome.DECLINED)
    if evidence.failure is not None:
        assert evidence.failure.reason is DeclineReason.INSUFFICIENT_FUNDS


@pytest.mark.parametrize("state", ["REVOKED", "CLOSED", "PAYERROR"])
async def test_a_refused_order_that_is_over_is_declined_for_the_reason_of_the_refusal(desk: Desk, state: str) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, trade(state))

    evidence = await desk.adapter.charge(code_order())

    assert evidence.failure is not None
    assert (evidence.outcome, evidence.failure.reason) == (Outcome.DECLINED, DeclineReason.INSUFFICIENT_FUNDS)
    assert REVERSE not in desk.platform.paths


async def test_an_order_that_our_own_cancel_ended_is_canceled_and_not_declined(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(400, "ORDER_CLOSED"))
    desk.platform.answer(QUERY, trade("REVOKED"))

    assert (await desk.adapter.charge(code_order())).outcome is Outcome.CANCELED


@pytest.mark.parametrize("asked", [code_order(), order()], ids=["codepay", "native"])
@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "ORDER_PAID"), (400, "ORDERPAID"), (403, "OUT_TRADE_NO_USED"), (400, "ORDER_CLOSED")],
)
async def test_a_number_that_is_used_is_our_own_though_no_order_is_found(
    desk: Desk, asked: ChargeOrder, status: int, code: str
) -> None:
    product = "codepay" if asked.method.kind is MethodKind.WECHAT_CODE else "native"
    desk.platform.answer(f"{ORDERS}/{product}", refusal(status, code))
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.charge(asked)

    assert (evidence.outcome, evidence.failure) == (Outcome.UNKNOWN, None)
    assert (evidence.unsent, evidence.absent) == (False, False)
    assert code in evidence.detail


@pytest.mark.parametrize("calls", [1, 2])
async def test_a_charge_was_sent_though_what_followed_it_was_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, trade("NOTPAY"))
    disconnect_after(monkeypatch, calls)

    evidence = await desk.adapter.charge(code_order())

    assert (evidence.outcome, evidence.unsent) == (Outcome.UNKNOWN, False)


async def test_a_refused_order_that_a_payer_may_still_scan_is_not_ended(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/native", refusal(429, "FREQUENCY_LIMITED"))
    desk.platform.answer(QUERY, trade("NOTPAY"))

    assert (await desk.adapter.charge(order())).outcome is Outcome.REQUIRES_ACTION
    assert desk.platform.paths[-1] == QUERY


async def test_an_order_of_another_app_of_the_merchant_is_reversed_for_that_app(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, trade("NOTPAY", appid=OTHER_APP_ID))
    desk.platform.answer(REVERSE, reversed_order(appid=OTHER_APP_ID))

    assert (await desk.adapter.charge(code_order())).outcome is Outcome.DECLINED
    assert desk.body(REVERSE)["appid"] == OTHER_APP_ID


async def test_a_refused_order_stays_open_while_the_query_is_silent(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "TRADE_ERROR"))
    desk.platform.answer(QUERY, refusal(500, "SYSTEM_ERROR"))

    evidence = await desk.adapter.charge(code_order())

    assert (evidence.outcome, evidence.unsent, evidence.absent) == (Outcome.UNKNOWN, False, False)
