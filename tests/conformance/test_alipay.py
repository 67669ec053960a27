"""Alipay passes the kit over real HTTP and real signatures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tollbridge_server.testing.conformance import BillKit, ConformanceKit

from tests.conformance.alipay import AlipaySubject


class TestAlipay(ConformanceKit, BillKit):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[AlipaySubject]:
        opened = AlipaySubject(tmp_path / "alipay.db")
        await opened.open()
        yield opened
        await opened.close()
