"""Log lines are JSON with listed fields only, and nothing in them could be a card number."""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tollbridge_server.domain.cards import CARD_BRANDS, passes_luhn
from tollbridge_server.logs import FIELDS, REDACTED, redact_text

from tests.unit.logs.captured import Stream

CARD = "4242424242424242"
SPELLINGS = [
    CARD,
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "4242\u00a04242\u00a04242\u00a04242",
    "4242 - 4242-4242  4242".replace(" - ", "- "),
    "3782 822463 10005",
    "6011111111111117",
    "5555555555554444",
    "3530111333300000",
    "6200000000000005",
]


def logger() -> logging.Logger:
    return logging.getLogger("tests.logs")


@pytest.mark.parametrize("number", SPELLINGS)
@pytest.mark.parametrize("text", ["{}", "card {}!", "a{}z", "7{}", "{}7", "id=000{}000", "\n{}\n", "{0} and {0}"])
def test_a_card_number_is_replaced_however_it_is_written(number: str, text: str) -> None:
    swept = redact_text(text.format(number))

    assert REDACTED in swept
    assert not re.search(r"\d{5}|\d{4}.\d{4}", swept)


def test_digits_of_other_scripts_are_digits() -> None:
    assert redact_text(CARD.translate({ord("0") + n: chr(0x0660 + n) for n in range(10)})) == REDACTED


@pytest.mark.parametrize(
    "text",
    ["1999", "order-1001", "2026-11-23T10:11:12.123456Z", "127.0.0.1:7443", "4242", "411111111111", "1000000000001"],
)
def test_what_can_not_be_a_card_number_stays(text: str) -> None:
    assert redact_text(text) == text


def test_a_line_is_one_json_object_with_time_level_and_logger(stream: Stream) -> None:
    logger().warning("slow\n%s", "disk")

    [line] = stream.lines
    assert line["event"] == "slow\ndisk"
    assert line["level"] == "warning"
    assert line["logger"] == "tests.logs"
    assert line["timestamp"].endswith("Z")
    assert line.keys() <= FIELDS


def test_a_structlog_line_has_the_same_form(stream: Stream) -> None:
    structlog.get_logger().info("call", method="CreatePayment", elapsed_ms=1.5, code="OK")

    [line] = stream.lines
    assert (line["event"], line["method"], line["elapsed_ms"], line["level"]) == ("call", "CreatePayment", 1.5, "info")


def test_levels_below_the_configured_one_are_silent(stream: Stream) -> None:
    logging.getLogger().setLevel("INFO")
    logger().debug("quiet")

    assert stream.text == ""


@pytest.mark.parametrize("field", ["card_number", "cvv", "token", "request", "user"])
def test_a_field_that_is_not_listed_loses_its_value(stream: Stream, field: str) -> None:
    logger().info("one", extra={field: "private"})
    structlog.get_logger().info("two", **{field: "private"})

    assert [line[field] for line in stream.lines] == [REDACTED, REDACTED]
    assert "private" not in stream.text


@pytest.mark.parametrize("value", [CARD, int(CARD), -int(CARD), float(CARD), [CARD], {"number": CARD}, CARD.encode()])
def test_a_listed_field_is_swept_whatever_its_type(stream: Stream, value: Any) -> None:
    logger().info("one", extra={"reason": value})
    structlog.get_logger().info("two", reason=value)

    assert len(stream.lines) == 2
    assert CARD not in stream.text


def test_small_numbers_and_truth_values_keep_their_types(stream: Stream) -> None:
    structlog.get_logger().info("one", count=3, elapsed_ms=0.5, outcome=True, reason=None)

    [line] = stream.lines
    assert (line["count"], line["elapsed_ms"], line["outcome"], line["reason"]) == (3, 0.5, True, None)


def test_a_key_is_swept_too(stream: Stream) -> None:
    logger().info("one", extra={CARD: 1})
    structlog.get_logger().info("two", **{CARD: 1})

    assert len(stream.lines) == 2
    assert CARD not in stream.text


@pytest.mark.parametrize("log", [lambda: logger(), lambda: structlog.get_logger()], ids=["logging", "structlog"])
def test_a_traceback_is_kept_and_swept(stream: Stream, log: Any) -> None:
    try:
        try:
            raise KeyError(CARD)
        except KeyError as error:
            raise ValueError("4242 4242 4242 4242") from error
    except ValueError:
        log().exception("failed")

    [line] = stream.lines
    assert "ValueError" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert not re.search(r"4242.?4242", stream.text)


def test_arguments_that_do_not_fit_the_format_are_not_printed(stream: Stream) -> None:
    # pytest's own handlers would raise; only the configured one is asked here.
    [handler] = [found for found in logging.getLogger().handlers if found.__module__ == "tollbridge_server.logs"]
    handler.handle(logging.LogRecord("tests.logs", logging.INFO, __file__, 1, "%d", (CARD,), None))

    [line] = stream.lines
    assert line["event"] == "a log line could not be formatted"
    assert CARD not in stream.text


@pytest.mark.parametrize("value", [2**70, float("nan"), b"\xff", object()])
def test_what_json_can_not_hold_still_makes_a_line(stream: Stream, value: Any) -> None:
    logger().info("one %s", value, extra={"reason": value})
    structlog.get_logger().info("two", reason=value)

    assert [line["event"][:3] for line in stream.lines] == ["one", "two"]


def test_half_a_surrogate_pair_still_makes_a_line(stream: Stream) -> None:
    structlog.get_logger().info("one", reason="\ud800")

    assert stream.lines[0]["reason"] == "\\ud800"


def test_an_uncaught_error_is_a_swept_line(stream: Stream) -> None:
    try:
        raise RuntimeError(CARD)
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    [line] = stream.lines
    assert "RuntimeError" in line["exception"]
    assert CARD not in stream.text


def test_an_uncaught_error_of_a_thread_is_a_swept_line(stream: Stream) -> None:
    def fail() -> None:
        raise RuntimeError(CARD)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    [line] = stream.lines
    assert "RuntimeError" in line["exception"]
    assert CARD not in stream.text


def test_a_warning_is_a_swept_line(stream: Stream) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"deprecated {CARD}", stacklevel=1)
        logging.captureWarnings(capture=False)

    [line] = stream.lines
    assert line["logger"] == "py.warnings"
    assert CARD not in stream.text


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Numbers that a network could issue, with their check digit."""
    brand = draw(st.sampled_from(CARD_BRANDS))
    prefix = draw(st.sampled_from([low for low, _ in brand.prefixes]))
    length = draw(st.sampled_from(sorted(brand.lengths)))
    body = prefix + draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return next(body + check for check in "0123456789" if passes_luhn(body + check))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=card_numbers(),
    before=st.text(max_size=12),
    after=st.text(max_size=12),
    separator=st.sampled_from(["", " ", "-", "\u00a0"]),
    place=st.sampled_from(["message", "argument", "extra", "field", "exception", "nested"]),
)
def test_no_card_number_appears_wherever_it_is_put(
    stream: Stream, number: str, before: str, after: str, separator: str, place: str
) -> None:
    stream.clear()
    spelled = separator.join(re.findall(".{1,4}", number))
    text = before + spelled + after
    match place:
        case "message":
            logger().info(text.replace("%", "%%"))
        case "argument":
            logger().info("got %s", text)
        case "extra":
            logger().info("got", extra={"reason": text})
        case "field":
            structlog.get_logger().info("got", reason=text)
        case "nested":
            structlog.get_logger().info("got", reason={"deep": [text]})
        case "exception":
            logger().error("got", exc_info=ValueError(text))

    [line] = stream.lines
    assert number not in re.sub(r"[\s\u00a0-]", "", "".join(str(value) for value in line.values()))
    assert spelled not in stream.text
