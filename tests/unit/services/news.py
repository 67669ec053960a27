"""What a provider may say and when, and what a payment looks like after it: shared by the tests of bad order."""

from __future__ import annotations

from tollbridge_server.domain.event import ExceptionRecord
from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    Failure,
    NextAction,
    NextActionKind,
    Outcome,
)
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, Payment
from tollbridge_server.ports.provider import InboundNotification, Notification
from tollbridge_server.services.requests import PaymentLookup, PaymentView

from tests.unit.services.scripted import CALLER, QR, Bridge

EUR_1000 = Money(1000, "EUR")
ANY = frozenset(OperationKind)
FUNDS = Failure(DeclineReason.INSUFFICIENT_FUNDS, "51")
UNKNOWN = Evidence(Outcome.UNKNOWN, detail="silence")
UNSENT = Evidence(Outcome.UNKNOWN, unsent=True, detail="connection refused")
PENDING = Evidence(Outcome.PENDING)
SUCCEEDED = Evidence(Outcome.SUCCEEDED)
DECLINED = Evidence(Outcome.DECLINED, failure=FUNDS)
SHOW_QR = Evidence(Outcome.REQUIRES_ACTION, next_action=NextAction(NextActionKind.SHOW_QR, payload="qr"))


def answer(outcome: Outcome, amount: Money | None = None, *, reference: str = "") -> Evidence:
    """What the provider says when it is asked."""
    return Evidence(outcome, EvidenceSource.QUERY, reference, amount)


SILENT = answer(Outcome.UNKNOWN)
ABSENT = Evidence(Outcome.UNKNOWN, EvidenceSource.QUERY, absent=True)
GIVEN_BACK = Evidence(Outcome.CANCELED, EvidenceSource.QUERY, "t1", is_given_back=True, detail="paid, and given back")
PAID = answer(Outcome.SUCCEEDED, EUR_1000)


async def notify(
    bridge: Bridge,
    request_reference: str,
    outcome: Outcome,
    amount: Money | None = None,
    *,
    reference: str = "",
    event_id: str = "event",
    kinds: frozenset[OperationKind] = ANY,
    is_given_back: bool = False,
) -> int:
    """Let the provider's notification arrive; return the status that it is answered with."""
    failure = FUNDS if outcome is Outcome.DECLINED else None
    news = Evidence(outcome, EvidenceSource.NOTIFICATION, reference, amount, failure, is_given_back=is_given_back)
    bridge.adapter.notifications = [Notification(event_id, request_reference, kinds, news)]
    reply = await bridge.notifications.receive("scripted", "acme-1", InboundNotification(b"{}", {}, "", 1))
    assert reply is not None
    return reply.status


async def waiting(bridge: Bridge, *, is_manual: bool = False, may_ask: bool = False) -> Payment:
    """A payment of 10.00 EUR that shows a QR code, and waits for its payer."""
    bridge.adapter.will("charge", SHOW_QR)
    return (
        await bridge.pay(
            method=QR,
            capture_method=CaptureMethod.MANUAL if is_manual else CaptureMethod.AUTOMATIC,
            on_decline=OnDecline.ASK_PAYMENT_METHOD if may_ask else OnDecline.FAIL,
        )
    ).payment


def reference_of(bridge: Bridge, verb: str, number: int = 0) -> str:
    """The reference that one of the requests of this verb went out under."""
    return str(bridge.adapter.sent(verb)[number].request_reference)


async def view_of(bridge: Bridge, payment_id: str) -> PaymentView:
    return await bridge.payments.get(CALLER, PaymentLookup(payment_id))


async def payment_of(bridge: Bridge, payment_id: str) -> Payment:
    return (await view_of(bridge, payment_id)).payment


async def exceptions_of(bridge: Bridge, payment_id: str) -> list[ExceptionRecord]:
    """What was put before a person about this payment."""
    return list(await bridge.storage.read(lambda tx: tx.exceptions.of_payment(payment_id)))
