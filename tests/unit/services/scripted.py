"""A provider that answers by script, a clock that a test owns, and the services over a real SQLite file."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import Card, MethodKind, PaymentMethod
from tollbridge_server.ports.failpoint import Failpoint, no_failpoint
from tollbridge_server.ports.provider import (
    Capabilities,
    InboundNotification,
    Notification,
    NotificationReply,
    ProviderAccount,
)
from tollbridge_server.ports.storage import Storage
from tollbridge_server.services.notifications import NotificationService
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.payments import PaymentService
from tollbridge_server.services.refunds import RefundService
from tollbridge_server.services.requests import Caller, CreatePayment, IdempotencyToken, PaymentView
from tollbridge_server.services.resolver import Resolver
from tollbridge_server.services.settings import EngineSettings
from tollbridge_server.services.status import StatusService
from tollbridge_server.storage.sqlite import SqliteStorage

SCOPES = frozenset({"payments:write", "payments:read", "refunds:write", "refunds:read", "status:read"})
CALLER = Caller("acme", "tests", SCOPES)
STRANGER = Caller("other", "tests", SCOPES)
CARD = PaymentMethod(MethodKind.CARD, card=Card("4242424242424242", 12, 2035, "123"))
QR = PaymentMethod(MethodKind.ALIPAY_QR)
START_US = 1_790_000_000_000_000

Answer = Evidence | Callable[[Any], Evidence] | Callable[[Any], Awaitable[Evidence]]


class Clock:
    """A clock that stands until a test moves it; its entropy can be repeated."""

    def __init__(self) -> None:
        self.time_us = START_US
        self._count = 0

    def now_us(self) -> int:
        self.time_us += 1
        return self.time_us

    def entropy(self, count: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(str(self._count).encode()).digest(count)

    def pass_s(self, seconds: float) -> None:
        self.time_us += int(seconds * 1_000_000)


@dataclass
class ScriptedAdapter:
    """Answers each call with the next scripted answer for its verb, then with its standing one; else approves."""

    cancels_unsent: bool = True
    calls: list[tuple[str, Any]] = field(default_factory=list)
    script: dict[str, deque[Answer]] = field(default_factory=dict)
    standing: dict[str, Answer] = field(default_factory=dict)
    notifications: list[Notification] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            operations=frozenset(OperationKind),
            methods=frozenset({MethodKind.CARD, MethodKind.ALIPAY_QR}),
            currencies=frozenset({"EUR", "JPY"}),
            key_lifetime_s=3600,
            not_found_grace_s=30,
            send_timeout_s=2,
            cancels_unsent=self.cancels_unsent,
        )

    def will(self, verb: str, *answers: Answer) -> None:
        self.script.setdefault(verb, deque()).extend(answers)

    def will_always(self, verb: str, answer: Answer) -> None:
        """Give this answer to every call of the verb that no scripted answer is left for."""
        self.standing[verb] = answer

    def sent(self, verb: str) -> list[Any]:
        return [order for called, order in self.calls if called == verb]

    async def charge(self, order: Any) -> Evidence:
        return await self._answer("charge", order, order.amount)

    async def capture(self, order: Any) -> Evidence:
        return await self._answer("capture", order, order.amount)

    async def cancel(self, order: Any) -> Evidence:
        return await self._answer("cancel", order, None)

    async def refund(self, order: Any) -> Evidence:
        return await self._answer("refund", order, order.amount)

    async def query(self, inquiry: Any) -> Evidence:
        return await self._answer("query", inquiry, None, source=EvidenceSource.QUERY, otherwise=Outcome.UNKNOWN)

    async def _answer(
        self,
        verb: str,
        order: Any,
        amount: Money | None,
        *,
        source: EvidenceSource = EvidenceSource.REPLY,
        otherwise: Outcome = Outcome.SUCCEEDED,
    ) -> Evidence:
        self.calls.append((verb, order))
        script = self.script.get(verb)
        answer = script.popleft() if script else self.standing.get(verb)
        if answer is None:
            return Evidence(otherwise, source, f"p_{order.request_reference[:8]}", amount)
        if isinstance(answer, Evidence):
            return answer
        evidence = answer(order)
        return evidence if isinstance(evidence, Evidence) else await evidence

    def read_notification(self, inbound: InboundNotification) -> tuple[Notification, ...]:
        return tuple(self.notifications)

    def notification_reply(self, *, accepted: bool) -> NotificationReply:
        return NotificationReply(200 if accepted else 400, b"")

    async def close(self) -> None:
        return None


class Accounts:
    """One account a merchant, all at the scripted provider."""

    def __init__(self, adapter: ScriptedAdapter) -> None:
        self._accounts = {
            f"{merchant}-1": ProviderAccount(
                f"{merchant}-1", merchant, "scripted", adapter, adapter.capabilities.methods
            )
            for merchant in ("acme", "other")
        }

    def get(self, account_id: str) -> ProviderAccount | None:
        return self._accounts.get(account_id)

    def remove(self, account_id: str) -> None:
        """Forget an account, as a configuration does that lost it."""
        del self._accounts[account_id]

    def of_merchant(self, merchant_id: str) -> tuple[ProviderAccount, ...]:
        return tuple(account for account in self._accounts.values() if account.merchant_id == merchant_id)


class Bridge:
    """Every service of one server over a database and a scripted provider; servers may share storage and clock."""

    def __init__(
        self,
        storage: Storage,
        *,
        adapter: ScriptedAdapter | None = None,
        clock: Clock | None = None,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self.storage = storage
        self.adapter = adapter or ScriptedAdapter()
        self.clock = clock or Clock()
        self.settings = EngineSettings(fingerprint_key=b"k" * 32, lease_margin_s=1.0, unsent_pause_s=0.0)
        self.accounts = Accounts(self.adapter)
        self.engine = OperationEngine(
            storage=storage, accounts=self.accounts, clock=self.clock, settings=self.settings, failpoint=failpoint
        )
        shared: Any = {
            "engine": self.engine,
            "storage": storage,
            "accounts": self.accounts,
            "clock": self.clock,
            "settings": self.settings,
        }
        self.payments = PaymentService(**shared)
        self.refunds = RefundService(**shared)
        self.status = StatusService(engine=self.engine, storage=storage, clock=self.clock)
        self.resolver = Resolver(**shared)
        self.notifications = NotificationService(engine=self.engine, storage=storage, accounts=self.accounts)
        self._keys = 0

    @classmethod
    def open(cls, directory: Path) -> Bridge:
        return cls(SqliteStorage.open(directory / "bridge.db"))

    def token(self, key: str = "", request: bytes = b"") -> IdempotencyToken:
        self._keys += 1
        return IdempotencyToken(key or f"key-{self._keys}", request)

    async def pay(self, amount_minor: int = 1000, **fields: Any) -> PaymentView:
        method = fields.pop("method", CARD)
        token = fields.pop("token", None) or self.token()
        caller = fields.pop("caller", CALLER)
        request = CreatePayment(
            token=token, merchant_reference="order", amount=Money(amount_minor, "EUR"), method=method, **fields
        )
        return await self.payments.create(caller, request)

    async def settle(self, *, seconds: float = 3600, rounds: int = 12) -> None:
        """Let time pass and the resolver work until nothing is due."""
        for _ in range(rounds):
            self.clock.pass_s(seconds / rounds)
            while await self.resolver.work_once():
                await asyncio.sleep(0)
