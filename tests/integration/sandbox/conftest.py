from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.sandbox.desks import HttpDesk, InProcessDesk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[InProcessDesk]:
    opened = InProcessDesk(tmp_path / "book.db")
    yield opened
    await opened.close()


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[HttpDesk]:
    opened = HttpDesk(tmp_path / "book.db")
    await opened.start()
    yield opened
    await opened.close()
