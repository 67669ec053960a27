"""Status: where a payment stands, for one, for many, and as a stream of its changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from tollbridge_server.domain.errors import RequestError
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.operation import Attempt, is_sending
from tollbridge_server.domain.payment import WATCH_ENDS, Payment
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.storage import Storage, Transaction
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.requests import Caller, PaymentLookup, StatusView
from tollbridge_server.services.rows import find_payment

_ASK_PAUSE_US = 3_000_000
"""Alipay wants no order asked about more often than every three seconds; no provider is hurt by it."""
_ASKED_KEPT = 4096


class StatusService:
    """The use cases of StatusService; every method sees only the caller's merchant."""

    def __init__(self, *, engine: OperationEngine, storage: Storage, clock: Clock) -> None:
        self._engine = engine
        self._storage = storage
        self._clock = clock
        self._asked_at_us: OrderedDict[str, int] = OrderedDict()

    async def get(self, caller: Caller, lookup: PaymentLookup, *, refresh: bool) -> StatusView:
        """Return where a payment stands; `refresh` asks the provider first about whatever is open."""
        view = await self._storage.read(lambda tx: _status(tx, find_payment(tx, caller, lookup)))
        if not refresh:
            return view
        payment_id = view.payment.payment_id
        open_attempts = await self._storage.read(lambda tx: self._open_attempts(tx, payment_id))
        has_answer = False
        for attempt in open_attempts:
            if not self._may_ask(attempt):
                continue
            inquired = await self._engine.inquire(attempt)
            has_answer |= inquired.evidence.outcome is not Outcome.UNKNOWN or inquired.evidence.absent
        by_id = PaymentLookup(payment_id)
        view = await self._storage.read(lambda tx: _status(tx, find_payment(tx, caller, by_id)))
        return replace(view, is_refreshed=has_answer)

    async def batch_get(self, caller: Caller, lookups: Sequence[PaymentLookup]) -> list[StatusView | RequestError]:
        """Return one status for each lookup, in its order; a lookup that fails has its error in its place."""

        def read(tx: Transaction) -> list[StatusView | RequestError]:
            answers: list[StatusView | RequestError] = []
            for lookup in lookups:
                try:
                    answers.append(_status(tx, find_payment(tx, caller, lookup)))
                except RequestError as error:
                    answers.append(error)
            return answers

        return await self._storage.read(read)

    async def watch(self, caller: Caller, lookup: PaymentLookup, *, after_version: int) -> AsyncIterator[StatusView]:
        """Yield the status whenever its version exceeds the last one seen; end at a state that is final.

        A version that was overtaken before it could be sent is skipped. The stream ends at once when the payment
        is final already, and without a status when the caller has seen it; refunds in flight keep it open.
        """
        first = await self._storage.read(lambda tx: find_payment(tx, caller, lookup))
        by_id = PaymentLookup(payment_id=first.payment_id)
        subscription = self._storage.changes().subscribe([first.payment_id])
        try:
            # Subscribed before this read: no change can fall between the two.
            seen = after_version
            view = await self._storage.read(lambda tx: _status(tx, find_payment(tx, caller, by_id)))
            if view.payment.version > seen:
                yield view
                seen = view.payment.version
            if _is_over(view):
                return
            async for _ in subscription:
                view = await self._storage.read(lambda tx: _status(tx, find_payment(tx, caller, by_id)))
                if view.payment.version > seen:
                    seen = view.payment.version
                    yield view
                if _is_over(view):
                    return
        finally:
            subscription.close()

    def _may_ask(self, attempt: Attempt) -> bool:
        """Whether a caller may have the provider asked about an attempt again; if so, it counts as asked."""
        now_us = self._clock.now_us()
        asked_at_us = self._asked_at_us.get(attempt.attempt_id)
        if asked_at_us is not None and now_us - asked_at_us < _ASK_PAUSE_US:
            return False
        self._asked_at_us[attempt.attempt_id] = now_us
        self._asked_at_us.move_to_end(attempt.attempt_id)
        while len(self._asked_at_us) > _ASKED_KEPT:
            self._asked_at_us.popitem(last=False)
        return True

    def _open_attempts(self, tx: Transaction, payment_id: str) -> list[Attempt]:
        now_us = self._clock.now_us()
        return [
            attempt
            for attempt in tx.attempts.of_payment(payment_id)
            if not attempt.state.is_final and not is_sending(attempt, now_us=now_us)
        ]


def _status(tx: Transaction, payment: Payment) -> StatusView:
    refunds = tx.refunds.of_payment(payment.payment_id) if payment.refund_count else ()
    return StatusView(payment, tuple(refunds))


def _is_over(view: StatusView) -> bool:
    if view.payment.state not in WATCH_ENDS:
        return False
    return all(refund.state is not RefundState.PROCESSING for refund in view.refunds)
