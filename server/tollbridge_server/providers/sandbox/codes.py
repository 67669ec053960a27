"""The acquirer's words in ours: its states as outcomes, its decline codes as reasons with advice.

A state that is not in the table is UNKNOWN; a decline code that is not in the table is a decline for another reason.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import DeclineReason, Failure, Outcome, RetryAdvice

OUTCOMES = {
    "succeeded": Outcome.SUCCEEDED,
    "pending": Outcome.PENDING,
    "requires_action": Outcome.REQUIRES_ACTION,
    "declined": Outcome.DECLINED,
    "canceled": Outcome.CANCELED,
}

_DECLINES: dict[str, tuple[DeclineReason, RetryAdvice, str]] = {
    "generic_decline": (DeclineReason.GENERIC_DECLINE, RetryAdvice.LATER, "the issuer declined"),
    "insufficient_funds": (DeclineReason.INSUFFICIENT_FUNDS, RetryAdvice.LATER, "insufficient funds"),
    "lost_card": (DeclineReason.LOST_CARD, RetryAdvice.NEVER, "the card is reported lost"),
    "stolen_card": (DeclineReason.STOLEN_CARD, RetryAdvice.NEVER, "the card is reported stolen"),
    "expired_card": (DeclineReason.CARD_EXPIRED, RetryAdvice.OTHER_METHOD, "the card has expired"),
    "incorrect_cvc": (DeclineReason.CVV_INCORRECT, RetryAdvice.CORRECTED_DATA, "the CVV is wrong"),
    "processing_error": (DeclineReason.ISSUER_UNAVAILABLE, RetryAdvice.LATER, "the issuer did not answer"),
    "card_velocity_exceeded": (DeclineReason.LIMIT_EXCEEDED, RetryAdvice.LATER, "a limit of the card is exceeded"),
    "fraudulent": (DeclineReason.FRAUD_SUSPECTED, RetryAdvice.NEVER, "fraud is suspected"),
    "authentication_failed": (
        DeclineReason.AUTHENTICATION_FAILED,
        RetryAdvice.WITH_AUTHENTICATION,
        "the payer did not pass 3-D Secure",
    ),
    "payer_canceled": (DeclineReason.PAYER_CANCELED, RetryAdvice.OTHER_METHOD, "the payer refused"),
    "expired": (DeclineReason.PAYER_TIMEOUT, RetryAdvice.LATER, "the payer let the time pass"),
    "amount_too_large": (DeclineReason.AMOUNT_INVALID, RetryAdvice.NEVER, "the amount exceeds what is left"),
    "amount_too_small": (DeclineReason.AMOUNT_INVALID, RetryAdvice.NEVER, "the amount is nothing"),
    "charge_released": (DeclineReason.CAPTURE_NOT_POSSIBLE, RetryAdvice.NEVER, "the authorization was released"),
    "charge_captured": (DeclineReason.CANCEL_NOT_POSSIBLE, RetryAdvice.NEVER, "everything was captured"),
    "charge_declined": (DeclineReason.CANCEL_NOT_POSSIBLE, RetryAdvice.NEVER, "the charge was declined"),
    "charge_not_approved": (DeclineReason.NOT_PERMITTED, RetryAdvice.NEVER, "the charge was not approved"),
    "charge_unknown": (DeclineReason.NOT_PERMITTED, RetryAdvice.NEVER, "the charge is not known"),
    "currency_differs": (DeclineReason.CURRENCY_NOT_SUPPORTED, RetryAdvice.NEVER, "the charge has another currency"),
}


def failure_of(code: str) -> Failure:
    """Return the failure for a decline code."""
    reason, retry, message = _DECLINES.get(code, (DeclineReason.OTHER, RetryAdvice.NEVER, "declined"))
    return Failure(reason, provider_code=code, provider_message=message, retry=retry)
