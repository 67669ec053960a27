"""How this WeChat Pay goes about what its documents leave open, and which rules are on.

Refuses times that are no times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What can be switched. Times in seconds of WeChat Pay's own: haste divides those that say so.

    `refund_pause_s` has to pass between two refunds of one order: 60 is the real rule, and 0, which lets a program
    refund as often as it likes, is the switch that leaves it out (haste divides it). `userpaying_s` is how long a payer
    types the password, `reverse_after_s` how old a payment by a code has to be before it is reversed,
    `refund_settles_s` how long a refund takes, and `late_by_s` when a notification that comes late comes once more
    (haste divides all of them). `longest_order_s` is how far ahead an order's time_expire may be, of which some
    documents say 15 days, and `closes_after_s` when an order that nobody paid closes by itself.

    With `signs_errors` answers of 4xx and 5xx are signed too, as the documents say; the real ones were seen without.
    With `shows_refunds_late` an order's state is REFUND when a refund has succeeded, not when one is accepted.
    """

    refund_pause_s: float = 0.0
    userpaying_s: float = 10.0
    reverse_after_s: float = 15.0
    refund_settles_s: float = 5.0
    late_by_s: float = 20.0
    longest_order_s: float = 7 * DAY_S
    closes_after_s: float = 7 * DAY_S
    signs_errors: bool = False
    shows_refunds_late: bool = False

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name.endswith("_s") and not 0 <= value <= 1000 * DAY_S:
                raise ValueError(f"{each.name} has to be a number of seconds, at most a thousand days")


def read_practice(present: Practice, changes: Mapping[str, str]) -> Practice:
    """Return the practice with changes of its fields, such as signs_errors=true. Raises ValueError."""
    changed: dict[str, Any] = {name: _read(name, text) for name, text in changes.items()}
    return replace(present, **changed)


def _read(name: str, text: str) -> float | bool:
    try:
        return float(text) if name.endswith("_s") else {"true": True, "false": False}[text]
    except (ValueError, KeyError):
        kind = "a number of seconds" if name.endswith("_s") else "true or false"
        raise ValueError(f"{name} has to be {kind}") from None
