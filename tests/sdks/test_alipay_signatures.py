"""Alipay's public SDKs agree with our adapter about what is signed, encrypted and numbered, to the letter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import orjson
import pytest
from aiohttp import web
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import CancelOrder, CaptureOrder, ChargeOrder, ChargeReference, RefundOrder
from tollbridge_server.providers.alipay import AlipayAdapter, AlipaySettings, build
from tollbridge_server.providers.alipay.certificates import read_certificates, root_serial_number

from tests.conformance.alipay import SELLER_ID, barcode, key_of, private_pem, public_pem
from tests.conformance.alipay_certificates import AES_KEY, alipays, application, root
from tests.sdks.alipay import (
    APP_IDS,
    Bench,
    Step,
    community,
    community_settings,
    flipped,
    number,
    official,
    official_settings,
    opened,
)

NOBODY = "127.0.0.1:1"
Parameters = dict[str, str]


@dataclass
class Ours:
    """The parameters of each request that our adapter sent, or gave to a browser or an app, by mode."""

    sent: dict[str, list[Parameters]]

    def all(self) -> list[Parameters]:
        return [parameters for requests in self.sent.values() for parameters in requests]


@asynccontextmanager
async def recording(bench: Bench, seen: list[Parameters]) -> AsyncIterator[str]:
    """Hand every request on as it is, and note its parameters."""
    async with aiohttp.ClientSession() as session:

        async def hand_on(request: web.Request) -> web.Response:
            body = await request.read()
            seen.append(dict(request.query) | dict(parse_qsl(body.decode(), strict_parsing=True)))
            url = f"http://{bench.host}{request.path_qs}"
            async with session.request(request.method, url, data=body, headers=request.headers) as answer:
                return web.Response(body=await answer.read(), content_type="text/html", charset="utf-8")

        recorder = web.Application()
        recorder.router.add_route("*", "/gateway.do", hand_on)
        runner = web.AppRunner(recorder, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/gateway.do"
        finally:
            await runner.cleanup()


def adapter_at(gateway: str, mode: str) -> AlipayAdapter:
    settings = AlipaySettings(
        app_id=APP_IDS[mode],
        seller_id=SELLER_ID,
        notify_url="https://shop.example.com/inbound",
        private_key=private_pem(key_of("application")),
        alipay_public_key=public_pem(key_of("alipay")) if mode != "certificates" else "",
        app_certificate=application() if mode == "certificates" else "",
        alipay_certificate=alipays() if mode == "certificates" else "",
        alipay_root_certificate=root() if mode == "certificates" else "",
        aes_key=AES_KEY if mode == "encryption" else "",
        gateway=gateway,
        preauth_product="PREAUTH_PAY",
    )
    return build(mode, settings, None)


def order(method: PaymentMethod, kind: OperationKind = OperationKind.SALE) -> ChargeOrder:
    return ChargeOrder(
        request_reference=number(),
        kind=kind,
        amount=Money(1000, "CNY"),
        method=method,
        payment_id="pay_1",
        merchant_reference="order-1",
        details=PaymentDetails(description='茶 "咖啡" +% <大杯>', return_url="https://shop.example.com/back?x=1&y=茶"),
        created_at_us=time.time_ns() // 1000,
    )


def referring(made: ChargeOrder, provider_reference: str) -> ChargeReference:
    return made.as_charge(provider_reference)


async def carried_out(adapter: AlipayAdapter) -> list[Parameters]:
    """Use every operation of the adapter; return the parameters that it gave to a browser and to an app."""
    await adapter.charge(order(PaymentMethod(MethodKind.ALIPAY_QR)))
    sold = order(barcode())
    sale = await adapter.charge(sold)
    assert sale.outcome is Outcome.SUCCEEDED, sale
    refund = RefundOrder(number("R"), referring(sold, sale.provider_reference), Money(400, "CNY"), "退货 & 换货")
    assert (await adapter.refund(refund)).outcome is Outcome.SUCCEEDED
    held = order(barcode(), OperationKind.AUTHORIZE)
    freeze = await adapter.charge(held)
    assert freeze.outcome is Outcome.SUCCEEDED, freeze
    frozen = referring(held, freeze.provider_reference)
    await adapter.capture(CaptureOrder(number("P"), frozen, Money(400, "CNY"), is_final=False))
    await adapter.cancel(CancelOrder(number("C"), frozen, CancelCause.CALLER))
    given = []
    for kind in (MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP, MethodKind.ALIPAY_APP):
        action = (await adapter.charge(order(PaymentMethod(kind)))).next_action
        assert action is not None
        query = urlsplit(action.url).query if action.url else dict(action.fields)["order_string"]
        given.append(dict(parse_qsl(query, strict_parsing=True)))
    return given


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    async def record(mode: str) -> list[Parameters]:
        seen: list[Parameters] = []
        async with opened(tmp_path_factory.mktemp(mode)) as bench, recording(bench, seen) as gateway:
            adapter = adapter_at(gateway, mode)
            try:
                return [*await carried_out(adapter), *seen]
            finally:
                await adapter.close()

    async def run() -> dict[str, list[Parameters]]:
        return {mode: await record(mode) for mode in APP_IDS}

    return Ours(asyncio.run(run()))


def text_of(parameters: Parameters) -> str:
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if name != "sign")


@pytest.mark.parametrize("mode", APP_IDS)
def test_our_adapter_sends_every_kind_of_request_for_the_sdks_to_judge(ours: Ours, mode: str) -> None:
    methods = {parameters["method"].removeprefix("alipay.") for parameters in ours.sent[mode]}

    assert methods >= {
        *("trade.precreate", "trade.pay", "trade.refund", "trade.page.pay", "trade.wap.pay", "trade.app.pay"),
        *("fund.auth.order.freeze", "fund.auth.operation.detail.query", "fund.auth.order.unfreeze"),
    }


def test_alipays_own_sdk_makes_our_signatures_to_the_letter_and_verifies_them(ours: Ours) -> None:
    settings = official_settings("keys", believed_key="application")
    steps: dict[str, Step] = {}
    for index, sent in enumerate(ours.all()):
        signed = {name: value for name, value in sent.items() if name != "sign"}
        steps[f"text {index}"] = ("signed_text", {"parameters": signed})
        steps[f"made {index}"] = ("sign", {"text": text_of(sent)})
        for name, text in (("right", text_of(sent)), ("wrong", flipped(text_of(sent)))):
            steps[f"{name} {index}"] = ("is_signed", {"text": text, "signature": sent["sign"]})

    found = asyncio.run(official(settings, NOBODY, steps))

    for index, sent in enumerate(ours.all()):
        assert found[f"text {index}"] == {"value": text_of(sent)}
        assert found[f"made {index}"] == {"value": sent["sign"]}
        assert found[f"right {index}"] == {"value": True}
        assert found[f"wrong {index}"]["error"].startswith("VerificationError")


def test_the_community_s_sdk_makes_our_signatures_to_the_letter_and_verifies_them(ours: Ours) -> None:
    settings = community_settings("keys", believed_key="application")
    steps: dict[str, Step] = {}
    for index, sent in enumerate(ours.all()):
        steps[f"made {index}"] = ("_sign", {"unsigned_string": text_of(sent)})
        for name, text in (("right", text_of(sent)), ("wrong", flipped(text_of(sent)))):
            steps[f"{name} {index}"] = ("_verify", {"raw_content": text, "signature": sent["sign"]})

    found = asyncio.run(community(settings, NOBODY, steps))

    for index, sent in enumerate(ours.all()):
        assert found[f"made {index}"] == {"value": sent["sign"]}
        assert (found[f"right {index}"], found[f"wrong {index}"]) == ({"value": True}, {"value": False})


def test_alipays_own_sdk_decrypts_the_content_that_our_adapter_encrypted(ours: Ours) -> None:
    sealed = ours.sent["encryption"]
    steps = {str(index): ("decrypt", {"content": sent["biz_content"]}) for index, sent in enumerate(sealed)}

    found = asyncio.run(official(official_settings("encryption"), NOBODY, dict[str, Step](steps)))

    plain = [orjson.loads(sent["biz_content"]) for sent in ours.sent["keys"]]
    assert [sorted(result["value"]) for result in found.values()] == [sorted(content) for content in plain]
    assert all(sent["encrypt_type"] == "AES" for sent in sealed)


def test_the_community_s_sdk_numbers_our_certificates_as_we_do(ours: Ours) -> None:
    steps: dict[str, Step] = {"app": ("app_cert_sn", {}), "root": ("alipay_root_cert_sn", {})}

    found = asyncio.run(community(community_settings("certificates"), NOBODY, steps))

    for sent in ours.sent["certificates"]:
        assert found == {"app": {"value": sent["app_cert_sn"]}, "root": {"value": sent["alipay_root_cert_sn"]}}


def test_the_community_s_sdk_joins_the_numbers_of_a_root_file_as_we_do() -> None:
    bundle = f"{root()}\n{alipays()}"
    steps: dict[str, Step] = {"root": ("alipay_root_cert_sn", {})}

    found = asyncio.run(
        community(community_settings("certificates") | {"alipay_root_cert_string": bundle}, NOBODY, steps)
    )

    assert found == {"root": {"value": root_serial_number(read_certificates(bundle, setting="root"))}}
