"""What WeChat Pay answers: JSON or nothing, and errors as HTTP status, code, message and a detail that names the field.

It refuses nothing itself; whoever refuses a request raises Refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

OK_TAIL = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is signed; `tail` ends its Request-ID and names the exact reason of an error.

    `follows_notice`: the notifications that wait go out before it.
    """

    status: int
    body: bytes
    tail: int = OK_TAIL
    follows_notice: bool = False


class Refused(Exception):
    """A request that is answered with an error; nothing that it wrote stays."""

    def __init__(
        self, status: int, code: str, message: str, *, detail: Mapping[str, Any] | None = None, tail: int = 268435456
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.reply = error(status, code, message, detail=detail, tail=tail)


def document(content: Mapping[str, Any]) -> Reply:
    """Return an answer with a JSON object."""
    return Reply(200, orjson.dumps(content))


def error(
    status: int, code: str, message: str, *, detail: Mapping[str, Any] | None = None, tail: int = 268435456
) -> Reply:
    """Return an error as WeChat Pay writes it."""
    content: dict[str, Any] = {"code": code}
    if detail is not None:
        content["detail"] = detail
    content["message"] = message
    return Reply(status, orjson.dumps(content), tail)


NO_CONTENT = Reply(204, b"")
"""What a close is answered with."""


def invalid_request(message: str, *, tail: int = 268435456) -> Refused:
    """Return the refusal of what breaks a rule of the business."""
    return Refused(400, "INVALID_REQUEST", message, tail=tail)


def no_such_order() -> Refused:
    """Return the refusal of a number that no order has."""
    return Refused(404, "ORDER_NOT_EXIST", "订单不存在", tail=268435701)
