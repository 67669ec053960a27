"""What a provider told us about an attempt, in our own words; silence is UNKNOWN, never a failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tollbridge_server.domain.money import Money


class Outcome(StrEnum):
    """What one answer, query or notification says about an attempt."""

    SUCCEEDED = "SUCCEEDED"
    PENDING = "PENDING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"


class DeclineReason(StrEnum):
    """Why a provider declined, unified; the names are those of tollbridge.v1.DeclineReason without its prefix."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    CARD_EXPIRED = "CARD_EXPIRED"
    CVV_INCORRECT = "CVV_INCORRECT"
    CARD_NUMBER_INCORRECT = "CARD_NUMBER_INCORRECT"
    LOST_CARD = "LOST_CARD"
    STOLEN_CARD = "STOLEN_CARD"
    FRAUD_SUSPECTED = "FRAUD_SUSPECTED"
    DO_NOT_HONOR = "DO_NOT_HONOR"
    GENERIC_DECLINE = "GENERIC_DECLINE"
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED"
    AUTHENTICATION_REQUIRED = "AUTHENTICATION_REQUIRED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NOT_PERMITTED = "NOT_PERMITTED"
    AMOUNT_INVALID = "AMOUNT_INVALID"
    CURRENCY_NOT_SUPPORTED = "CURRENCY_NOT_SUPPORTED"
    PAYER_CANCELED = "PAYER_CANCELED"
    PAYER_TIMEOUT = "PAYER_TIMEOUT"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    NOT_PROCESSED = "NOT_PROCESSED"
    PROVIDER_CONFIGURATION = "PROVIDER_CONFIGURATION"
    REFUND_NOT_POSSIBLE = "REFUND_NOT_POSSIBLE"
    BALANCE_INSUFFICIENT = "BALANCE_INSUFFICIENT"
    DUPLICATE = "DUPLICATE"
    OTHER = "OTHER"
    PIN_INCORRECT = "PIN_INCORRECT"
    CARD_NOT_SUPPORTED = "CARD_NOT_SUPPORTED"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    AUTHORIZATION_EXPIRED = "AUTHORIZATION_EXPIRED"
    CAPTURE_NOT_POSSIBLE = "CAPTURE_NOT_POSSIBLE"
    CANCEL_NOT_POSSIBLE = "CANCEL_NOT_POSSIBLE"


class RetryAdvice(StrEnum):
    """Whether and how another try by the merchant makes sense after a decline."""

    NEVER = "NEVER"
    LATER = "LATER"
    OTHER_METHOD = "OTHER_METHOD"
    WITH_AUTHENTICATION = "WITH_AUTHENTICATION"
    CORRECTED_DATA = "CORRECTED_DATA"
    AFTER_OPERATOR = "AFTER_OPERATOR"


@dataclass(frozen=True, slots=True)
class Failure:
    """An authentic decline: our reason, the provider's own words, the network's advice and ours."""

    reason: DeclineReason
    provider_code: str = ""
    provider_message: str = ""
    network_advice: str = ""
    retry: RetryAdvice = RetryAdvice.NEVER


class NextActionKind(StrEnum):
    """What the payer or the merchant's page has to do before the payment can go on."""

    REDIRECT = "REDIRECT"
    SHOW_QR = "SHOW_QR"
    SDK_PARAMETERS = "SDK_PARAMETERS"
    WAIT = "WAIT"
    PROVIDE_PAYMENT_METHOD = "PROVIDE_PAYMENT_METHOD"


@dataclass(frozen=True, slots=True)
class NextAction:
    """One next action; which fields are set depends on `kind`.

    REDIRECT: `url`, `http_method` and `fields` (form fields). SHOW_QR: `payload`. SDK_PARAMETERS: `sdk` and
    `fields`. WAIT: `poll_after_s`. The first three may have `expires_at_us`.
    """

    kind: NextActionKind
    url: str = field(default="", repr=False)
    http_method: str = "GET"
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    payload: str = field(default="", repr=False)
    expires_at_us: int = 0
    sdk: str = ""
    poll_after_s: int = 0


class EvidenceSource(StrEnum):
    """How an evidence reached us; a query is the provider's present word and outranks a late notification."""

    REPLY = "REPLY"
    QUERY = "QUERY"
    NOTIFICATION = "NOTIFICATION"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement of a provider about one attempt.

    `amount` is what the provider says it moved or authorized; it is checked against what was asked. `absent`
    says that the provider does not know our reference (with UNKNOWN, or with the SUCCEEDED of a cancel that found
    nothing to end). `unsent` says that the request provably never left (with UNKNOWN, or with the DECLINED that the
    engine makes of it). `needs_person` says that the provider does nothing more by itself (with PENDING). `detail` says
    what is known beside the outcome, for the log and for the person who is called. `is_given_back` says that the money
    was taken, and all of it given back without a refund of ours (with the CANCELED of a charge, or with the SUCCEEDED
    of a cancel that came to it).
    """

    outcome: Outcome
    source: EvidenceSource = EvidenceSource.REPLY
    provider_reference: str = ""
    amount: Money | None = None
    failure: Failure | None = None
    next_action: NextAction | None = None
    absent: bool = False
    needs_person: bool = False
    unsent: bool = False
    is_given_back: bool = False
    detail: str = ""
