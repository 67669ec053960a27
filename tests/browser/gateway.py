"""A merchant of a running Tollbridge whose providers are all simulated: asks for payments, hears what became of them.

It finds the page that the payer of a payment opens, and what the provider has booked. It presses nothing.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import tollbridge
from tollbridge_server.development import initialize
from tollbridge_server.testing.processes import ServerProcess
from tollbridge_server.testing.simulators.frame.books import reading

from tests.browser.chromium import WAIT_S

ACCOUNTS = {"sandbox": "demo-sandbox", "alipay": "demo-alipay", "wechatpay": "demo-wechatpay"}
AMOUNT_MINOR = 1234
CUSTOMER = tollbridge.Customer(ip_address="127.0.0.1")
OPEN_STATES = (tollbridge.PAYMENT_STATE_REQUIRES_ACTION, tollbridge.PAYMENT_STATE_PROCESSING)
BOOKS = {"sandbox": "sandbox.db", "alipay": "alipay/simulator.db", "wechatpay": "wechatpay/simulator.db"}
ROWS = {
    "sandbox": "SELECT * FROM charges WHERE reference = ?",
    "alipay": "SELECT * FROM trades WHERE out_trade_no = ?",
    "wechatpay": "SELECT * FROM transactions WHERE out_trade_no = ?",
}

_orders = count(1)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a provider holds of an order, to the last number and time, and how much it has ever notified of anything."""

    row: tuple[object, ...]
    notifications: int


class Gateway:
    """A server with the simulators inside, as its merchant sees it."""

    def __init__(self, client: tollbridge.Client, endpoints: dict[str, str], folder: Path) -> None:
        self._client = client
        self._endpoints = endpoints
        self._folder = folder

    def ask(self, provider: str, method: tollbridge.PaymentMethod, **details: Any) -> tollbridge.Payment:
        """Ask for 12.34 CNY at a provider."""
        wanted: dict[str, Any] = {"description": f"Order {next(_orders)}", "customer": CUSTOMER} | details
        return self._client.create_payment(
            amount=tollbridge.Money(currency_code="CNY", amount_minor=AMOUNT_MINOR),
            payment_method=method,
            provider_account_id=ACCOUNTS[provider],
            **wanted,
        ).payment

    def page_of(self, payment: tollbridge.Payment) -> str:
        """Return what the payer's browser or phone opens."""
        action = payment.next_action
        match action.WhichOneof("action"):
            case "show_qr":
                return action.show_qr.payload
            case "redirect":
                assert action.redirect.method == tollbridge.HTTP_METHOD_GET
                return action.redirect.url
            case "sdk_parameters":
                page = self._control("wechatpay", "invoke", content=dict(action.sdk_parameters.parameters))
                return str(page["url"])
            case _:
                reference, provider = payment.operations[-1].request_reference, payment.operations[-1].provider
                pages = self._control(provider, "pages", account=ACCOUNTS[provider])["pages"]
                [url] = [page["url"] for page in pages if page["reference"] == reference]
                return str(url)

    def outcome(self, payment: tollbridge.Payment) -> str:
        """Wait until a payment is no longer open, and return its state and what was taken or held."""
        for status in self._client.watch_status(payment_id=payment.payment_id, timeout_s=WAIT_S):
            if status.state not in OPEN_STATES:
                break
        return self.state(payment)

    def state(self, payment: tollbridge.Payment) -> str:
        """Return a payment's state after asking its provider, and what was taken or held so far."""
        status = self._client.get_status(payment_id=payment.payment_id, refresh=True).status
        amount_minor = status.captured_amount.amount_minor or status.authorized_amount.amount_minor
        return f"{tollbridge.PaymentState.Name(status.state).removeprefix('PAYMENT_STATE_')} {amount_minor}"

    def booked(self, payment: tollbridge.Payment) -> Booked:
        """Return what stands in the provider's own book: a second payment would change it."""
        operation = payment.operations[-1]
        with reading(self._folder / BOOKS[operation.provider], owner=operation.provider) as book:
            [row] = book.execute(ROWS[operation.provider], (operation.request_reference,)).fetchall()
            return Booked(row, book.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def _control(self, provider: str, name: str, *, content: object = None, **query: str) -> Any:
        url = f"{self._endpoints[provider]}/control/{name}?{urllib.parse.urlencode(query)}"
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.load(answer)


@contextmanager
def serving(folder: Path) -> Iterator[Gateway]:
    """Run a server with all simulators until the block ends."""
    made = initialize(folder / "config.toml", has_free_ports=True, has_simulators=True)
    with (
        ServerProcess(made.config_path) as server,
        tollbridge.Client(server.target, token=made.token_path.read_text().strip()) as client,
    ):
        yield Gateway(client, server.endpoints, folder)
