from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite(
    "tollbridge_server.testing.conformance.kit",
    "tollbridge_server.testing.conformance.bills",
    "tollbridge_server.testing.conformance.desk",
)

from tests.conformance.sandbox import SandboxSubject  # noqa: E402  Imports the kit, whose asserts are to be explained.


@pytest.fixture(autouse=True)
def skip_what_is_exempt(request: pytest.FixtureRequest) -> None:
    """Show a check that the provider is exempt from as skipped, with the reason."""
    subject = request.getfixturevalue("subject") if "subject" in request.fixturenames else None
    reason = getattr(subject, "exempt", {}).get(request.node.originalname.removeprefix("test_"))
    if reason:
        pytest.skip(f"exempt: {reason}")


@pytest.fixture
async def sandbox_at(tmp_path: Path) -> AsyncIterator[Callable[[type[SandboxSubject]], Any]]:
    opened: list[SandboxSubject] = []

    async def open_at(kind: type[SandboxSubject]) -> SandboxSubject:
        subject = kind(tmp_path / f"book-{len(opened)}.db")
        await subject.open()
        opened.append(subject)
        return subject

    yield open_at
    for subject in opened:
        await subject.close()
