"""What a provider's word of an end means beside refunds of our own: a charge that was refunded in full is closed, too.

Refuses to take our own refunds for a cancel that was done or for a payment that was undone, and to judge while one of
them is on its way.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import DeclineReason, Evidence, Failure, Outcome
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.operation import AttemptState, OperationKind

_REFUNDED = Failure(DeclineReason.CANCEL_NOT_POSSIBLE, provider_message="it was paid, and refunded")
_IS_REFUNDING = "the provider has closed it, and a refund is on its way: what closed it shows when that has ended"


def beside_own_refunds(case: Case, evidence: Evidence) -> Evidence:
    """Return what the evidence says, given what was refunded of the payment.

    A closed charge is as it was, and a cancel found it paid, where everything was taken and refunded. It is UNKNOWN
    while a refund of the rest is on its way. Everything else is returned as it is.
    """
    payment, state = case.payment, case.attempt.state
    is_cancel = case.operation.kind is OperationKind.CANCEL
    if is_cancel:
        tells_of_end = evidence.outcome is Outcome.SUCCEEDED and state is not AttemptState.SUCCEEDED
    else:
        is_charge = case.operation.kind.opens and state is AttemptState.SUCCEEDED
        tells_of_end = evidence.outcome is Outcome.CANCELED and is_charge
    is_taken = 0 < payment.authorized_minor <= payment.captured_minor
    if not tells_of_end or not is_taken:
        return evidence
    if payment.refunded_minor >= payment.captured_minor:
        failure = _REFUNDED if is_cancel else None
        return Evidence(Outcome.DECLINED if is_cancel else Outcome.SUCCEEDED, evidence.source, failure=failure)
    if payment.refunded_minor + payment.refund_reserved_minor >= payment.captured_minor:
        return Evidence(Outcome.UNKNOWN, evidence.source, detail=_IS_REFUNDING)
    return evidence
