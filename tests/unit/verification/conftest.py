from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.services.scripted import Bridge


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    opened = Bridge.open(tmp_path)
    yield opened
    await opened.engine.drained()
    await opened.storage.close()
