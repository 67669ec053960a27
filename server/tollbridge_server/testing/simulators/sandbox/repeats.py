"""Whether a request under a reference that was used is the first one again; any other one reuses the reference."""

from __future__ import annotations

from tollbridge_server.providers.sandbox.wire import Request, Verb
from tollbridge_server.testing.simulators.sandbox.book import ChargeEntry, EffectEntry


def is_same_charge(charge: ChargeEntry, request: Request) -> bool:
    """Compare with all that the book holds of the first request; it holds neither card numbers nor hashes of them."""
    return (
        charge.kind == request.kind
        and charge.amount_minor == request.amount_minor
        and charge.currency == request.currency
        and charge.method == request.method
        and charge.last_four == request.card_number[-4:]
        and charge.return_url == request.return_url
        and charge.expires_at_us == request.expires_at_us
    )


def is_same_effect(effect: EffectEntry, verb: Verb, request: Request) -> bool:
    if effect.kind != verb.name or effect.charge != request.charge:
        return False
    return verb is Verb.CANCEL or (
        effect.amount_minor == request.amount_minor
        and effect.currency == request.currency
        and effect.is_final == request.is_final
    )
