"""The Alipay simulator: the gateway's real wire and signatures, a durable book, a payer's pages, faults on demand."""

from __future__ import annotations

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount, AlipayKeys
from tollbridge_server.testing.simulators.alipay.booked import read_book
from tollbridge_server.testing.simulators.alipay.payers import TEST_PAYER
from tollbridge_server.testing.simulators.alipay.rules import TEST_CODES, Behavior
from tollbridge_server.testing.simulators.alipay.simulator import AlipaySimulator

__all__ = ["TEST_CODES", "TEST_PAYER", "AlipayAccount", "AlipayKeys", "AlipaySimulator", "Behavior", "read_book"]
