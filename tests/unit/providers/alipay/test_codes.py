"""Each code means what the table of its task says; what is unknown or unsigned is never a failure."""

from __future__ import annotations

import logging

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Outcome, RetryAdvice
from tollbridge_server.providers.alipay.codes import Reading, Task, is_settled, reading_of

R = DeclineReason
SENDING = (Task.CHARGE, Task.SCAN, Task.CAPTURE, Task.CANCEL, Task.REFUND)

CHARGE_DECLINES = {
    R.INSUFFICIENT_FUNDS: "BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH MONEY_NOT_ENOUGH",
    R.GENERIC_DECLINE: "NO_PAYMENT_INSTRUMENTS_AVAILABLE PAYMENT_FAIL PULL_MOBILE_CASHIER_FAIL",
    R.LIMIT_EXCEEDED: (
        "BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR BEYOND_PAY_RESTRICTION "
        "BEYOND_PER_RECEIPT_RESTRICTION BEYOND_PER_RECEIPT_DAY_RESTRICTION BEYOND_PER_RECEIPT_SINGLE_RESTRICTION "
        "MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT MERCHANT_PERM_RECEIPT_SINGLE_LIMIT MERCHANT_PERM_RECEIPT_DAY_LIMIT"
    ),
    R.ACCOUNT_RESTRICTED: (
        "ERROR_BALANCE_PAYMENT_DISABLE BUYER_ENABLE_STATUS_FORBID MOBILE_PAYMENT_SWITCH_OFF NOT_CERTIFIED_USER "
        "USER_FACE_PAYMENT_SWITCH_OFF ERROR_BUYER_CERTIFY_LEVEL_LIMIT PAYER_USER_STATUS_LIMIT PAYER_NOT_EXIST"
    ),
    R.NOT_PERMITTED: "BUYER_SELLER_EQUAL",
    R.AUTHENTICATION_FAILED: "PAYMENT_AUTH_CODE_INVALID",
    R.FRAUD_SUSPECTED: "PAYMENT_REQUEST_HAS_RISK",
    R.ISSUER_UNAVAILABLE: "USER_BANKCARD_STATUS_ERROR",
}
CONTRACT = {
    R.PROVIDER_CONFIGURATION: (
        "INVALID_PARAMETER ACCESS_FORBIDDEN EXIST_FORBIDDEN_WORD PARTNER_ERROR SUB_GOODS_SIZE_MAX_COUNT "
        "INVALID_STORE_ID SELLER_NOT_EXIST SELLER_BEEN_BLOCKED INVALID_RECEIVE_ACCOUNT MERCHANT_AGREEMENT_NOT_EXIST "
        "MERCHANT_STATUS_NOT_NORMAL SECONDARY_MERCHANT_STATUS_ERROR APPLY_PC_MERCHANT_CODE_ERROR "
        "DEFAULT_SETTLE_RULE_NOT_EXIST ILLEGAL_ARGUMENT HAS_NO_PRIVILEGE PAYEE_NOT_EXIST PAYER_PAYEE_EQUAL "
        "RISK_MERCHANT_IP_NOT_EXIST"
    ),
    R.AMOUNT_INVALID: "TOTAL_FEE_EXCEED UNSUPPORT_ORDER_AMOUNT",
    R.PAYER_TIMEOUT: "NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
}
CAPTURE_DECLINES = {
    R.CAPTURE_NOT_POSSIBLE: "AUTH_NO_ERROR AUTH_ORDER_NOT_PAID PAYER_UNMATCHED PRE_AUTH_PROD_CODE_INCONSISTENT",
    R.AMOUNT_INVALID: "AUTH_AMOUNT_NOT_ENOUGH REQUEST_AMOUNT_EXCEED",
    R.AUTHORIZATION_EXPIRED: "AUTH_ORDER_HAS_FINISHED AUTH_ORDER_HAS_CLOSED",
}
CANCEL_DECLINES = {
    R.CANCEL_NOT_POSSIBLE: (
        "TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED REASON_TRADE_REFUND_FEE_ERR REASON_TRADE_BEEN_FREEZEN "
        "CANCEL_OPERATION_TIME_OUT REQUEST_AMOUNT_EXCEED ILLEGAL_STATUS"
    ),
    R.BALANCE_INSUFFICIENT: "SELLER_BALANCE_NOT_ENOUGH",
}
REFUND_DECLINES = {
    R.REFUND_NOT_POSSIBLE: (
        "TRADE_NOT_EXIST TRADE_HAS_FINISHED TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID TRADE_NOT_ALLOW_REFUND "
        "REASON_TRADE_BEEN_FREEZEN BUYER_NOT_EXIST BUYER_ERROR USER_NOT_MATCH_ERR TRADE_SETTLE_ERROR "
        "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND CUSTOMER_VALIDATE_ERROR REFUNDALLOC_UNAUTH_LIMIT TRADE_HAS_CLOSE "
        "REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST NOT_ALLOW_PARTIAL_REFUND"
    ),
    R.AMOUNT_INVALID: (
        "REASON_TRADE_REFUND_FEE_ERR REFUND_AMT_NOT_EQUAL_TOTAL REFUND_FEE_ERROR ALLOC_AMOUNT_VALIDATE_ERROR"
    ),
    R.BALANCE_INSUFFICIENT: "SELLER_BALANCE_NOT_ENOUGH REFUND_ACCOUNT_NOT_EXIST OVERDRAFT_AGREEMENT_NOT_MATCH",
    R.CURRENCY_NOT_SUPPORTED: "CURRENCY_NOT_SUPPORT",
    R.DUPLICATE: "DISCORDANT_REPEAT_REQUEST",
}
DECLINES = [
    (task, code, reason)
    for task, table in (
        (Task.CHARGE, CHARGE_DECLINES),
        (Task.CHARGE, CONTRACT),
        (Task.SCAN, CHARGE_DECLINES),
        (Task.SCAN, CONTRACT),
        (Task.CAPTURE, CHARGE_DECLINES),
        (Task.CAPTURE, CONTRACT),
        (Task.CAPTURE, CAPTURE_DECLINES),
        (Task.CANCEL, CONTRACT),
        (Task.CANCEL, CANCEL_DECLINES),
        (Task.REFUND, CONTRACT),
        (Task.REFUND, REFUND_DECLINES),
    )
    for reason, codes in table.items()
    for code in codes.split()
]
SETTLED = {
    Task.CHARGE: (
        "TRADE_HAS_SUCCESS TRADE_HAS_CLOSE TRADE_HAS_FINISHED FREEZE_ALREADY_SUCCESS ORDER_ALREADY_CLOSED "
        "ORDER_ALREADY_FINISH CONTEXT_INCONSISTENT TRADE_BUYER_NOT_MATCH UNIQUE_VIOLATION"
    ),
    Task.CAPTURE: "TRADE_HAS_SUCCESS TRADE_HAS_CLOSE TRADE_HAS_FINISHED CONTEXT_INCONSISTENT",
    Task.CANCEL: (
        "TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID REASON_ILLEGAL_STATUS TRADE_HAS_CLOSE TRADE_HAS_SUCCESS "
        "TRADE_HAS_FINISHED ORDER_ALREADY_CLOSED ORDER_ALREADY_FINISH"
    ),
}
SETTLED[Task.SCAN] = SETTLED[Task.CHARGE]


def read(task: Task, sub_code: str, *, code: str = "40004", is_signed: bool = True) -> Reading:
    return reading_of(task, code=code, sub_code=sub_code, sub_message="reason", is_signed=is_signed)


@pytest.mark.parametrize("prefix", ["ACQ.", ""])
@pytest.mark.parametrize(("task", "code", "reason"), DECLINES)
def test_a_known_decline_has_its_reason(task: Task, code: str, reason: DeclineReason, prefix: str) -> None:
    reading = read(task, prefix + code)
    assert reading.outcome is Outcome.DECLINED
    assert reading.failure is not None
    assert (reading.failure.reason, reading.failure.provider_code) == (reason, prefix + code)


@pytest.mark.parametrize("code", sorted({code for _, code, _ in DECLINES}))
@pytest.mark.parametrize("task", Task)
def test_an_unsigned_business_error_proves_nothing(task: Task, code: str) -> None:
    assert read(task, f"ACQ.{code}", is_signed=False) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize("code", sorted({code for _, code, _ in DECLINES}))
def test_no_error_of_a_question_fails_a_payment(code: str) -> None:
    assert read(Task.QUERY, f"ACQ.{code}").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("code", ["ACQ.SYSTEM_ERROR", "AQC.SYSTEM_ERROR", "SYSTEM_ERROR", "BIZ_ERROR"])
@pytest.mark.parametrize("task", Task)
def test_a_system_error_is_an_open_outcome(task: Task, code: str) -> None:
    assert read(task, code) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("task", "code"), [(Task.CHARGE, "ACQ.ENTERPRISE_PAY_BIZ_ERROR"), (Task.REFUND, "ACQ.REFUND_CHARGE_ERROR")]
)
def test_a_temporary_error_is_an_open_outcome(task: Task, code: str) -> None:
    assert read(task, code) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize(("task", "code"), [(task, code) for task, codes in SETTLED.items() for code in codes.split()])
def test_what_happened_before_has_to_be_asked_for(task: Task, code: str) -> None:
    assert read(task, f"ACQ.{code}") == Reading(Outcome.UNKNOWN)
    assert is_settled(task, code="40004", sub_code=f"ACQ.{code}", is_signed=True)


@pytest.mark.parametrize(
    ("task", "code", "sub_code", "is_signed"),
    [
        (Task.CHARGE, "40004", "ACQ.TRADE_HAS_SUCCESS", False),
        (Task.CHARGE, "20000", "ACQ.TRADE_HAS_SUCCESS", True),
        (Task.CHARGE, "40004", "ACQ.SYSTEM_ERROR", True),
        (Task.REFUND, "40004", "ACQ.TRADE_HAS_CLOSE", True),
        (Task.QUERY, "40004", "ACQ.TRADE_HAS_CLOSE", True),
    ],
)
def test_other_refusals_say_nothing_of_what_happened_before(
    task: Task, code: str, sub_code: str, is_signed: bool
) -> None:
    assert not is_settled(task, code=code, sub_code=sub_code, is_signed=is_signed)


@pytest.mark.parametrize(
    "code", ["ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST", "AUTH_ORDER_NOT_EXIST", "AUTH_OPERATION_NOT_EXIST"]
)
def test_not_found_is_absent_and_no_failure(code: str) -> None:
    assert read(Task.QUERY, code) == Reading(Outcome.UNKNOWN, is_absent=True)


@pytest.mark.parametrize("task", Task)
def test_an_unknown_business_code_is_unknown_and_logged(task: Task, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert read(task, "ACQ.NEVER_HEARD_OF") == Reading(Outcome.UNKNOWN)
    assert "NEVER_HEARD_OF" in caplog.text


@pytest.mark.parametrize("code", ["", "99999", "10001", "40007"])
def test_an_unknown_gateway_code_is_unknown_and_logged(code: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert read(Task.CHARGE, "", code=code) == Reading(Outcome.UNKNOWN)
    assert "proves nothing" in caplog.text


@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize("code", ["40001", "40002", "40003", "40006"])
@pytest.mark.parametrize("task", SENDING)
def test_a_configuration_error_was_not_executed(task: Task, code: str, is_signed: bool) -> None:
    reading = read(task, "isv.invalid-app-id", code=code, is_signed=is_signed)
    assert reading.failure is not None
    assert reading.outcome is Outcome.DECLINED
    assert (reading.failure.reason, reading.failure.retry) == (R.PROVIDER_CONFIGURATION, RetryAdvice.AFTER_OPERATOR)


def test_a_token_error_counts_when_it_is_signed() -> None:
    assert read(Task.CHARGE, "aop.invalid-auth-token", code="20001").outcome is Outcome.DECLINED
    assert read(Task.CHARGE, "aop.invalid-auth-token", code="20001", is_signed=False).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("code", ["40001", "40002", "40003", "40006", "20001", "20000", "40005"])
def test_a_question_that_the_gateway_refuses_is_unknown(code: str) -> None:
    assert read(Task.QUERY, "isv.x", code=code) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize("task", Task)
def test_an_unavailable_service_is_unknown(task: Task) -> None:
    assert read(task, "isp.unknow-error", code="20000") == Reading(Outcome.UNKNOWN)


def test_a_limited_call_declines_the_scanned_code_that_nobody_can_send_again() -> None:
    scan = read(Task.SCAN, "isv.app-call-limited", code="40005")
    assert scan.failure is not None
    assert (scan.failure.reason, scan.failure.retry) == (R.PROVIDER_UNAVAILABLE, RetryAdvice.LATER)
    assert read(Task.SCAN, "isv.app-call-limited", code="40005", is_signed=False) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize("task", [Task.CHARGE, Task.CAPTURE, Task.CANCEL, Task.REFUND, Task.QUERY])
def test_a_limited_call_of_anything_else_is_open_and_goes_out_again(task: Task) -> None:
    assert read(task, "isv.app-call-limited", code="40005") == Reading(Outcome.UNKNOWN)


def test_in_process_is_pending_only_when_it_is_signed() -> None:
    assert read(Task.CHARGE, "", code="10003").outcome is Outcome.PENDING
    assert read(Task.CHARGE, "", code="10003", is_signed=False).outcome is Outcome.UNKNOWN
