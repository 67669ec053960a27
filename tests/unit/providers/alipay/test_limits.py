"""What Alipay does not take, or would not check, is declined or refused before anything is sent."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import Identity, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import UnsupportedOperation

from tests.unit.providers.alipay.gateway import adapting
from tests.unit.providers.alipay.orders import (
    CAPTURE,
    FREEZE,
    barcode,
    capture,
    charge,
    cny,
    inquiry,
    refund,
)
from tests.unit.providers.alipay.said import (
    FROZEN,
    ORDER_FREEZE,
    charged,
)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (Money(100, "EUR"), DeclineReason.CURRENCY_NOT_SUPPORTED),
        (cny(0), DeclineReason.AMOUNT_INVALID),
        (cny(10_000_000_001), DeclineReason.AMOUNT_INVALID),
    ],
)
async def test_an_amount_that_alipay_does_not_take_is_declined_unsent(amount: Money, reason: DeclineReason) -> None:
    async with adapting() as (gateway, adapter):
        order = charge(barcode(), amount=amount)
        for evidence in (
            await adapter.charge(order),
            await adapter.capture(type(capture(1))("c", capture(1).charge, amount, False)),
            await adapter.refund(type(refund())("r", refund().charge, amount, "")),
        ):
            assert evidence.failure is not None
            assert evidence.failure.reason is reason
        assert gateway.methods == []


LI_MING = Identity("NATIONAL_ID", "110101199003070000", "Test Payer")


@pytest.mark.parametrize(
    ("kind", "identity"),
    [
        (OperationKind.SALE, replace(LI_MING, type="OTHER")),
        (OperationKind.SALE, replace(LI_MING, type="")),
        (OperationKind.AUTHORIZE, replace(LI_MING, type="PASSPORT")),
        (OperationKind.AUTHORIZE, replace(LI_MING, name="")),
        (OperationKind.AUTHORIZE, replace(LI_MING, min_age=18)),
        (OperationKind.AUTHORIZE, Identity(name="Test Payer")),
        (OperationKind.AUTHORIZE, Identity(min_age=18)),
    ],
)
async def test_an_identity_that_alipay_would_not_check_is_declined_unsent(
    kind: OperationKind, identity: Identity
) -> None:
    evidence, gateway = await charged(charge(barcode(), kind=kind, identity=identity), {})
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.NOT_PERMITTED
    assert gateway.methods == []


async def test_a_freeze_is_bound_to_a_national_identity_card() -> None:
    order = charge(barcode(), kind=OperationKind.AUTHORIZE, identity=LI_MING)
    evidence, gateway = await charged(order, {ORDER_FREEZE: FROZEN})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert "identity_hash" in gateway.last(ORDER_FREEZE).content["identity_params"]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (OperationKind.SALE, MethodKind.ALIPAY_PAGE),
        (OperationKind.SALE, MethodKind.ALIPAY_WAP),
        (OperationKind.SALE, MethodKind.ALIPAY_APP),
        (OperationKind.AUTHORIZE, MethodKind.ALIPAY_APP),
    ],
)
async def test_an_identity_that_the_payers_device_could_read_is_declined_unsent(
    kind: OperationKind, method: MethodKind
) -> None:
    evidence, gateway = await charged(charge(method, kind=kind, identity=LI_MING), {})
    assert evidence.failure is not None
    assert "aes_key" in evidence.failure.provider_message
    assert (evidence.next_action, gateway.methods) == (None, [])


async def test_an_encrypted_identity_passes_the_payers_device() -> None:
    async with adapting(aes_key=b"k" * 16) as (_, adapter):
        evidence = await adapter.charge(charge(MethodKind.ALIPAY_PAGE, identity=LI_MING))
    assert evidence.next_action is not None
    assert LI_MING.number not in evidence.next_action.url


async def test_an_age_alone_may_pass_the_payers_device() -> None:
    evidence, _ = await charged(charge(MethodKind.ALIPAY_APP, identity=Identity(min_age=18)), {})
    assert evidence.next_action is not None
    order_string = dict(parse_qsl(dict(evidence.next_action.fields)["order_string"]))
    assert json.loads(order_string["biz_content"])["ext_user_info"] == {"min_age": "18", "need_check_info": "T"}


def address(length: int) -> str:
    return "https://shop.example.com/".ljust(length, "a")


def of_wap(quit_url: str) -> PaymentMethod:
    return PaymentMethod(MethodKind.ALIPAY_WAP, None, (("quit_url", quit_url),))


@pytest.mark.parametrize(
    ("method", "return_url", "field"),
    [
        (PaymentMethod(MethodKind.ALIPAY_PAGE), address(257), "return_url"),
        (of_wap(address(30)), address(257), "return_url"),
        (of_wap(address(401)), "", "quit_url"),
        (PaymentMethod(MethodKind.ALIPAY_WAP), "", "quit_url"),
    ],
)
async def test_an_address_that_alipays_page_would_refuse_is_declined_with_its_name(
    method: PaymentMethod, return_url: str, field: str
) -> None:
    order = charge(method, details=PaymentDetails(return_url=return_url))
    evidence, _ = await charged(order, {})
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.retry) == (
        DeclineReason.NOT_PERMITTED,
        RetryAdvice.CORRECTED_DATA,
    )
    assert evidence.failure.provider_message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("method", "return_url"),
    [
        (PaymentMethod(MethodKind.ALIPAY_PAGE), address(256)),
        (PaymentMethod(MethodKind.ALIPAY_PAGE), ""),
        (PaymentMethod(MethodKind.ALIPAY_WAP), address(256)),
        (of_wap(address(400)), ""),
    ],
)
async def test_an_address_of_the_greatest_length_is_taken(method: PaymentMethod, return_url: str) -> None:
    evidence, _ = await charged(charge(method, details=PaymentDetails(return_url=return_url)), {})
    assert evidence.outcome is Outcome.REQUIRES_ACTION


@pytest.mark.parametrize("reference", ["", "a-b", "a" * 65, "书"])
async def test_a_reference_that_alipay_does_not_take_raises(reference: str) -> None:
    async with adapting() as (gateway, adapter):
        for call in (
            adapter.charge(charge(barcode(), reference=reference)),
            adapter.capture(capture(1, reference=reference)),
            adapter.refund(refund(reference=reference)),
            adapter.refund(refund(charge=FREEZE, capture=replace(CAPTURE, request_reference=reference))),
            adapter.query(inquiry(OperationKind.SALE, reference=reference)),
        ):
            with pytest.raises(UnsupportedOperation):
                await call
        assert gateway.methods == []


async def test_other_methods_and_freezes_without_a_contract_raise() -> None:
    async with adapting(preauth=False) as (gateway, adapter):
        for call in (
            adapter.charge(charge(MethodKind.WECHAT_NATIVE)),
            adapter.charge(charge(barcode(), kind=OperationKind.AUTHORIZE)),
            adapter.capture(capture(1)),
        ):
            with pytest.raises(UnsupportedOperation):
                await call
        assert gateway.methods == []
