"""The sandbox acquirer's wire: JSON requests and answers, as pure builders and parsers. Refuses unknown fields."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any, TypeVar

import orjson

from tollbridge_server.ports.provider import CancelOrder, CaptureOrder, ChargeOrder, Inquiry, RefundOrder

T = TypeVar("T")


class Verb(Enum):
    """What a request asks for; the value is its path."""

    CHARGE = "/v1/charges"
    CAPTURE = "/v1/captures"
    CANCEL = "/v1/cancels"
    REFUND = "/v1/refunds"
    QUERY = "/v1/queries"


class ActionType(StrEnum):
    """How the payer goes on."""

    REDIRECT = "redirect"
    QR = "qr"


@dataclass(slots=True)
class Request:
    """One request; which fields are set depends on the verb. `charge` is the reference of the charge it concerns."""

    reference: str
    kind: str = ""
    charge: str = ""
    amount_minor: int = 0
    currency: str = ""
    method: str = ""
    card_number: str = field(default="", repr=False)
    card_expiry: str = field(default="", repr=False)
    card_cvv: str = field(default="", repr=False)
    return_url: str = ""
    expires_at_us: int = 0
    is_final: bool = False


@dataclass(slots=True)
class Answer:
    """What the acquirer says about one reference; `state` is succeeded, pending, requires_action, declined, canceled
    or not_found."""

    reference: str
    state: str
    id: str = ""
    kind: str = ""
    code: str = ""
    amount_minor: int = 0
    currency: str = ""
    action: str = ""
    action_url: str = ""
    expires_at_us: int = 0


class Unreadable(ValueError):
    """Bytes that are no message of this wire."""


def charge_request(order: ChargeOrder) -> Request:
    """Return the request for an authorization or a sale."""
    card = order.method.card
    return Request(
        reference=order.request_reference,
        kind=order.kind.value,
        amount_minor=order.amount.amount_minor,
        currency=order.amount.currency,
        method=order.method.kind.value,
        card_number=card.number if card else "",
        card_expiry=f"{card.expiry_year:04}-{card.expiry_month:02}" if card else "",
        card_cvv=card.cvv if card else "",
        return_url=order.details.return_url,
        expires_at_us=order.expires_at_us,
    )


def capture_request(order: CaptureOrder) -> Request:
    """Return the request for a capture."""
    return Request(
        reference=order.request_reference,
        charge=order.charge.request_reference,
        amount_minor=order.amount.amount_minor,
        currency=order.amount.currency,
        is_final=order.is_final,
    )


def cancel_request(order: CancelOrder) -> Request:
    """Return the request for a cancel."""
    return Request(
        reference=order.request_reference,
        charge=order.charge.request_reference,
        currency=order.charge.amount.currency,
    )


def refund_request(order: RefundOrder) -> Request:
    """Return the request for a refund."""
    return Request(
        reference=order.request_reference,
        charge=order.charge.request_reference,
        amount_minor=order.amount.amount_minor,
        currency=order.amount.currency,
    )


def query_request(inquiry: Inquiry) -> Request:
    """Return the request for the present state of one reference."""
    return Request(reference=inquiry.request_reference, kind=inquiry.kind.value)


def write(message: Request | Answer) -> bytes:
    """Return the JSON of a message."""
    return orjson.dumps(message)


def read_request(body: bytes) -> Request:
    """Return the request in `body`. Raises Unreadable."""
    request = _read(Request, body)
    if request.amount_minor < 0 or not request.reference:
        raise Unreadable("a request needs a reference and no negative amount")
    return request


def read_answer(body: bytes) -> Answer:
    """Return the answer in `body`. Raises Unreadable."""
    return _read(Answer, body)


def answer_of(parsed: Any) -> Answer:
    """Return the answer in parsed JSON. Raises Unreadable."""
    return _build(Answer, parsed)


def _read(kind: type[T], body: bytes) -> T:
    try:
        return _build(kind, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise Unreadable("not JSON") from error


def _build(kind: type[T], parsed: Any) -> T:
    """Return the message, if every field is known and has its own type: an amount as text is no amount."""
    types = _FIELD_TYPES[kind]
    if not isinstance(parsed, dict):
        raise Unreadable("not an object")
    for name, value in parsed.items():
        if type(value) is not types.get(name):
            raise Unreadable(f"{name} is unknown or of another type")
    try:
        return kind(**parsed)
    except TypeError as error:
        raise Unreadable("a field is missing") from error


_FIELD_TYPES: dict[type, dict[str, type]] = {
    kind: {f.name: {"str": str, "int": int, "bool": bool}[str(f.type)] for f in fields(kind)}
    for kind in (Request, Answer)
}
