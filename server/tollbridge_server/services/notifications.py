"""Inbound notifications: verified over their raw bytes, stored once, merged like any other evidence.

Refuses what is not authentic, and never believes a notification that contradicts what is known: then it asks.
"""

from __future__ import annotations

import logging

from tollbridge_server.domain.operation import Attempt, OperationKind
from tollbridge_server.ports.clock import Clock, SystemClock
from tollbridge_server.ports.failpoint import Failpoint, no_failpoint
from tollbridge_server.ports.provider import (
    InboundNotification,
    Notification,
    NotificationRefused,
    NotificationReply,
    ProviderAccount,
    ProviderAccounts,
)
from tollbridge_server.ports.storage import InboxEntry, Storage, Transaction
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.repeated_lines import RepeatedLines
from tollbridge_server.services.rows import require_operation

logger = logging.getLogger(__name__)


class NotificationService:
    """Receives what providers send."""

    def __init__(
        self,
        *,
        engine: OperationEngine,
        storage: Storage,
        accounts: ProviderAccounts,
        clock: Clock | None = None,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._engine = engine
        self._storage = storage
        self._accounts = accounts
        self._failpoint = failpoint
        self._refusals = RepeatedLines(clock or SystemClock())

    async def receive(self, provider: str, account_id: str, inbound: InboundNotification) -> NotificationReply | None:
        """Verify, merge and store a notification, and return what the provider wants to hear.

        None means that the provider has no such account here. A refused notification gets the adapter's negative
        reply.
        """
        account = self._accounts.get(account_id)
        if account is None or account.provider != provider:
            return None
        try:
            notifications = account.adapter.read_notification(inbound)
        except NotificationRefused as refused:
            self._log_refused(account_id, refused.reason)
            return account.adapter.notification_reply(accepted=False)
        self._failpoint("notification.after_verify")
        for notification in notifications:
            await self._take(account, notification, inbound)
        self._failpoint("notification.after_commit")
        return account.adapter.notification_reply(accepted=True)

    def _log_refused(self, account_id: str, reason: str) -> None:
        unsaid = self._refusals.unsaid_before(account_id, reason)
        if unsaid is not None:
            logger.warning(
                "notification refused: %s%s",
                reason,
                f" ({unsaid} more since the last such line)" if unsaid else "",
                extra={"provider_account_id": account_id},
            )

    async def _take(self, account: ProviderAccount, notification: Notification, inbound: InboundNotification) -> None:
        reference = notification.request_reference
        about = {"provider_account_id": account.account_id, "request_reference": reference}

        def find(tx: Transaction) -> tuple[Attempt, OperationKind] | None:
            attempt = tx.attempts.find_by_request_reference(account.account_id, reference)
            return None if attempt is None else (attempt, require_operation(tx, attempt.operation_id).kind)

        match await self._storage.read(find):
            case None:
                logger.error("notification for a request that this server never made", extra=about)
            case attempt, kind if kind in notification.kinds:
                # Merging is idempotent, so a kill between this commit and the inbox row only merges once more.
                merged = await self._engine.record(attempt, notification.evidence)
                if merged.is_doubtful:
                    await self._engine.inquire(attempt)
            case attempt, kind:
                # Something has happened that bears this number; what that is for the request, only an answer says.
                told = "/".join(sorted(notification.kinds))
                logger.warning("notification of %s for a request of %s; it is asked about", told, kind, extra=about)
                await self._engine.doubt(attempt)
        entry = InboxEntry(
            provider=account.provider,
            provider_account_id=account.account_id,
            event_id=notification.event_id,
            body=inbound.body,
            received_at_us=inbound.received_at_us,
        )

        def store(tx: Transaction) -> bool:
            return tx.inbox.put(entry)

        await self._storage.write(store)
