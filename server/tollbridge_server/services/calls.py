"""Turns a stored intent into the provider call that carries it out, or the question that asks for its fate."""

from __future__ import annotations

from dataclasses import dataclass

from tollbridge_server.domain.evidence import Evidence, EvidenceSource
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.operation import Attempt, CancelCause, Operation, OperationKind
from tollbridge_server.domain.order import Identity
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import (
    Adapter,
    CancelOrder,
    CaptureOrder,
    CaptureReference,
    ChargeOrder,
    ChargeReference,
    Inquiry,
    RefundOrder,
)
from tollbridge_server.services.settings import MICROSECONDS


@dataclass(frozen=True, slots=True)
class Charge:
    """The opening operation and attempt of a payment, and its method: what captures, cancels and refunds refer to.

    `capture` is set beside a refund of an authorized payment at a provider that has to know it.
    """

    operation: Operation
    attempt: Attempt
    method: MethodKind
    capture: CaptureReference | None = None

    @property
    def reference(self) -> ChargeReference:
        """The charge as both sides know it."""
        return ChargeReference(
            request_reference=self.attempt.request_reference,
            provider_reference=self.attempt.provider_reference,
            amount=self.operation.amount,
            kind=self.operation.kind,
            method=self.method,
        )


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a charge needs and storage never holds: the payment method as the payer gave it, and the identity."""

    method: PaymentMethod
    identity: Identity | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the request can be rebuilt without them."""
        return self.method.is_replayable and self.identity is None


async def send(
    adapter: Adapter, case: Case, charge: Charge, secrets: Secrets | None, *, is_charge_over: bool = False
) -> Evidence:
    """Send the operation of `case`. `secrets` are needed for a charge, `is_charge_over` for a cancel of it."""
    operation, reference = case.operation, case.attempt.request_reference
    match operation.kind:
        case OperationKind.AUTHORIZE | OperationKind.SALE:
            if secrets is None:
                raise ValueError("a charge can not be sent without its payment method")
            payment = case.payment
            return await adapter.charge(
                ChargeOrder(
                    request_reference=reference,
                    kind=operation.kind,
                    amount=operation.amount,
                    method=secrets.method,
                    payment_id=payment.payment_id,
                    merchant_reference=payment.merchant_reference,
                    details=payment.details,
                    created_at_us=operation.created_at_us,
                    expires_at_us=ends_at_us(adapter, case),
                    identity=secrets.identity,
                )
            )
        case OperationKind.CAPTURE:
            return await adapter.capture(
                CaptureOrder(
                    request_reference=reference,
                    charge=charge.reference,
                    amount=operation.amount,
                    is_final=operation.is_final,
                    merchant_reference=case.payment.merchant_reference,
                    details=case.payment.details,
                )
            )
        case OperationKind.CANCEL:
            cause = operation.cancel_cause or CancelCause.CALLER
            return await adapter.cancel(CancelOrder(reference, charge.reference, cause, is_charge_over))
        case OperationKind.REFUND:
            reason = case.refund.reason if case.refund else ""
            return await adapter.refund(
                RefundOrder(reference, charge.reference, operation.amount, reason, charge.capture)
            )


def ends_at_us(adapter: Adapter, case: Case) -> int:
    """Return when the charge of `case` ends if it waits for its payer until then; 0 for never."""
    limit_s = adapter.capabilities.time_to_pay_s.get(case.payment.method.kind)
    expires_us = case.payment.expires_at_us
    if limit_s is None:
        return expires_us
    limit_us = case.operation.created_at_us + int(limit_s * MICROSECONDS)
    return min(expires_us, limit_us) if expires_us else limit_us


async def ask(
    adapter: Adapter, case: Case, charge: Charge, action_result: tuple[tuple[str, str], ...] = ()
) -> Evidence:
    """Ask the provider what became of the attempt of `case`; its answer is a query's, whatever the adapter calls it."""
    evidence = await adapter.query(
        Inquiry(
            kind=case.operation.kind,
            request_reference=case.attempt.request_reference,
            provider_reference=case.attempt.provider_reference,
            charge=charge.reference,
            amount=case.operation.amount,
            action_result=action_result,
            capture=charge.capture,
        )
    )
    return evidence if evidence.source is EvidenceSource.QUERY else replace(evidence, source=EvidenceSource.QUERY)
