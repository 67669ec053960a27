"""The sandbox passes the kit over both of its links."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.testing.conformance import ConformanceKit

from tests.conformance.sandbox import HttpSubject, InProcessSubject


class TestInProcess(ConformanceKit):
    @pytest.fixture
    async def subject(self, sandbox_at: Any) -> InProcessSubject:
        opened: InProcessSubject = await sandbox_at(InProcessSubject)
        return opened


class TestOverHttp(ConformanceKit):
    @pytest.fixture
    async def subject(self, sandbox_at: Any) -> HttpSubject:
        opened: HttpSubject = await sandbox_at(HttpSubject)
        return opened
