"""What the machine does with a real server: it starts one, makes requests of it, and reads what callers can see."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tollbridge
from tollbridge_server.development import initialize
from tollbridge_server.testing.processes import ServerProcess

from tests.integration.machine.model import Payment, View

QUICK = {
    "TOLLBRIDGE_ENGINE__SEND_TIMEOUT_S": "3",
    "TOLLBRIDGE_ENGINE__LEASE_MARGIN_S": "0.2",
    "TOLLBRIDGE_ENGINE__NOT_FOUND_GRACE_S": "0.1",
    "TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S": "[0.1, 0.2, 0.3, 0.5, 1]",
    "TOLLBRIDGE_ENGINE__RESOLVER_INTERVAL_S": "0.05",
    "TOLLBRIDGE_SERVER__MIN_DEADLINE_S": "0.01",
    "TOLLBRIDGE_LOGGING__LEVEL": "WARNING",
}
"""So quick that a silent provider is asked in a moment, and so slow that a busy machine is not taken for one.

A server that stood still for longer than a sending may take has not sent, which the model knows nothing of.
"""

NO_RETRY = tollbridge.RetryPolicy(max_attempts=1)
"""The machine wants to see every refusal."""

APPROVED, DECLINED, CHALLENGED = "4242424242424242", "4000000000000002", "4000000000003220"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the sandbox publishes of a test amount. Only a silent one keeps a caller waiting."""

    is_pending: bool = True
    is_booked: bool = True
    is_declined: bool = False
    is_silent: bool = False
    settles_by_itself: bool = False


_NO_FAULT = Fault(is_pending=False)
FAULTS = {
    9101: Fault(settles_by_itself=True),
    9104: Fault(is_booked=False, is_silent=True),
    9106: Fault(is_booked=False),
    9107: Fault(is_silent=True),
    9108: Fault(),
    9112: Fault(is_pending=False, is_declined=True),
}


def fault_of(amount: int) -> Fault:
    return FAULTS.get(amount % 10_000, _NO_FAULT)


@dataclass(frozen=True, slots=True)
class Means:
    """A way to pay, and what a charge with it ends in."""

    method: tollbridge.PaymentMethod
    end: str
    is_card: bool = True

    def ends(self, amount: int) -> tuple[frozenset[str], bool]:
        """Return what a charge may end in, and whether its caller is left without an answer at first."""
        fault = fault_of(amount)
        if fault.is_declined:
            return frozenset({"declined"}), False
        if fault.settles_by_itself:
            return frozenset({self.end}), self.end == "approved"
        if not fault.is_booked and self.is_card:
            # Card data is not kept, so the request can not be repeated: it is made sure that it never arrives.
            return frozenset({"declined"}), True
        return frozenset({self.end}), fault.is_pending


def card(number: str = APPROVED) -> tollbridge.PaymentMethod:
    return tollbridge.PaymentMethod(
        card=tollbridge.Card(number=number, expiry_month=12, expiry_year=2035, cvv="123", holder_name="Test Payer")
    )


MEANS = {
    "approve": Means(card(), "approved"),
    "decline": Means(card(DECLINED), "declined"),
    "challenge": Means(card(CHALLENGED), "action"),
    "wallet": Means(tollbridge.PaymentMethod(paypal=tollbridge.PaypalMethod()), "action", is_card=False),
    "qr": Means(
        tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr())), "action", is_card=False
    ),
}


@dataclass(slots=True)
class Paid:
    """One payment of a run: the model beside what was seen of it."""

    model: Payment
    reference: str
    payment_id: str = ""
    version: int = 0
    last: View | None = None
    page: str = ""
    refund_ids: list[str] = field(default_factory=list)
    provider_reference: str = ""


@dataclass(slots=True)
class Sent:
    """A request that was accepted, to be repeated; `resource` is what every repeat has to be answered with."""

    method: str
    arguments: dict[str, Any]
    paid: Paid
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running server with its database and its acquirer's book."""

    server: ServerProcess
    client: tollbridge.Client
    config_path: Path

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.config_path.with_name('tollbridge.db')}"

    @property
    def book_path(self) -> Path:
        return self.config_path.with_name("sandbox.db")


@contextmanager
def bridge(directory: Path, *, server: type[ServerProcess] = ServerProcess, **environment: str) -> Iterator[Bridge]:
    """A server of its own on SQLite, with the acquirer inside, until the block ends."""
    made = initialize(directory / "config.toml", has_free_ports=True)
    with (
        server(made.config_path, environment={**QUICK, **environment}) as running,
        tollbridge.Client(running.target, token=made.token_path.read_text().strip(), retry=NO_RETRY) as client,
    ):
        yield Bridge(running, client, made.config_path)


def euros(amount: int) -> tollbridge.Money:
    return tollbridge.Money(currency_code="EUR", amount_minor=amount)


def unique(prefix: str) -> str:
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def view_of(seen: tollbridge.Payment | tollbridge.PaymentStatus) -> View:
    """Return what is seen of a payment; only a status tells its refunds."""
    refunds = None
    if isinstance(seen, tollbridge.PaymentStatus):
        refunds = tuple(
            (refund.amount.amount_minor, tollbridge.RefundState.Name(refund.state).removeprefix("REFUND_STATE_"))
            for refund in seen.refunds
        )
    return View(
        state=tollbridge.PaymentState.Name(seen.state).removeprefix("PAYMENT_STATE_"),
        authorized=seen.authorized_amount.amount_minor,
        captured=seen.captured_amount.amount_minor,
        refunded=seen.refunded_amount.amount_minor,
        capturable=seen.capturable_amount.amount_minor,
        refundable=seen.refundable_amount.amount_minor,
        asks=seen.next_action.HasField("provide_payment_method"),
        refunds=refunds,
    )


def payer_page(seen: tollbridge.Payment) -> str:
    """Return where the payer decides, or nothing."""
    action = seen.next_action
    return str(action.redirect.url or action.show_qr.payload)
