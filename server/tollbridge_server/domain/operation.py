"""Operations (one side-effecting call on behalf of a payment) and attempts (one try of it at one account)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.domain.evidence import Failure, NextAction
from tollbridge_server.domain.money import Money


class OperationKind(StrEnum):
    """What an operation asks the provider to do."""

    AUTHORIZE = "AUTHORIZE"
    SALE = "SALE"
    CAPTURE = "CAPTURE"
    CANCEL = "CANCEL"
    REFUND = "REFUND"

    @property
    def opens(self) -> bool:
        """Whether the operation is the one that asks for the payer's money."""
        return self in (OperationKind.AUTHORIZE, OperationKind.SALE)

    @property
    def captures(self) -> bool:
        """Whether the operation is one that takes the money."""
        return self in (OperationKind.SALE, OperationKind.CAPTURE)


class CancelCause(StrEnum):
    """Why a payment is being canceled at the provider; it decides what the payment becomes."""

    CALLER = "CALLER"
    EXPIRY = "EXPIRY"
    METHOD_CHANGE = "METHOD_CHANGE"
    NOT_PROCESSED = "NOT_PROCESSED"


class OperationState(StrEnum):
    """Where an operation stands, as callers see it."""

    PROCESSING = "PROCESSING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    NEEDS_REVIEW = "NEEDS_REVIEW"


class AttemptState(StrEnum):
    """Where an attempt stands. The order of the rank is the order in which evidence may move it."""

    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    PENDING = "PENDING"
    UNRESOLVED = "UNRESOLVED"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"
    CONTRADICTED = "CONTRADICTED"

    @property
    def is_final(self) -> bool:
        """Whether only a contradiction can still change the attempt."""
        return self in FINAL_ATTEMPT_STATES


FINAL_ATTEMPT_STATES = frozenset(
    {AttemptState.SUCCEEDED, AttemptState.DECLINED, AttemptState.CANCELED, AttemptState.CONTRADICTED}
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One side-effecting call to a provider; times are microseconds since the epoch.

    `is_final` says of a capture that the rest of the authorization is released with it. `refund_id` is set
    for a refund, `cancel_cause` for a cancel. `capture_operation_id` is the capture that a refund is of, where the
    provider has to know. `reason` is what the caller said why.
    """

    operation_id: str
    payment_id: str
    merchant_id: str
    kind: OperationKind
    state: OperationState
    amount: Money
    created_at_us: int
    updated_at_us: int
    refund_id: str = ""
    is_final: bool = False
    cancel_cause: CancelCause | None = None
    reason: str = ""
    failure: Failure | None = None
    capture_operation_id: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of an operation at one provider account, under one request reference.

    `lease_until_us` gates sending: nobody else sends before it passes; an answer clears it. `send_deadline_us` is
    after the moment when the transport gives up at the latest. `key_expires_at_us` ends the time in which the
    provider still knows our reference as the same request. `next_check_at_us` is when the resolver asks next (0:
    never), and `checks` counts its questions. `sends` counts how often the request was handed to the transport.
    `is_replayable` says that the request can be rebuilt from stored rows, byte for byte. `is_watched` says that it
    counts as over because the provider knew nothing of it, and is asked about all the same in case it comes late.
    """

    attempt_id: str
    operation_id: str
    payment_id: str
    merchant_id: str
    provider: str
    provider_account_id: str
    request_reference: str
    state: AttemptState
    created_at_us: int
    updated_at_us: int
    lease_until_us: int = 0
    send_deadline_us: int = 0
    key_expires_at_us: int = 0
    next_check_at_us: int = 0
    checks: int = 0
    sends: int = 1
    is_replayable: bool = False
    provider_reference: str = ""
    next_action: NextAction | None = None
    is_watched: bool = False


def is_sending(attempt: Attempt, *, now_us: int) -> bool:
    """Whether somebody may still be sending the attempt: the lease is its sender's, and has not passed."""
    # A sender's lease ends with the send deadline; whoever only asks about the attempt leases it for another time.
    is_senders = attempt.lease_until_us == attempt.send_deadline_us
    return not attempt.state.is_final and is_senders and now_us < attempt.send_deadline_us
