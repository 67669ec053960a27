"""A refusal that our settings caused is one line of the log: what WeChat Pay said, whose it is, and what to check."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import date

import orjson
import pytest
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.ports.bills import NoBill
from tollbridge_server.ports.provider import CancelOrder

from tests.unit.providers.wechatpay.desk import (
    CHARGE,
    CLOSE,
    NO_REFUND,
    ORDERS,
    QUERY,
    REFERENCE,
    REFUND,
    REFUNDS,
    Desk,
    inquiry,
    order,
    refund_order,
    trade,
)
from tests.unit.providers.wechatpay.platform import ACCOUNT_ID, Reply

SIGNATURE = "mchid, serial_no, private_key and this machine's clock"
PRODUCT = "mchid, and whether the merchant platform has opened the product for it"
REFUSALS = [
    (401, "SIGN_ERROR", SIGNATURE),
    (403, "NO_AUTH", PRODUCT),
    (403, "NOAUTH", PRODUCT),
    (400, "APPID_MCHID_NOT_MATCH", "app_id, more_app_ids and mchid"),
    (404, "MCH_NOT_EXISTS", "mchid"),
    (404, "MCHID_NOT_EXIST", "mchid"),
    (401, "BRAND_NEW_CODE", SIGNATURE),
]


def refused(status: int, code: str) -> Reply:
    said = {"code": code, "message": "签名错误", "detail": {"sign_information": {"url": "/v3/secret"}}}
    return Reply(orjson.dumps(said), status=status, key=None)


async def charged(desk: Desk, reply: Reply) -> Evidence:
    desk.platform.answer(f"{ORDERS}/native", reply)
    return await desk.adapter.charge(order())


async def canceled(desk: Desk, reply: Reply) -> Evidence:
    desk.platform.answer(QUERY, trade("NOTPAY"))
    desk.platform.answer(CLOSE, reply)
    return await desk.adapter.cancel(CancelOrder(REFUND, CHARGE, CancelCause.CALLER))


async def refunded(desk: Desk, reply: Reply) -> Evidence:
    desk.platform.answer(REFUNDS, reply)
    desk.platform.answer(f"{REFUNDS}/{REFUND}", NO_REFUND)
    return await desk.adapter.refund(refund_order())


async def asked(desk: Desk, reply: Reply) -> Evidence:
    desk.platform.answer(QUERY, reply)
    return await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))


async def asked_for_the_refund(desk: Desk, reply: Reply) -> Evidence:
    desk.platform.answer(f"{REFUNDS}/{REFUND}", reply)
    return await desk.adapter.query(inquiry(OperationKind.REFUND, REFUND))


Act = Callable[[Desk, Reply], Awaitable[Evidence]]
ACTS: list[tuple[Act, str]] = [
    (charged, "charge"),
    (canceled, "cancel"),
    (refunded, "refund"),
    (asked, "query"),
    (asked_for_the_refund, "query"),
]


@pytest.mark.parametrize(("act", "task"), ACTS)
@pytest.mark.parametrize(("status", "code", "settings"), REFUSALS)
async def test_it_is_one_line_with_the_account_and_the_settings(
    desk: Desk, caplog: pytest.LogCaptureFixture, act: Act, task: str, status: int, code: str, settings: str
) -> None:
    await act(desk, refused(status, code))

    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message == f"wechatpay {task}: HTTP {status} {code} 签名错误; check {settings}"
    assert vars(record)["provider_account_id"] == ACCOUNT_ID


@pytest.mark.parametrize(("act", "task"), ACTS)
async def test_a_code_that_is_not_known_proves_nothing_though_the_settings_are_to_be_checked(
    desk: Desk, act: Act, task: str
) -> None:
    evidence = await act(desk, refused(401, "BRAND_NEW_CODE"))

    assert (evidence.outcome, evidence.failure, evidence.absent) == (Outcome.UNKNOWN, None, False), task


async def test_a_bill_that_is_refused_names_the_settings_in_its_reason(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.platform.answer(
        "/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&tar_type=GZIP", refused(401, "SIGN_ERROR")
    )

    found = await desk.adapter.fetch_bill(date(2026, 1, 1))

    assert found == NoBill(f"HTTP 401 SIGN_ERROR: check {SIGNATURE}", is_retryable=False)
    assert not caplog.records
