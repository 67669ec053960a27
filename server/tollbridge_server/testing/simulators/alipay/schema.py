"""Says which field of a request breaks its rule: it is missing, of another type, too long, or of another form.

A field without a rule is let through, since Alipay ignores what it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Kind(Enum):
    """What a field is made of."""

    TEXT = auto()
    OBJECT = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """One field; `most` is its greatest number of characters or entries (0: any), `is_sound` judges a text's form."""

    kind: Kind = Kind.TEXT
    required: bool = False
    most: int = 0
    is_sound: Callable[[str], bool] | None = None
    fields: Mapping[str, Rule] = field(default_factory=dict)
    entry: Rule | None = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first field that breaks its rule; `is_too_many`: a list with too many entries."""

    name: str
    is_too_many: bool = False


def flaw_of(members: Mapping[str, Any], rules: Mapping[str, Rule], *, within: str = "") -> Flaw | None:
    """Return what is wrong with an object's fields, None if nothing is; null and an empty text are not given."""
    for name, rule in rules.items():
        place, value = f"{within}{name}", members.get(name)
        is_given = value not in (None, "")
        flaw = _flaw_of_value(rule, value, place) if is_given else None
        if flaw is not None or (rule.required and not is_given):
            return flaw or Flaw(place)
    return None


def text_of(value: object) -> str | None:
    """Return a text, or a number as one, since Alipay takes numbers where it asks for texts; None for the rest."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _flaw_of_value(rule: Rule, value: object, place: str) -> Flaw | None:
    match rule.kind:
        case Kind.OBJECT:
            return flaw_of(value, rule.fields, within=f"{place}.") if isinstance(value, dict) else Flaw(place)
        case Kind.LIST:
            return _flaw_of_list(rule, value, place) if isinstance(value, list) else Flaw(place)
        case Kind.TEXT:
            text = text_of(value)
            is_short = text is not None and len(text) <= (rule.most or len(text))
            is_sound = text is not None and (rule.is_sound is None or rule.is_sound(text))
            return None if is_short and is_sound else Flaw(place)


def _flaw_of_list(rule: Rule, entries: list[Any], place: str) -> Flaw | None:
    if rule.most and len(entries) > rule.most:
        return Flaw(place, is_too_many=True)
    flaws = (_flaw_of_value(rule.entry, entry, place) for entry in entries) if rule.entry else ()
    return next((flaw for flaw in flaws if flaw is not None), None)
