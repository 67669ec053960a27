"""WeChat Pay passes the kit over real HTTP and real signatures, with its public key and with platform certificates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tollbridge_server.testing.conformance import BillKit, ConformanceKit

from tests.conformance.wechatpay import CertifiedSubject, WechatPaySubject


class TestPublicKey(ConformanceKit, BillKit):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[WechatPaySubject]:
        opened = WechatPaySubject(tmp_path / "wechatpay.db")
        await opened.open()
        yield opened
        await opened.close()


class TestCertificates(ConformanceKit, BillKit):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[CertifiedSubject]:
        opened = CertifiedSubject(tmp_path / "wechatpay.db")
        await opened.open()
        yield opened
        await opened.close()
