"""Runs logging for real, into a stream that a test reads."""

from __future__ import annotations

import io
import json
from typing import Any


class Stream(io.TextIOWrapper):
    """Takes the place of standard error; `lines` are the JSON objects that were written to it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.split("\n") if line]

    def clear(self) -> None:
        self.flush()
        self.buffer.seek(0)
        self.buffer.truncate()
