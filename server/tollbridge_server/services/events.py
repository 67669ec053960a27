"""Event rows: one for each version of a payment, made from the payment as it is after the change."""

from __future__ import annotations

from tollbridge_server.domain import ids
from tollbridge_server.domain.event import Event
from tollbridge_server.domain.payment import Payment
from tollbridge_server.domain.refund import Refund
from tollbridge_server.ports.clock import Clock


def payment_event(before: Payment | None, after: Payment, clock: Clock) -> Event:
    """Return the event of a payment's new version: created, its new state, or updated where the state stayed."""
    if before is None:
        return _event(after, None, "payment.created", clock)
    kind = "updated" if after.state is before.state else after.state.lower()
    return _event(after, None, f"payment.{kind}", clock)


def refund_event(before: Refund | None, after: Refund, payment: Payment, clock: Clock) -> Event:
    """Return the event of a refund's change, under the payment version that came with it."""
    kind = "created" if before is None else "updated" if after.state is before.state else after.state.lower()
    return _event(payment, after, f"refund.{kind}", clock)


def _event(payment: Payment, refund: Refund | None, kind: str, clock: Clock) -> Event:
    # Written out: states and currencies are plain words, and this is on the way of every payment.
    body = (
        f'"state":"{payment.state}","currency":"{payment.currency}","amount":{payment.amount_minor},'
        f'"authorized":{payment.authorized_minor},"captured":{payment.captured_minor},'
        f'"refunded":{payment.refunded_minor}'
    )
    if refund is not None:
        body += f',"refund_state":"{refund.state}","refund_amount":{refund.amount.amount_minor}'
    now_us = clock.now_us()
    return Event(
        event_id=ids.time_ordered_id(ids.EVENT_PREFIX, now_ms=now_us // 1000, entropy=clock.entropy(ids.ENTROPY_BYTES)),
        merchant_id=payment.merchant_id,
        payment_id=payment.payment_id,
        refund_id=refund.refund_id if refund else "",
        type=kind,
        version=payment.version,
        body=f"{{{body}}}",
        created_at_us=now_us,
    )
