"""Where a watch stands: the last version that was given out, from which a broken stream is resumed."""

from __future__ import annotations

from tollbridge.v1.status_service_pb2 import PaymentStatus, WatchStatusRequest


class Cursor:
    """The place in the statuses of one payment."""

    def __init__(self, request: WatchStatusRequest) -> None:
        self._request = request

    def request(self) -> WatchStatusRequest:
        """Return the request for what follows the last version that was given out."""
        copy = WatchStatusRequest()
        copy.CopyFrom(self._request)
        return copy

    def advance(self, status: PaymentStatus) -> bool:
        """Move on to `status`, and tell whether it is news: never twice the same, and never an older one."""
        if status.version <= self._request.after_version:
            return False
        self._request.after_version = status.version
        return True
