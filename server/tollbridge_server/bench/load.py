"""The load generator, a process of its own: keeps a number of calls in flight for a while and prints what it saw.

Every payment carries a fresh idempotency key, so that no call is answered as a replay. It is the same for the echo.
Arguments come as one JSON object on standard input, the result leaves as one on standard output.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass

import grpc
import orjson
import uvloop
from tollbridge.v1.money_pb2 import Money
from tollbridge.v1.payment_method_pb2 import (
    AlipayBarcode,
    AlipayMethod,
    Card,
    PaymentMethod,
    PointOfSale,
    WechatCode,
    WechatPayMethod,
)
from tollbridge.v1.payment_pb2 import PAYMENT_STATE_SUCCEEDED, PaymentLookup
from tollbridge.v1.payment_service_pb2 import CreatePaymentRequest, CreatePaymentResponse
from tollbridge.v1.status_service_pb2 import GetStatusRequest, GetStatusResponse

CREATE_PATH = "/tollbridge.v1.PaymentService/CreatePayment"
STATUS_PATH = "/tollbridge.v1.StatusService/GetStatus"
_CARD = "4242424242424242"


@dataclass(frozen=True, slots=True)
class Load:
    """What to do: `kind` is echo, create or status; `calls` ends the run early when it is not 0.

    `method` is what payments are made with: a card, or a code that the payer shows (alipay, wechatpay).
    """

    kind: str
    target: str
    path: str
    token: str
    seconds: float
    in_flight: int
    channels: int
    method: str = "card"
    calls: int = 0
    payment_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What was seen. Times in milliseconds; `payment_ids` are some of the payments that were made."""

    calls: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failures: int
    first_failure: str
    payment_ids: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


_KEPT_IDS = 500


class _Run:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._metadata = (("authorization", f"Bearer {load.token}"),) if load.token else None
        self._request = _requests(load)
        self._ends_at = 0.0
        self.times_s: list[float] = []
        self.failures = 0
        self.first_failure = ""
        self.payment_ids: list[str] = []

    async def go(self) -> float:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [grpc.aio.insecure_channel(self._load.target, options) for _ in range(self._load.channels)]
        calls: list[Callable[..., grpc.aio.UnaryUnaryCall[bytes, bytes]]]
        calls = [channel.unary_unary(self._load.path) for channel in channels]
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
        started_at = time.perf_counter()
        self._ends_at = started_at + self._load.seconds
        await asyncio.gather(*(self._caller(calls[place % len(calls)]) for place in range(self._load.in_flight)))
        elapsed_s = time.perf_counter() - started_at
        await asyncio.gather(*(channel.close() for channel in channels))
        return elapsed_s

    async def _caller(self, call: Callable[..., grpc.aio.UnaryUnaryCall[bytes, bytes]]) -> None:
        clock, limit = time.perf_counter, self._load.calls
        while (begun_at := clock()) < self._ends_at and not (limit and len(self.times_s) >= limit):
            try:
                answer = await call(self._request(), metadata=self._metadata)
            except grpc.aio.AioRpcError as error:
                self._failed(f"{error.code().name}: {error.details()}")
                continue
            self.times_s.append(clock() - begun_at)
            # Every 64th answer is read: reading all of them would measure the generator.
            if len(self.times_s) % 64 == 1:
                self._check(answer)

    def _check(self, answer: bytes) -> None:
        if self._load.kind == "create":
            response = CreatePaymentResponse.FromString(answer)
            if response.replayed or response.payment.state != PAYMENT_STATE_SUCCEEDED:
                self._failed(f"a payment is not new or did not succeed: {response.payment.state}")
            elif len(self.payment_ids) < _KEPT_IDS:
                self.payment_ids.append(response.payment.payment_id)
        elif self._load.kind == "status" and _state_of(answer) != PAYMENT_STATE_SUCCEEDED:
            self._failed("a status is not that of the payment")

    def _failed(self, what: str) -> None:
        self.failures += 1
        self.first_failure = self.first_failure or what


def _state_of(answer: bytes) -> int:
    return GetStatusResponse.FromString(answer).status.state


def _requests(load: Load) -> Callable[[], bytes]:
    """Return what makes the next request's bytes."""
    if load.kind == "status":
        statuses = itertools.cycle(
            GetStatusRequest(lookup=PaymentLookup(payment_id=payment_id)).SerializeToString()
            for payment_id in load.payment_ids
        )
        return statuses.__next__
    request = CreatePaymentRequest(
        merchant_reference="bench",
        amount=Money(currency_code="EUR" if load.method == "card" else "CNY", amount_minor=1999),
        payment_method=PaymentMethod(card=Card(number=_CARD, expiry_month=12, expiry_year=2035, cvv="123")),
    )
    codes = itertools.count(secrets.randbelow(10**11))  # A code pays once, and the simulator's book outlives a round.

    def next_payment() -> bytes:
        request.idempotency_key = uuid.uuid4().hex
        if load.method != "card":
            request.payment_method.CopyFrom(_shown_code(load.method, next(codes)))
        return request.SerializeToString()

    return next_payment


def _shown_code(method: str, number: int) -> PaymentMethod:
    """Return a code that a payer shows, which the simulator of `method` takes the money of at once."""
    shop = PointOfSale(store_id="bench")
    if method == "alipay":
        barcode = AlipayBarcode(auth_code=f"28{number:012d}0000", point_of_sale=shop)
        return PaymentMethod(alipay=AlipayMethod(barcode=barcode))
    code = WechatCode(auth_code=f"13{number:012d}0000", point_of_sale=shop)
    return PaymentMethod(wechat_pay=WechatPayMethod(code=code))


async def _main() -> None:
    load = Load(**orjson.loads(sys.stdin.buffer.read()))
    run = _Run(load)
    seconds = await run.go()
    times = sorted(run.times_s) or [0.0]
    result = Result(
        calls=len(run.times_s),
        seconds=seconds,
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[min(len(times) - 1, len(times) * 99 // 100)] * 1000,
        failures=run.failures,
        first_failure=run.first_failure,
        payment_ids=tuple(run.payment_ids),
    )
    sys.stdout.buffer.write(orjson.dumps(asdict(result)))


if __name__ == "__main__":
    uvloop.run(_main())
