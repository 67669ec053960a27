"""A refund: money that goes back to the payer of one payment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.domain.evidence import Failure
from tollbridge_server.domain.money import Money


class RefundState(StrEnum):
    """Where a refund stands; PROCESSING holds its amount reserved."""

    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    NEEDS_REVIEW = "NEEDS_REVIEW"


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of a payment; times are microseconds since the epoch."""

    refund_id: str
    payment_id: str
    merchant_id: str
    merchant_reference: str
    state: RefundState
    version: int
    amount: Money
    reason: str
    provider: str
    provider_account_id: str
    operation_id: str
    created_at_us: int
    updated_at_us: int
    provider_reference: str = ""
    failure: Failure | None = None
