"""The adapter before an Alipay whose clock is ten minutes behind the server's: paid, or refused with nothing booked."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.ports.provider import ChargeOrder
from tollbridge_server.providers.alipay import AlipayAdapter, AlipaySettings, build

from tests.conformance.alipay import APP_ID, SELLER_ID, barcode, key_of, private_pem, public_pem
from tests.integration.alipay.desk import Desk, opened

BEHIND_US = 600 * 1_000_000


def slow_clock() -> int:
    return time.time_ns() // 1000 - BEHIND_US


@asynccontextmanager
async def before_a_slow_clock(folder: Path, window_s: float | None) -> AsyncIterator[tuple[AlipayAdapter, Desk]]:
    async with opened(folder, timestamp_window_s=window_s, now_us=slow_clock) as desk:
        settings = AlipaySettings(
            app_id=APP_ID,
            seller_id=SELLER_ID,
            notify_url=desk.notify_url,
            private_key=private_pem(key_of("application")),
            alipay_public_key=public_pem(key_of("alipay")),
            gateway=f"{desk.url}/gateway.do",
        )
        adapter = build("skewed", settings, None)
        yield adapter, desk
        await adapter.close()


def sale() -> ChargeOrder:
    return ChargeOrder(
        request_reference="skewed1",
        kind=OperationKind.SALE,
        amount=Money(1000, "CNY"),
        method=barcode(),
        payment_id="pay_skewed",
        merchant_reference="order-1",
        details=PaymentDetails(description="Tea"),
        created_at_us=time.time_ns() // 1000,
    )


@pytest.mark.parametrize("window_s", [None, 900.0])
async def test_a_server_ahead_by_ten_minutes_is_paid_where_alipay_allows_it(
    tmp_path: Path, window_s: float | None
) -> None:
    async with before_a_slow_clock(tmp_path, window_s) as (adapter, _):
        assert (await adapter.charge(sale())).outcome is Outcome.SUCCEEDED


async def test_a_server_ahead_by_ten_minutes_is_refused_and_told_that_an_operator_has_to_act(tmp_path: Path) -> None:
    async with before_a_slow_clock(tmp_path, 300.0) as (adapter, desk):
        evidence = await adapter.charge(sale())

        assert (evidence.outcome, evidence.unsent) == (Outcome.DECLINED, False)
        assert evidence.failure is not None
        assert (evidence.failure.reason, evidence.failure.retry, evidence.failure.provider_code) == (
            DeclineReason.PROVIDER_CONFIGURATION,
            RetryAdvice.AFTER_OPERATOR,
            "isv.invalid-timestamp",
        )
        async with desk.session.get(f"{desk.url}/control/book?account=plain") as book:
            assert (await book.json())["trades"] == []
