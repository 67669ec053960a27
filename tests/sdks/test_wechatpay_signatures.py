"""WeChat Pay's public SDKs agree with our adapter about what is signed and encrypted, to the letter."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import CancelOrder, ChargeOrder, Inquiry, RefundOrder
from tollbridge_server.providers.wechatpay import WechatPayAdapter, WechatPaySettings, build
from tollbridge_server.providers.wechatpay.encryption import seal_for, unseal_with
from tollbridge_server.providers.wechatpay.signing import read_authorization
from yarl import URL

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.conformance.wechatpay import API_V3_KEY, APP_ID, PUBLIC_KEY_ID, SERIAL, scanned
from tests.sdks.wechatpay import MCHIDS, OPEN_ID, Bench, Step, flipped, number, opened, py, py_settings, v3, v3_settings

SETTINGS = v3_settings("public_key", notify_url="", folder=Path())
MERCHANTS_PUBLIC_KEY = public_pem(key_of("merchant"))


@dataclass(frozen=True)
class Sent:
    """A request as our adapter really sent it."""

    verb: str
    path: str
    body: str
    authorization: str

    @property
    def signature(self) -> str:
        return read_authorization(self.authorization).signature

    @property
    def lines(self) -> list[str]:
        given = read_authorization(self.authorization)
        return [self.verb, self.path, given.timestamp, given.nonce, self.body]


@dataclass
class Ours:
    """What our adapter sent, and what it handed to WeChat on the payer's device."""

    requests: list[Sent] = field(default_factory=list)
    page: dict[str, str] = field(default_factory=dict)
    in_app: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def recording(url: str, seen: list[Sent]) -> AsyncIterator[str]:
    """Hand every request on as it is, and note it."""
    async with aiohttp.ClientSession(skip_auto_headers=("Content-Type",)) as session:

        async def hand_on(request: web.Request) -> web.Response:
            body = await request.read()
            seen.append(Sent(request.method, request.raw_path, body.decode(), request.headers["Authorization"]))
            target = URL(f"{url}{request.raw_path}", encoded=True)
            async with session.request(request.method, target, data=body, headers=request.headers) as answer:
                return web.Response(status=answer.status, body=await answer.read(), headers=answer.headers)

        recorder = web.Application()
        recorder.router.add_route("*", "/{path:.*}", hand_on)
        runner = web.AppRunner(recorder, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def adapter_at(url: str) -> WechatPayAdapter:
    settings = WechatPaySettings(
        mchid=MCHIDS["public_key"],
        app_id=APP_ID,
        notify_url="https://shop.example.com/inbound",
        private_key=private_pem(key_of("merchant")),
        serial_no=SERIAL,
        api_v3_key=API_V3_KEY,
        public_key=public_pem(key_of("wechatpay")),
        public_key_id=PUBLIC_KEY_ID,
        base_url=url,
    )
    return build("public_key", settings, None)


def charge_order(method: PaymentMethod) -> ChargeOrder:
    return ChargeOrder(
        # These signs are allowed, and a path has to write some of them otherwise.
        request_reference=f"T|*_-{secrets.token_hex(8)}",
        kind=OperationKind.SALE,
        amount=Money(1000, "CNY"),
        method=method,
        payment_id="pay_1",
        merchant_reference="order-1",
        details=PaymentDetails(description='茶 & "咖啡" <大杯>'),
        created_at_us=time.time_ns() // 1000,
    )


async def carried_out(adapter: WechatPayAdapter, ours: Ours) -> None:
    """Use every operation of the adapter."""
    page = charge_order(PaymentMethod(MethodKind.WECHAT_JSAPI, parameters=(("open_id", OPEN_ID),)))
    ours.page = action_of(await adapter.charge(page))
    ours.in_app = action_of(await adapter.charge(charge_order(PaymentMethod(MethodKind.WECHAT_APP))))
    paid = charge_order(scanned())
    evidence = await adapter.charge(paid)
    assert evidence.outcome is Outcome.SUCCEEDED, evidence
    charge = paid.as_charge(evidence.provider_reference)
    refund = RefundOrder(number("R"), charge, Money(400, "CNY"), "退货")
    await adapter.refund(refund)
    await adapter.query(Inquiry(OperationKind.REFUND, refund.request_reference, "", charge, refund.amount))
    await adapter.query(Inquiry(OperationKind.SALE, paid.request_reference, "", charge, paid.amount))
    unpaid = page.as_charge()
    canceled = await adapter.cancel(CancelOrder(number("C"), unpaid, CancelCause.CALLER))
    assert canceled.outcome is Outcome.SUCCEEDED, canceled


def action_of(evidence: Evidence) -> dict[str, str]:
    assert evidence.next_action is not None, evidence
    return dict(evidence.next_action.fields)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    found = Ours()

    async def record(bench: Bench) -> None:
        async with recording(bench.url, found.requests) as url:
            adapter = adapter_at(url)
            try:
                await carried_out(adapter, found)
            finally:
                await adapter.close()

    async def run() -> None:
        async with opened(tmp_path_factory.mktemp("ours")) as bench:
            await record(bench)

    asyncio.run(run())
    return found


def test_our_adapter_sends_every_kind_of_request_for_the_sdks_to_judge(ours: Ours) -> None:
    sent = " ".join(f"{one.verb} {one.path}" for one in ours.requests)

    for part in ("/jsapi", "/app", "/codepay", "/refunds", "/refunds/R", "/out-trade-no/T%7C", "/close"):
        assert part in sent
    assert "GET /v3/certificates" in sent


def test_wechatpayv3_verifies_our_requests_and_none_with_a_flipped_bit(ours: Ours) -> None:
    steps: list[Step] = []
    for sent in ours.requests:
        verb, path, *times, body = sent.lines
        wrong = [[verb, flipped(path, -1), *times, body], [verb, path, *times, flipped(body or "@", -1)]]
        steps += [
            ("is_request_signed", {"lines": lines, "signature": sent.signature, "public_key": MERCHANTS_PUBLIC_KEY})
            for lines in (sent.lines, *wrong)
        ]

    found = asyncio.run(v3(SETTINGS, "", steps))

    assert [result.get("value") for result in found["results"]] == [True, False, False] * len(ours.requests)


def test_pywechatpay_makes_our_authorization_headers_to_the_letter_and_verifies_them(ours: Ours) -> None:
    settings = py_settings("public_key", "") | {"wechat_public_key_string": MERCHANTS_PUBLIC_KEY}
    steps: dict[str, Step] = {}
    for index, sent in enumerate(ours.requests):
        verb, path, timestamp, nonce, body = sent.lines
        parts = {"method": verb, "url_path": path, "request_body": body, "timestamp": timestamp, "nonce_str": nonce}
        steps[f"made {index}"] = ("authorization", parts)
        text = "".join(f"{line}\n" for line in sent.lines)
        for name, judged in (("right", text), ("wrong", flipped(text, len(verb) + 2))):
            steps[f"{name} {index}"] = ("_verify_sign", {"sign_str": judged, "signature": sent.signature})

    found = asyncio.run(py(settings, "", steps))

    for index, sent in enumerate(ours.requests):
        assert found[f"made {index}"] == {"value": sent.authorization}
        assert (found[f"right {index}"], found[f"wrong {index}"]) == ({"value": True}, {"value": False})


def test_both_sdks_sign_for_the_payers_device_as_our_adapter_does(ours: Ours) -> None:
    page, in_app = ours.page, ours.in_app
    texts = [
        [page["appId"], page["timeStamp"], page["nonceStr"], page["package"]],
        [in_app["appid"], in_app["timestamp"], in_app["noncestr"], in_app["prepayid"]],
    ]

    one = asyncio.run(v3(SETTINGS, "", [("sign", {"data": text}) for text in texts]))["results"]
    steps: dict[str, Any] = {text[3]: ("sign", {"sign_str": "".join(f"{line}\n" for line in text)}) for text in texts}
    other = asyncio.run(py(py_settings("public_key", ""), "", steps))

    signatures = [{"value": page["paySign"]}, {"value": in_app["sign"]}]
    assert one == signatures
    assert list(other.values()) == signatures


def test_wechatpayv3_and_our_adapter_read_each_others_encrypted_fields() -> None:
    receiver = key_of("wechatpay")
    sealed = seal_for(receiver.public_key(), "张三")
    steps: list[Step] = [("decrypt", {"ciphertext": sealed}), ("encrypt", {"text": "李四"})]

    found = asyncio.run(v3(SETTINGS | {"private_key": private_pem(receiver)}, "", steps))["results"]

    assert found[0] == {"value": "张三"}
    assert unseal_with(receiver, found[1]["value"]) == "李四"
