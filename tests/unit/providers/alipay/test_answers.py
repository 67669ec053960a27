"""An answer's fields are texts; a number is read as it was written, and anything else is no answer."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import EvidenceSource, Outcome
from tollbridge_server.providers.alipay.answers import AnswerUnreadable, read_answer
from tollbridge_server.providers.alipay.evidence import trade_evidence

from tests.unit.providers.alipay.orders import cny


@pytest.mark.parametrize("written", ["88.88", "88.8", "88", "100000000.00", "0.10", "12345678901234567890", "1e3"])
def test_a_number_is_read_as_it_was_written(written: str) -> None:
    assert read_answer(b'{"total_amount":%s}' % written.encode(), is_signed=True).total_amount == written


def test_a_payment_in_numbers_is_a_payment() -> None:
    content = (
        b'{"code":10000,"out_trade_no":"charge","trade_no":2026,"trade_status":"TRADE_SUCCESS","total_amount":0.29}'
    )
    answer = read_answer(content, is_signed=True)
    assert answer.is_success
    evidence = trade_evidence(answer, "charge", EvidenceSource.QUERY)
    assert (evidence.outcome, evidence.amount, evidence.provider_reference) == (Outcome.SUCCEEDED, cny(29), "2026")


@pytest.mark.parametrize("value", [b"true", b"[1]", b'{"a":1}'])
def test_a_field_that_is_neither_text_nor_number_is_no_answer(value: bytes) -> None:
    with pytest.raises(AnswerUnreadable, match="total_amount"):
        read_answer(b'{"total_amount":%s}' % value, is_signed=True)


def test_nothing_in_a_field_is_an_empty_field() -> None:
    assert read_answer(b'{"total_amount":null}', is_signed=True).total_amount == ""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"total_amount":NaN}', id="no number"),
        pytest.param(b'{"total_amount":Infinity}', id="no number either"),
        pytest.param(b'{"sub_msg":"\\ud800"}', id="half a character"),
        pytest.param(b'{"sub_msg":"\xff"}', id="no text"),
        pytest.param(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", id="too deep"),
        pytest.param(b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", id="too deep for one of two readers"),
        pytest.param('{"code":"10000"}'.encode("utf-16"), id="another encoding"),
    ],
)
def test_content_that_is_no_sound_object_is_no_answer(content: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        read_answer(content, is_signed=True)
