"""Set-ups of a real server process with two merchants, and what a merchant of them needs to call it."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import tollbridge
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge_server import development
from tollbridge_server.development import Development
from tollbridge_server.testing.processes import ServerProcess

from tests.integration.rpc import wire

A, B = development.MERCHANT_ID, "other"
TEST_CARD = "4242424242424242"
# Whoever waits for a retry in a test wants to see the refusal instead.
NO_RETRY = tollbridge.RetryPolicy(max_attempts=1)

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running server, and a channel that leads to it."""

    made: Development
    server: ServerProcess
    channel: grpc.Channel

    @property
    def directory(self) -> Path:
        return self.made.config_path.parent

    def token(self, merchant: str = A, scopes: tuple[str, ...] | None = None, **options: Any) -> str:
        """A token of a merchant, with all scopes unless told otherwise."""
        return token(self.made, merchant, scopes, **options)

    def client(self, merchant: str = A) -> tollbridge.Client:
        return tollbridge.Client(self.server.target, token=self.token(merchant), retry=NO_RETRY)

    def call(self, path: str, request: Any = b"", *, merchant: str = A, **options: Any) -> wire.Answer:
        """Call as a merchant; see wire.call."""
        return wire.call(self.channel, path, request, token=self.token(merchant), **options)


def token(made: Development, merchant: str = A, scopes: tuple[str, ...] | None = None, **options: Any) -> str:
    granted = development.all_scopes() if scopes is None else scopes
    return development.mint_development_token(made, merchant_id=merchant, scopes=granted, lifetime_s=3600, **options)


def initialized(directory: Path) -> Development:
    """A configuration on free ports with the merchants A and B."""
    made = development.initialize(directory / "config.toml", has_free_ports=True)
    with made.config_path.open("a") as config:
        config.write(
            f'\n[[merchants]]\nid = "{B}"\n\n[[merchants.accounts]]\nid = "{B}-sandbox"\nprovider = "sandbox"\n'
            f'secret = "{secrets.token_hex(32)}"\n'
        )
    return made


@contextmanager
def running(made: Development, **environment: str) -> Iterator[Bridge]:
    """A server with this configuration, until the block ends."""
    with (
        ServerProcess(made.config_path, environment=environment) as server,
        grpc.insecure_channel(server.target) as channel,
    ):
        yield Bridge(made, server, channel)


def unique(prefix: str = "key") -> str:
    """A name that no other test of this run uses."""
    return f"{prefix}-{next(_numbers)}"


def money(amount_minor: int, currency_code: str = "EUR") -> tollbridge.Money:
    return tollbridge.Money(currency_code=currency_code, amount_minor=amount_minor)


def card(number: str = TEST_CARD, **changes: Any) -> tollbridge.PaymentMethod:
    fields = {"expiry_month": 12, "expiry_year": 2035, "cvv": "123", "holder_name": "Test Payer", **changes}
    return tollbridge.PaymentMethod(card=tollbridge.Card(number=number, **fields))


def create(amount_minor: int = 1999, **fields: Any) -> payments_pb.CreatePaymentRequest:
    """A payment by card that the sandbox approves, as a request."""
    good: dict[str, Any] = {"idempotency_key": unique(), "amount": money(amount_minor), "payment_method": card()}
    return payments_pb.CreatePaymentRequest(**{**good, **fields})


def pay(bridge: Bridge, amount_minor: int = 1999, *, merchant: str = A, **fields: Any) -> tollbridge.Payment:
    answer = bridge.call("CreatePayment", create(amount_minor, **fields), merchant=merchant)
    return answer.read(payments_pb.CreatePaymentResponse).payment
