"""What an answer puts before a person names the account and our number, in the log as the server writes it."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.logs import REDACTED, redact_text

from tests.unit.logs.captured import Stream
from tests.unit.providers.wechatpay.desk import (
    QUERY,
    REFERENCE,
    REFUND,
    REFUNDS,
    Desk,
    inquiry,
    refund_order,
    refunded,
    trade,
)
from tests.unit.providers.wechatpay.platform import ACCOUNT_ID, Reply

SWEPT = "50000000382019052709732678859"
"""A number of WeChat Pay's for a refund, which might hold a card number and can not be logged."""


def test_wechat_pay_s_own_number_of_a_refund_may_be_swept_away() -> None:
    assert redact_text(SWEPT) == REDACTED


@pytest.mark.parametrize("is_asked", [False, True])
async def test_a_refund_that_needs_a_person_is_named_by_our_number_and_its_account(
    desk: Desk, stream: Stream, is_asked: bool
) -> None:
    desk.platform.answer(REFUNDS, refunded("ABNORMAL", refund_id=SWEPT))
    desk.platform.answer(f"{REFUNDS}/{REFUND}", refunded("ABNORMAL", refund_id=SWEPT))

    if is_asked:
        await desk.adapter.query(inquiry(OperationKind.REFUND, REFUND))
    else:
        await desk.adapter.refund(refund_order())

    [line] = [each for each in stream.lines if each["level"] == "error"]
    assert f"refund {REFUND} is ABNORMAL" in line["event"]
    assert REDACTED not in line["event"]
    assert (line["provider_account_id"], line["request_reference"]) == (ACCOUNT_ID, REFUND)


@pytest.mark.parametrize(
    "strange",
    [trade("BRAND_NEW_STATE"), trade("SUCCESS", appid="wx9999999999999999")],
    ids=["state", "app"],
)
async def test_an_order_that_can_not_be_read_is_named_by_our_number_and_its_account(
    desk: Desk, stream: Stream, strange: Reply
) -> None:
    desk.platform.answer(QUERY, strange)

    await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    [line] = [each for each in stream.lines if each["level"] in ("warning", "error")]
    assert (line["provider_account_id"], line["request_reference"]) == (ACCOUNT_ID, REFERENCE)


async def test_a_refund_that_can_not_be_read_is_named_by_our_number_and_its_account(desk: Desk, stream: Stream) -> None:
    desk.platform.answer(REFUNDS, refunded("BRAND_NEW_STATUS"))

    await desk.adapter.refund(refund_order())

    [line] = [each for each in stream.lines if each["level"] == "warning"]
    assert (line["provider_account_id"], line["request_reference"]) == (ACCOUNT_ID, REFUND)
