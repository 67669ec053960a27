"""Alipay passes the kit over real HTTP and real signatures, in key mode and in certificate mode with encryption."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tollbridge_server.testing.conformance import BillKit, ConformanceKit

from tests.conformance.alipay import AlipaySubject
from tests.conformance.alipay_certificates import CertifiedSubject


class TestKeys(ConformanceKit, BillKit):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[AlipaySubject]:
        opened = AlipaySubject(tmp_path / "alipay.db")
        await opened.open()
        yield opened
        await opened.close()


class TestCertificates(ConformanceKit, BillKit):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[CertifiedSubject]:
        opened = CertifiedSubject(tmp_path / "alipay.db")
        await opened.open()
        yield opened
        await opened.close()
