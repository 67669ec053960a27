"""The feed of committed changes: whoever watches a payment is told that it changed, never what.

Refuses to grow without bound: a subscriber that does not keep up is told once about each payment, which is all that
it needs, since it reads the present state anyway.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable


class Changes:
    """ChangeFeed and its publisher; all of it runs on one event loop."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[PaymentSubscription]] = defaultdict(set)

    def subscribe(self, payment_ids: Iterable[str]) -> PaymentSubscription:
        """Return a subscription to changes that are committed from now on."""
        subscription = PaymentSubscription(self, frozenset(payment_ids))
        for payment_id in subscription.payment_ids:
            self._subscriptions[payment_id].add(subscription)
        return subscription

    def publish(self, payment_ids: Iterable[str]) -> None:
        """Tell the subscribers of each payment."""
        for payment_id in payment_ids:
            for subscription in self._subscriptions.get(payment_id, ()):
                subscription.tell(payment_id)

    def publish_all(self) -> None:
        """Tell every subscriber about everything it watches: changes may have been missed."""
        for payment_id in list(self._subscriptions):
            self.publish((payment_id,))

    def forget(self, subscription: PaymentSubscription) -> None:
        """End a subscription."""
        for payment_id in subscription.payment_ids:
            subscribers = self._subscriptions.get(payment_id)
            if subscribers is not None:
                subscribers.discard(subscription)
                if not subscribers:
                    del self._subscriptions[payment_id]


class PaymentSubscription:
    """An asynchronous iterator over ids of changed payments; ends when it is closed."""

    def __init__(self, changes: Changes, payment_ids: frozenset[str]) -> None:
        self.payment_ids = payment_ids
        self._changes = changes
        self._pending: dict[str, None] = {}
        self._wakeup = asyncio.Event()
        self._is_closed = False

    def tell(self, payment_id: str) -> None:
        """Note that a payment changed."""
        self._pending[payment_id] = None
        self._wakeup.set()

    async def __aiter__(self) -> AsyncIterator[str]:
        while not self._is_closed:
            while self._pending:
                payment_id = next(iter(self._pending))
                del self._pending[payment_id]
                yield payment_id
            self._wakeup.clear()
            if not self._is_closed:  # Closed while the consumer had the last id: nobody would wake us again.
                await self._wakeup.wait()

    def close(self) -> None:
        """Stop; a waiting iterator ends."""
        self._is_closed = True
        self._changes.forget(self)
        self._wakeup.set()
