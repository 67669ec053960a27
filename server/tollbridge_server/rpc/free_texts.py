"""Refuses card numbers where a caller writes what it likes: such texts are stored as given, sent on and returned.

Numbers of the merchant's own, such as its order number, are left alone: one of 16 digits may look like a card's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from tollbridge_server.domain.cards import brand_of, passes_luhn
from tollbridge_server.domain.errors import ErrorReason, FieldViolation, RequestError

_FREE = frozenset({"customer", "description", "metadata", "order", "reason", "statement_descriptor"})
# What goes to the provider and is stored nowhere may be any number.
_NEVER_STORED = frozenset({"identity"})
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ \t\u00a0-]{0,2}\d){11,18}(?!\d)")
_REMEDY = "this is a card number; card data belongs in payment_method.card alone, where it is never stored"


def refuse_card_numbers(request: Message) -> None:
    """Raise RequestError, which names the field and never the number, when a free text holds a card number."""
    for field, value in request.ListFields():
        if field.name not in _FREE:
            continue
        for path, text in _texts(field.name, value):
            if any(_is_card_number(found.group()) for found in _LONG_NUMBER.finditer(text)):
                violation = FieldViolation(path, _REMEDY)
                raise RequestError(ErrorReason.REQUEST_INVALID, f"{path}: {_REMEDY}", violations=(violation,))


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text under `value` with the path of its field; the keys of maps are texts as well."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Message):
        for field, inner in value.ListFields():
            if field.name not in _NEVER_STORED:
                yield from _texts(f"{path}.{field.name}", inner)
    elif isinstance(value, Mapping):
        for key, text in value.items():
            yield path, key
            yield path, text
    elif isinstance(value, Sequence):
        for number, inner in enumerate(value):
            yield from _texts(f"{path}[{number}]", inner)


def _is_card_number(run: str) -> bool:
    """Whether a whole run of digits, of any script, is a number that a network could have issued."""
    digits = "".join(str(int(sign)) for sign in run if sign.isdecimal())
    brand = brand_of(digits)
    return brand is not None and len(digits) in brand.lengths and passes_luhn(digits)
