"""WeChat Pay's answers as values; refuses content that is no JSON object, and amounts that are no integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tollbridge_server.domain.money import Money

CURRENCY = "CNY"
MAX_FIELD_LENGTH = 128


class AnswerUnreadable(ValueError):
    """Content that is no answer of WeChat Pay's form; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: HTTP status, whether its signature is right, and the members of its JSON object."""

    status: int
    is_signed: bool
    body: Mapping[str, Any] = field(repr=False)

    @property
    def is_success(self) -> bool:
        """Whether WeChat Pay says, with its signature, that it did what was asked."""
        return self.is_signed and self.status in (200, 204)

    @property
    def code(self) -> str:
        """The code of an error, or nothing."""
        return self.text("code")

    @property
    def wrong_field(self) -> str:
        """The place of the request that an error complains of, such as /body/payer/openid, or nothing."""
        detail = self.body.get("detail")
        place, name = (detail.get("location"), detail.get("field")) if isinstance(detail, Mapping) else ("", "")
        if not isinstance(place, str) or not isinstance(name, str) or not place or not name:
            return ""
        return f"/{place}/{name.removeprefix('/')}"[:MAX_FIELD_LENGTH]

    def text(self, name: str) -> str:
        """Return a member that is text, else nothing."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def amount(self, name: str) -> Money | None:
        """Return the member `name` of `amount` in fen; None unless it is there as an integer, in CNY."""
        amounts = self.body.get("amount")
        if not isinstance(amounts, Mapping) or amounts.get("currency", CURRENCY) != CURRENCY:
            return None
        value = amounts.get(name)
        return Money(value, CURRENCY) if type(value) is int and 0 <= value < 2**63 else None


def read_answer(status: int, content: bytes, *, is_signed: bool) -> Answer:
    """Return an answer; no content is an object without members. Raises AnswerUnreadable."""
    if not content.strip():
        return Answer(status, is_signed, {})
    try:
        parsed: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise AnswerUnreadable("the content is not JSON") from None
    if not isinstance(parsed, dict):
        raise AnswerUnreadable("the content is no object")
    return Answer(status, is_signed, parsed)
