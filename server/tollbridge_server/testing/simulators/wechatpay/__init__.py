"""The WeChat Pay simulator: API v3 with its signatures, a durable book, a payer's pages, faults on demand."""

from __future__ import annotations

from tollbridge_server.testing.simulators.wechatpay.accounts import (
    PlatformCertificate,
    WechatPayAccount,
    WechatPayKeys,
)
from tollbridge_server.testing.simulators.wechatpay.book import read_book
from tollbridge_server.testing.simulators.wechatpay.practice import Practice
from tollbridge_server.testing.simulators.wechatpay.rules import TEST_AMOUNTS, TEST_CODES, Behavior
from tollbridge_server.testing.simulators.wechatpay.simulator import WechatPaySimulator

__all__ = [
    "TEST_AMOUNTS",
    "TEST_CODES",
    "Behavior",
    "PlatformCertificate",
    "Practice",
    "WechatPayAccount",
    "WechatPayKeys",
    "WechatPaySimulator",
    "read_book",
]
