"""Runs the product's own command in a process of its own, as a person would, and says what it answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would lead a command elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOLLBRIDGE_")}
    return {**kept, "COLUMNS": "120", "PYTHONUNBUFFERED": "1", **more}


def arguments(*words: str) -> list[str]:
    return [sys.executable, "-m", "tollbridge_server", *words]


def run(directory: Path, *words: str, **more: str) -> Answer:
    """Run `tollbridge …` in a folder to its end; a traceback is no answer."""
    done = subprocess.run(
        arguments(*words),
        cwd=directory,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


@contextmanager
def running(directory: Path, *words: str, until: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `tollbridge …` in a folder, wait until it has printed `until`, and end it afterwards."""
    log = directory / f"{words[0]}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            arguments(*words),
            cwd=directory,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _TIMEOUT_S
        while until not in log.read_text(errors="replace"):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Served:
    """A folder with a development set-up, whose server listens on `target`."""

    directory: Path
    target: str

    def run(self, *words: str) -> Answer:
        """Run a command against the server."""
        return run(self.directory, *words, TOLLBRIDGE_TARGET=self.target)

    def pay(self, *words: str) -> Any:
        """Make a payment and return it."""
        answer = self.run("pay", *(words or ("19.99", "EUR")), "--json")
        assert answer.code == 0, answer.err
        return answer.json
