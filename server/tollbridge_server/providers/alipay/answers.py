"""Alipay's answers and notifications as values: the fields that we use, and nothing else.

A number is read as the text that it was written as, and never becomes a float. Refuses a field of any other type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from tollbridge_server.providers.alipay.codes import SUCCESS


class AnswerUnreadable(ValueError):
    """Content that is no answer of Alipay's form; the text is for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer under Alipay's own field names; what is not in it is empty. `is_signed`: its signature is right."""

    is_signed: bool = False
    code: str = ""
    sub_code: str = ""
    sub_msg: str = ""
    out_trade_no: str = ""
    trade_no: str = ""
    trade_status: str = ""
    total_amount: str = ""
    buyer_pay_amount: str = ""
    send_pay_date: str = ""
    gmt_payment: str = ""
    gmt_refund: str = ""
    qr_code: str = field(default="", repr=False)
    action: str = ""
    retry_flag: str = ""
    out_request_no: str = ""
    fund_change: str = ""
    refund_fee: str = ""
    refund_amount: str = ""
    refund_status: str = ""
    auth_no: str = ""
    out_order_no: str = ""
    order_status: str = ""
    status: str = ""
    amount: str = ""
    rest_amount: str = ""
    total_freeze_amount: str = ""
    total_pay_amount: str = ""
    payer_user_id: str = field(default="", repr=False)
    payer_open_id: str = field(default="", repr=False)
    code_value: str = field(default="", repr=False)
    alipay_cert_content: str = field(default="", repr=False)
    bill_download_url: str = field(default="", repr=False)
    bill_file_code: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the gateway says, with its signature, that it did what was asked."""
        return self.is_signed and self.code == SUCCESS


_NAMES = frozenset(each.name for each in fields(Answer)) - {"is_signed"}


def read_answer(content: bytes, *, is_signed: bool) -> Answer:
    """Return the answer in a node's JSON. Raises AnswerUnreadable."""
    try:
        orjson.loads(content)  # It refuses texts that are no Unicode, which the next reading does not.
        parsed: Any = json.loads(content, parse_int=str, parse_float=str)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise AnswerUnreadable("the content is not JSON, or too deep") from error
    if not isinstance(parsed, dict):
        raise AnswerUnreadable("the content is no object")
    texts: dict[str, str] = {}
    for name in _NAMES & parsed.keys():
        value = parsed[name]
        if value is None:
            continue
        if not isinstance(value, str):
            raise AnswerUnreadable(f"{name} is no text")
        texts[name] = value
    return Answer(is_signed=is_signed, **texts)


def answer_of_notification(posted: Mapping[str, str]) -> Answer:
    """Return what a verified notification says about its trade or freeze."""
    return Answer(is_signed=True, **{name: posted[name] for name in _NAMES & posted.keys()})
