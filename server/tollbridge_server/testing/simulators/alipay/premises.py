"""What the back office works with: its premises, one verified request, and the form of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount
from tollbridge_server.testing.simulators.alipay.book import Ledger
from tollbridge_server.testing.simulators.alipay.fields import Content
from tollbridge_server.testing.simulators.alipay.rules import LASTING, Behavior

Answer = dict[str, Any]
"""The business fields of an answer; `code` and `msg` are in it where it is no plain success."""

IN_PROCESS = "10003"
REFUSED = "40004"


@dataclass(frozen=True, slots=True)
class Premises:
    """The rows, the accounts by their ids, the only clock, where pages are, and by what waiting times are divided."""

    ledger: Ledger
    accounts: Mapping[str, AlipayAccount]
    now_us: Callable[[], int]
    pages_url: Callable[[], str]
    time_scale: float = 1.0

    def later_us(self, pause_s: float) -> int:
        """Return the time after a pause, in microseconds since the epoch."""
        return self.now_us() + int(pause_s / self.time_scale * 1_000_000)

    def page_of(self, token: str) -> str:
        """Return the address of a payer's page."""
        return f"{self.pages_url()}/qr/{token}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: whose, its business fields, where it wants notifications and the payer, and what it suffers."""

    account: AlipayAccount
    content: Content
    notify_url: str = ""
    return_url: str = ""
    behavior: Behavior | None = None

    @property
    def lasting(self) -> str:
        """What an order keeps of what the request suffers."""
        return self.behavior.value if self.behavior in LASTING else ""


def refusal(sub_code: str, message: str, **more: str) -> Answer:
    """Return a business refusal as an answer: what was booked on the way stays, which raising would undo."""
    return {"code": REFUSED, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": message, **more}


def in_process(fields: Answer) -> Answer:
    """Return the answer that says that the payer has to confirm; the space before its message is Alipay's."""
    return {"code": IN_PROCESS, "msg": " order success pay inprocess", **fields}
