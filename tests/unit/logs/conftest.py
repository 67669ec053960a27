from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from tollbridge_server import logs

from tests.unit.logs.captured import Stream


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    """Configured logs that end here; the process's own set-up is restored afterwards."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    opened = Stream()
    monkeypatch.setattr(sys, "stderr", opened)
    logs.configure("DEBUG")
    yield opened
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
