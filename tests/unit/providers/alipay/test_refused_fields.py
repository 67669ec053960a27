"""A charge that is refused for one field is the caller's to correct where the field is, and an operator's otherwise."""

from __future__ import annotations

import logging

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Outcome, RetryAdvice
from tollbridge_server.providers.alipay.codes import Task, reading_of

from tests.unit.providers.alipay.gateway import NO_TRADE, adapting
from tests.unit.providers.alipay.orders import barcode, charge

R, A = DeclineReason, RetryAdvice
OPERATORS = (R.PROVIDER_CONFIGURATION, A.AFTER_OPERATOR)
CODES = ("ACQ.INVALID_PARAMETER", "ILLEGAL_ARGUMENT")


def meaning(message: str, *, task: Task = Task.CHARGE, sub_code: str = CODES[0]) -> tuple[DeclineReason, RetryAdvice]:
    failure = reading_of(task, code="40004", sub_code=sub_code, sub_message=message, is_signed=True).failure
    assert failure is not None
    assert (failure.provider_code, failure.provider_message) == (sub_code, message)
    return failure.reason, failure.retry


@pytest.mark.parametrize("sub_code", CODES)
@pytest.mark.parametrize("task", [Task.CHARGE, Task.SCAN])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("auth_code", R.AUTHENTICATION_FAILED),
        ("buyer_id", R.NOT_PERMITTED),
        ("subject", R.NOT_PERMITTED),
        ("order_title", R.NOT_PERMITTED),
        ("store_id", R.NOT_PERMITTED),
        ("terminal_id", R.NOT_PERMITTED),
        ("operator_id", R.NOT_PERMITTED),
        ("ext_user_info", R.NOT_PERMITTED),
        ("identity_params", R.NOT_PERMITTED),
        ("name", R.NOT_PERMITTED),
        ("cert_type", R.NOT_PERMITTED),
        ("cert_no", R.NOT_PERMITTED),
        ("min_age", R.NOT_PERMITTED),
        ("mobile", R.NOT_PERMITTED),
        ("total_amount", R.AMOUNT_INVALID),
        ("amount", R.AMOUNT_INVALID),
    ],
)
def test_data_of_the_callers_is_the_callers_to_correct(
    name: str, reason: DeclineReason, task: Task, sub_code: str
) -> None:
    assert meaning(f"参数有误{name}", task=task, sub_code=sub_code) == (reason, A.CORRECTED_DATA)


@pytest.mark.parametrize(
    "message", ["参数无效：auth_code", "x" * 100 + "：auth_code", "参数有误 auth_code。", "参数无效，auth_code."]
)
def test_the_field_stands_at_the_end_of_the_message(message: str) -> None:
    assert meaning(message)[1] is A.CORRECTED_DATA


@pytest.mark.parametrize(
    "message",
    [
        "参数有误product_code",
        "参数有误seller_id",
        "参数有误out_trade_no",
        "参数有误time_expire",
        "参数有误goods_name",
        "参数有误的auth_code和product_code",
        "auth_code 参数有误",
        "参数有误。",
        "",
    ],
)
def test_every_other_field_is_an_operators_to_mend(message: str, caplog: pytest.LogCaptureFixture) -> None:
    assert meaning(message) == OPERATORS
    assert caplog.records[0].levelno == logging.ERROR


def test_what_the_caller_has_to_correct_calls_no_operator(caplog: pytest.LogCaptureFixture) -> None:
    meaning("参数有误auth_code")
    assert not caplog.records


@pytest.mark.parametrize("task", [Task.CAPTURE, Task.CANCEL, Task.REFUND])
def test_only_a_charge_has_data_of_the_callers(task: Task) -> None:
    assert meaning("参数有误buyer_id", task=task) == OPERATORS


def test_another_code_means_what_its_table_says_whatever_field_ends_its_message() -> None:
    assert meaning("参数有误auth_code", sub_code="ACQ.ACCESS_FORBIDDEN") == OPERATORS


def test_an_unsigned_refusal_of_a_field_proves_nothing() -> None:
    reading = reading_of(Task.CHARGE, code="40004", sub_code=CODES[0], sub_message="参数有误auth_code", is_signed=False)
    assert reading.failure is None


async def test_a_scanned_code_that_is_no_code_is_declined_for_the_payer_to_show_another() -> None:
    async with adapting() as (gateway, adapter):
        refused = {"code": "40004", "sub_code": "ACQ.INVALID_PARAMETER", "sub_msg": "参数有误auth_code"}
        gateway.tell({"alipay.trade.pay": refused, "alipay.trade.query": NO_TRADE})
        evidence = await adapter.charge(charge(barcode()))
    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.retry) == (R.AUTHENTICATION_FAILED, A.CORRECTED_DATA)
