"""What Alipay can not be asked at all, said before anything is sent.

Refuses nothing that Alipay itself could answer: its limits by contract are its own to state.
"""

from __future__ import annotations

import re

from tollbridge_server.domain.evidence import DeclineReason, Evidence, Failure, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.ports.provider import UnsupportedOperation
from tollbridge_server.providers.alipay.money import CURRENCY, is_payable

MAX_REFERENCE_LENGTH = 64

_REFERENCE = re.compile(rf"[A-Za-z0-9_]{{1,{MAX_REFERENCE_LENGTH}}}", re.ASCII)


def require_references(*references: str) -> None:
    """Raise UnsupportedOperation for a reference that Alipay does not take: ours always are letters and digits."""
    for reference in references:
        if not _REFERENCE.fullmatch(reference):
            raise UnsupportedOperation(
                f"Alipay takes references of 1 to {MAX_REFERENCE_LENGTH} letters, digits and underscores"
            )


def refusal_of_amount(amount: Money) -> Evidence | None:
    """Return the decline of an amount that Alipay does not take, or None."""
    if amount.currency != CURRENCY:
        return declined(DeclineReason.CURRENCY_NOT_SUPPORTED, RetryAdvice.OTHER_METHOD, "Alipay takes CNY only")
    if not is_payable(amount):
        message = "Alipay takes 0.01 to 100000000.00 CNY"
        return declined(DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA, message)
    return None


def declined(reason: DeclineReason, retry: RetryAdvice, message: str) -> Evidence:
    """Return a decline that we state ourselves, with no code of Alipay's."""
    return Evidence(Outcome.DECLINED, failure=Failure(reason, provider_message=message, retry=retry))
