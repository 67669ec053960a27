"""The kit that every provider adapter must pass; passing it is the definition of done for an adapter.

A provider's test is a stub: it makes a Subject (the adapter, and hands on the simulator behind it) and inherits the
checks:

    class TestSandbox(ConformanceKit):
        @pytest.fixture
        async def subject(self, tmp_path): ...

A provider with bills inherits BillKit as well.
"""

from __future__ import annotations

from tollbridge_server.testing.conformance.bills import BilledSubject, BillKit
from tollbridge_server.testing.conformance.kit import ConformanceKit
from tollbridge_server.testing.conformance.subject import Decline, Fault, Subject

__all__ = ["BillKit", "BilledSubject", "ConformanceKit", "Decline", "Fault", "Subject"]
