"""What a provider's stub gives the kit: the adapter, test data, and hands on the simulator behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tollbridge_server.domain.evidence import DeclineReason, NextAction
from tollbridge_server.domain.payment_method import PaymentMethod
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.ports.provider import Adapter, InboundNotification


class Fault(StrEnum):
    """How the next request goes wrong. The first three book nothing; the next three book and do not say so."""

    LOST = "LOST"
    RESET = "RESET"
    SERVER_ERROR = "SERVER_ERROR"
    BOOKED_SILENT = "BOOKED_SILENT"
    BOOKED_RESET = "BOOKED_RESET"
    BOOKED_SERVER_ERROR = "BOOKED_SERVER_ERROR"
    FORGED_ANSWER = "FORGED_ANSWER"


UNBOOKED_FAULTS = (Fault.LOST, Fault.RESET, Fault.SERVER_ERROR)
BOOKED_FAULTS = (Fault.BOOKED_SILENT, Fault.BOOKED_RESET, Fault.BOOKED_SERVER_ERROR, Fault.FORGED_ANSWER)


@dataclass(frozen=True, slots=True)
class Decline:
    """A payment method that the simulator declines, and the reason in our words."""

    method: PaymentMethod
    reason: DeclineReason


class Subject(Protocol):
    """An adapter with its simulator. Times are real; an answer that never comes must be given up in under a second.

    `exempt` names checks (the method's name without `test_`) that the provider can not pass by its nature, each with
    the reason. The kit shows them as skipped with that reason, and refuses an exemption that names no check.
    """

    @property
    def adapter(self) -> Adapter: ...

    @property
    def unreachable(self) -> Adapter:
        """The same adapter before an address where nobody listens."""
        ...

    @property
    def currency(self) -> str: ...

    @property
    def secrets(self) -> Sequence[str]:
        """What must appear in no log and no repr: the account's secret, the card number of `approved`."""
        ...

    @property
    def exempt(self) -> Mapping[str, str]: ...

    @property
    def opens_with_payer(self) -> bool:
        """Whether the provider knows nothing of `acting` before the payer has opened it."""
        ...

    def approved(self) -> PaymentMethod:
        """A method that is approved at once."""
        ...

    def acting(self) -> PaymentMethod:
        """A method that needs the payer to act."""
        ...

    def declines(self) -> Sequence[Decline]: ...

    async def act(self, action: NextAction, *, is_approved: bool) -> None:
        """Do what the payer would."""
        ...

    async def arm(self, fault: Fault) -> None:
        """Let the next request go wrong."""
        ...

    async def booked(self, request_reference: str) -> BookedCharge | None:
        """What the provider's own book holds under the reference of a charge."""
        ...

    async def notification(self) -> InboundNotification:
        """Return the next notification that the provider sent, as it arrived."""
        ...

    def unsigned(self, inbound: InboundNotification) -> InboundNotification:
        """Return the notification without its signature."""
        ...

    def resigned(self, inbound: InboundNotification, *, body: bytes | None, age_s: int) -> InboundNotification | None:
        """Return the notification signed anew as the provider would, `age_s` ago; None where it signs no time."""
        ...

    def other_account(self) -> Adapter:
        """An adapter of another account with another secret."""
        ...
