"""What the acquirer says of a charge and of an effect: the truth, unless an amount is to be reported wrongly."""

from __future__ import annotations

from tollbridge_server.providers.sandbox.wire import Answer
from tollbridge_server.testing.simulators.sandbox.book import (
    CANCELED,
    REQUIRES_ACTION,
    SUCCEEDED,
    ChargeEntry,
    EffectEntry,
)
from tollbridge_server.testing.simulators.sandbox.rules import Behavior


def about_charge(charge: ChargeEntry, action_url: str) -> Answer:
    """Return the answer about a charge: an authorization that was voided is canceled."""
    is_voided = charge.state == SUCCEEDED and charge.is_released and not charge.captured_minor
    is_open = charge.state == REQUIRES_ACTION
    return Answer(
        reference=charge.reference,
        id=charge.id,
        kind=charge.kind,
        state=CANCELED if is_voided else charge.state,
        code=charge.code,
        amount_minor=_reported(charge),
        currency=charge.currency,
        action=charge.action if is_open else "",
        action_url=action_url if is_open else "",
        expires_at_us=charge.expires_at_us if is_open else 0,
    )


def about_effect(effect: EffectEntry) -> Answer:
    """Return the answer about a capture, cancel or refund."""
    return Answer(
        reference=effect.reference,
        id=effect.id,
        kind=effect.kind,
        state=effect.state,
        code=effect.code,
        amount_minor=_reported(effect),
        currency=effect.currency,
    )


def _reported(entry: ChargeEntry | EffectEntry) -> int:
    """Return the amount that the acquirer says it moved."""
    is_wrong = entry.behavior == Behavior.WRONG_AMOUNT and entry.state == SUCCEEDED
    return entry.amount_minor + is_wrong
