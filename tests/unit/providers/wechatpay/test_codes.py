"""Each code of WeChat Pay's tables has its meaning, and what is in none of them proves nothing."""

from __future__ import annotations

import logging

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Outcome, RetryAdvice
from tollbridge_server.providers.wechatpay.codes import Reading, Task, reading_of


def read(task: Task, status: int, code: str) -> Reading:
    return reading_of(task, status=status, code=code, message="why")


@pytest.mark.parametrize(
    ("status", "code", "reason", "retry"),
    [
        (400, "PARAM_ERROR", DeclineReason.PROVIDER_CONFIGURATION, RetryAdvice.AFTER_OPERATOR),
        (403, "RULE_LIMIT", DeclineReason.LIMIT_EXCEEDED, RetryAdvice.OTHER_METHOD),
        (403, "TRADE_ERROR", DeclineReason.GENERIC_DECLINE, RetryAdvice.OTHER_METHOD),
        (403, "NOT_ENOUGH", DeclineReason.INSUFFICIENT_FUNDS, RetryAdvice.OTHER_METHOD),
        (403, "NOTENOUGH", DeclineReason.INSUFFICIENT_FUNDS, RetryAdvice.OTHER_METHOD),
        (403, "ACCOUNTERROR", DeclineReason.ACCOUNT_RESTRICTED, RetryAdvice.OTHER_METHOD),
        (403, "OUT_TRADE_NO_USED", DeclineReason.DUPLICATE, RetryAdvice.NEVER),
        (400, "ORDER_CLOSED", DeclineReason.DUPLICATE, RetryAdvice.NEVER),
        (400, "OPENID_MISMATCH", DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA),
        (429, "FREQUENCY_LIMITED", DeclineReason.PROVIDER_UNAVAILABLE, RetryAdvice.LATER),
        (429, "RATELIMIT_EXCEEDED", DeclineReason.PROVIDER_UNAVAILABLE, RetryAdvice.LATER),
    ],
)
def test_a_refused_order_is_declined_once_a_query_confirms_it(
    status: int, code: str, reason: DeclineReason, retry: RetryAdvice
) -> None:
    found = read(Task.CHARGE, status, code)

    assert found.failure is not None
    assert (found.outcome, found.failure.reason, found.failure.retry) == (Outcome.DECLINED, reason, retry)
    assert (found.failure.provider_code, found.failure.provider_message) == (code, "why")
    assert found.is_doubtful


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "SIGN_ERROR"), (403, "NO_AUTH"), (400, "APPID_MCHID_NOT_MATCH"), (404, "MCH_NOT_EXISTS")],
)
def test_what_our_configuration_kept_out_names_the_operator_and_only_a_refund_may_have_a_history(
    status: int, code: str
) -> None:
    charge, refund = read(Task.CHARGE, status, code), read(Task.REFUND, status, code)

    for found in (charge, refund):
        assert found.failure is not None
        assert found.failure.reason is DeclineReason.PROVIDER_CONFIGURATION
        assert found.failure.retry is RetryAdvice.AFTER_OPERATOR
    assert (charge.is_doubtful, refund.is_doubtful) == (False, True)
    assert read(Task.CANCEL, status, code) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize("code", ["ORDER_PAID", "ORDERPAID", "OUT_TRADE_NO_USED", "ORDER_CLOSED", "ORDERCLOSED"])
def test_a_number_that_was_used_before_is_told_from_other_refusals(code: str) -> None:
    assert read(Task.CHARGE, 400, code).is_repeated
    assert not read(Task.CHARGE, 403, "TRADE_ERROR").is_repeated


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, "PARAM_ERROR"), (400, "INVALID_REQUEST"), (403, "RULE_LIMIT"), (403, "TRADE_ERROR")),
        *((400, "ORDER_PAID"), (400, "ORDER_CLOSED"), (404, "ORDER_NOT_EXIST"), (404, "ORDER_NOT_EXISTS")),
    ],
)
def test_a_refused_cancel_says_nothing_of_its_order(status: int, code: str, caplog: pytest.LogCaptureFixture) -> None:
    assert read(Task.CANCEL, status, code) == Reading(Outcome.UNKNOWN)
    assert not caplog.records, "WeChat Pay refuses so every day, and a query tells"


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "SYSTEM_ERROR"),
        (500, "BANK_ERROR"),
        (503, "SERVICE_UNAVAILABLE"),
        (500, "PARAM_ERROR"),
        (500, "SIGN_ERROR"),
        (500, "OPENID_MISMATCH"),
        (502, "MCH_NOT_EXISTS"),
        (502, ""),
        (202, "ACCEPTED"),
    ],
)
def test_an_error_of_their_server_proves_nothing(task: Task, status: int, code: str) -> None:
    assert read(task, status, code) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_code_that_is_not_known_is_unknown_and_logged(
    task: Task, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    assert read(task, status, "BRAND_NEW_CODE").outcome is Outcome.UNKNOWN
    assert "BRAND_NEW_CODE" in caplog.text


@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "ORDERNOTEXIST", "ORDER_NOT_EXISTS", "RESOURCE_NOT_EXISTS"])
def test_only_a_query_finds_that_there_is_nothing(code: str) -> None:
    assert read(Task.QUERY, 404, code) == Reading(Outcome.UNKNOWN, is_absent=True)
    assert not read(Task.QUERY, 400, code).is_absent
    assert not read(Task.CHARGE, 404, code).is_absent


@pytest.mark.parametrize("code", ["USERPAYING", "USER_PAYING"])
@pytest.mark.parametrize("status", [202, 400])
def test_a_payer_who_types_the_password_is_waited_for(status: int, code: str) -> None:
    assert read(Task.CHARGE, status, code) == read(Task.CANCEL, status, code) == Reading(Outcome.PENDING)
    assert read(Task.REFUND, status, code) == read(Task.QUERY, status, code) == Reading(Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "NOT_ENOUGH", DeclineReason.BALANCE_INSUFFICIENT),
        (400, "INVALID_REQUEST", DeclineReason.REFUND_NOT_POSSIBLE),
        (404, "RESOURCE_NOT_EXISTS", DeclineReason.REFUND_NOT_POSSIBLE),
        (404, "ORDER_NOT_EXIST", DeclineReason.REFUND_NOT_POSSIBLE),
        (404, "ORDERNOTEXIST", DeclineReason.REFUND_NOT_POSSIBLE),
        (404, "ORDER_NOT_EXISTS", DeclineReason.REFUND_NOT_POSSIBLE),
        (400, "REFUND_FEE_MISMATCH", DeclineReason.AMOUNT_INVALID),
        (403, "USER_ACCOUNT_ABNORMAL", DeclineReason.ACCOUNT_RESTRICTED),
    ],
)
def test_a_refused_refund_says_why(status: int, code: str, reason: DeclineReason) -> None:
    found = read(Task.REFUND, status, code)

    assert found.failure is not None
    assert (found.failure.reason, found.is_doubtful) == (reason, True)


def test_a_refund_that_was_throttled_may_have_been_made() -> None:
    assert read(Task.REFUND, 429, "FREQUENCY_LIMITED").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_a_question_s_error_never_fails_a_payment(status: int) -> None:
    for code in ("PARAM_ERROR", "SIGN_ERROR", "NO_AUTH", "FREQUENCY_LIMITED", "TRADE_ERROR"):
        assert read(Task.QUERY, status, code).outcome is Outcome.UNKNOWN
