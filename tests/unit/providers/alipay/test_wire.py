"""Orders become the fields that Alipay's products ask for, the same ones each time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tollbridge_server.domain.order import NO_DETAILS, Customer, Identity, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.providers.alipay import wire

from tests.unit.providers.alipay.orders import AUTH_CODE, barcode, capture, charge, cny, refund

FREEZE = {"product_code": "PREAUTH_PAY", "payee_id": "2088000000000001", "category": ""}
TRADE = {
    "out_trade_no": "charge",
    "total_amount": "88.88",
    "subject": "Two books",
    "time_expire": "2026-01-02 16:00:00",
}
FROZEN = {
    "out_order_no": "charge",
    "out_request_no": "charge",
    "order_title": "Two books",
    "amount": "88.88",
    "product_code": "PREAUTH_PAY",
    "payee_user_id": "2088000000000001",
    "timeout_express": "60m",
}


def content(request: wire.Request) -> dict[str, Any]:
    return dict(json.loads(request.content))


def test_a_qr_code_is_asked_for_with_the_contracts_product() -> None:
    request = wire.precreate(charge(MethodKind.ALIPAY_QR), product_code="QR_CODE_OFFLINE")
    assert (request.method, request.is_notified) == ("alipay.trade.precreate", True)
    assert content(request) == {**TRADE, "product_code": "QR_CODE_OFFLINE"}


def test_a_scanned_code_is_charged_where_it_was_scanned() -> None:
    request = wire.pay_with_code(charge(barcode()), product_code="OFFLINE_PAYMENT")
    assert (request.method, request.is_notified) == ("alipay.trade.pay", True)
    assert content(request) == {
        **TRADE,
        "auth_code": AUTH_CODE,
        "scene": "bar_code",
        "product_code": "OFFLINE_PAYMENT",
        "store_id": "NJ_001",
    }


def test_a_face_token_is_told_from_a_code() -> None:
    request = wire.pay_with_code(charge(barcode("fp" + "a" * 33)), product_code="P")
    assert content(request)["scene"] == "security_code"


def test_a_scanned_code_ends_when_its_payment_does() -> None:
    request = wire.pay_with_code(charge(barcode(), lifetime_s=90), product_code="P")
    assert content(request)["time_expire"] == "2026-01-02 15:01:30"


def test_a_page_returns_to_the_merchant() -> None:
    request = wire.page_pay(charge(MethodKind.ALIPAY_PAGE))
    assert (request.method, request.return_url) == ("alipay.trade.page.pay", "https://shop.example.com/back")
    assert content(request) == {**TRADE, "product_code": "FAST_INSTANT_TRADE_PAY"}


@pytest.mark.parametrize(
    ("parameters", "quit_url"),
    [
        ((), "https://shop.example.com/back"),
        ((("quit_url", "https://shop.example.com/no"),), "https://shop.example.com/no"),
    ],
)
def test_a_mobile_page_has_a_way_out(parameters: tuple[tuple[str, str], ...], quit_url: str) -> None:
    request = wire.wap_pay(charge(PaymentMethod(MethodKind.ALIPAY_WAP, None, parameters)))
    assert request.method == "alipay.trade.wap.pay"
    assert content(request) == {**TRADE, "product_code": "QUICK_WAP_WAY", "quit_url": quit_url}


def test_an_app_gets_its_own_product() -> None:
    request = wire.app_pay(charge(MethodKind.ALIPAY_APP))
    assert (request.method, content(request)["product_code"]) == ("alipay.trade.app.pay", "QUICK_MSECURITY_PAY")


@pytest.mark.parametrize(
    ("description", "reference", "subject"),
    [
        ("A/B = C & D", "order-1", "A B   C   D"),
        ("", "order/1", "order 1"),
        ("", "", "charge"),
        ("书" * 300, "", "书" * 256),
        ("a\nb\x00c", "", "a b c"),
    ],
)
def test_the_subject_has_nothing_that_alipay_forbids(description: str, reference: str, subject: str) -> None:
    order = charge(MethodKind.ALIPAY_QR, details=PaymentDetails(description), merchant_reference=reference)
    assert wire.subject_of(order) == subject


def test_an_order_without_an_end_has_no_time_to_pay() -> None:
    order = charge(MethodKind.ALIPAY_QR, lifetime_s=0)
    assert "time_expire" not in content(wire.precreate(order, product_code="P"))
    assert "timeout_express" not in content(wire.freeze_by_qr(order, **FREEZE))


def test_the_same_order_is_the_same_request() -> None:
    order = charge(barcode())
    assert wire.pay_with_code(order, product_code="P") == wire.pay_with_code(order, product_code="P")


def test_a_freeze_names_the_payee_and_its_life() -> None:
    by_qr, in_app = (
        wire.freeze_by_qr(charge(MethodKind.ALIPAY_QR), **FREEZE),
        wire.freeze_in_app(charge(MethodKind.ALIPAY_APP), **FREEZE),
    )
    assert (by_qr.method, content(by_qr)) == ("alipay.fund.auth.order.voucher.create", FROZEN)
    assert (in_app.method, content(in_app)) == ("alipay.fund.auth.order.app.freeze", FROZEN)


def test_a_freeze_by_code_carries_the_code_and_the_category() -> None:
    request = wire.freeze_with_code(charge(barcode()), **{**FREEZE, "category": "HOTEL"})
    assert request.method == "alipay.fund.auth.order.freeze"
    assert content(request) == {
        **FROZEN,
        "auth_code": AUTH_CODE,
        "auth_code_type": "bar_code",
        "extra_param": '{"category":"HOTEL"}',
    }


@pytest.mark.parametrize(("lifetime_s", "written"), [(30, "1m"), (30 * 86400, "21600m")])
def test_a_freezes_life_stays_within_alipays_bounds(lifetime_s: int, written: str) -> None:
    order = charge(MethodKind.ALIPAY_QR, lifetime_s=lifetime_s)
    assert content(wire.freeze_by_qr(order, **FREEZE))["timeout_express"] == written


FROZEN_AS = wire.Freeze(auth_no="a1", product_code="PREAUTH_PAY", payee_id="2088000000000001", payer_id="2088")


@pytest.mark.parametrize(("is_final", "mode"), [(True, "COMPLETE"), (False, "NOT_COMPLETE")])
@pytest.mark.parametrize(("fen", "yuan"), [(300, "3.00"), (8888, "88.88")])
def test_a_capture_is_a_trade_of_its_own_whatever_it_takes(is_final: bool, mode: str, fen: int, yuan: str) -> None:
    request = wire.capture(capture(fen, is_final=is_final), FROZEN_AS)
    assert (request.method, request.is_notified) == ("alipay.trade.pay", True)
    assert content(request) == {
        "out_trade_no": "capture",
        "total_amount": yuan,
        "subject": "capture",
        "product_code": "PREAUTH_PAY",
        "auth_no": "a1",
        "auth_confirm_mode": mode,
        "seller_id": "2088000000000001",
        "buyer_id": "2088",
    }


def test_a_capture_is_called_as_its_payment_in_the_payers_wallet() -> None:
    order = replace(capture(300), merchant_reference="order-7", details=PaymentDetails(description="Tea & cake"))
    assert content(wire.capture(order, FROZEN_AS))["subject"] == "Tea   cake"
    unnamed = replace(order, details=NO_DETAILS)
    assert content(wire.capture(unnamed, FROZEN_AS))["subject"] == "order-7"


def test_a_payer_without_a_number_is_named_by_open_id() -> None:
    freeze = wire.Freeze(auth_no="a1", product_code="P", payee_id="2088", payer_open_id="074a1CcTG1LelxKe4xQC0zgNdId")
    fields = content(wire.capture(capture(300), freeze))
    assert "buyer_id" not in fields
    assert fields["buyer_open_id"] == "074a1CcTG1LelxKe4xQC0zgNdId"


def test_a_refund_has_a_number_of_its_own() -> None:
    assert content(wire.refund(refund(1000), trade="charge")) == {
        "out_trade_no": "charge",
        "out_request_no": "refund",
        "refund_amount": "10.00",
        "refund_reason": "returned",
    }


def test_a_release_names_the_freeze_and_the_rest() -> None:
    request = wire.unfreeze(auth_no="a1", reference="cancel", amount=cny(5))
    assert (request.method, request.is_notified) == ("alipay.fund.auth.order.unfreeze", True)
    assert content(request) == {"auth_no": "a1", "out_request_no": "cancel", "amount": "0.05", "remark": "canceled"}


@pytest.mark.parametrize(
    ("request_", "method", "fields"),
    [
        (wire.query("c"), "alipay.trade.query", {"out_trade_no": "c"}),
        (wire.close("c"), "alipay.trade.close", {"out_trade_no": "c"}),
        (wire.cancel("c"), "alipay.trade.cancel", {"out_trade_no": "c"}),
        (
            wire.refund_query(trade="c", refund_reference="r"),
            "alipay.trade.fastpay.refund.query",
            {"out_trade_no": "c", "out_request_no": "r"},
        ),
        (
            wire.freeze_query("c"),
            "alipay.fund.auth.operation.detail.query",
            {"out_order_no": "c", "out_request_no": "c", "operation_type": "FREEZE"},
        ),
        (
            wire.freeze_cancel("c"),
            "alipay.fund.auth.operation.cancel",
            {"out_order_no": "c", "out_request_no": "c", "remark": "canceled"},
        ),
        (
            wire.bill_download(date(2026, 1, 2)),
            "alipay.data.dataservice.bill.downloadurl.query",
            {"bill_type": "trade", "bill_date": "2026-01-02"},
        ),
        (wire.certificate_download("n"), "alipay.open.app.alipaycert.download", {"alipay_cert_sn": "n"}),
    ],
)
def test_questions_name_what_they_are_about(request_: wire.Request, method: str, fields: dict[str, str]) -> None:
    assert (request_.method, content(request_), request_.is_notified) == (method, fields, False)


@pytest.mark.parametrize(("kind", "certificate_type"), [("NATIONAL_ID", "IDENTITY_CARD"), ("PASSPORT", "PASSPORT")])
def test_a_payer_of_one_identity_is_checked_in_every_product(kind: str, certificate_type: str) -> None:
    details = PaymentDetails("Two books", customer=Customer(phone="+8613800000000"))
    order = charge(barcode(), details=details, identity=Identity(kind, "110101199003070000", "Test Payer"))
    for request in (
        wire.pay_with_code(order, product_code="P"),
        wire.precreate(order, product_code="P"),
        wire.page_pay(order),
        wire.wap_pay(order),
        wire.app_pay(order),
    ):
        assert content(request)["ext_user_info"] == {
            "name": "Test Payer",
            "cert_type": certificate_type,
            "cert_no": "110101199003070000",
            "mobile": "+8613800000000",
            "need_check_info": "T",
            "fix_buyer": "T",
        }


@pytest.mark.parametrize(
    ("identity", "payer"),
    [
        (Identity(min_age=18), {"min_age": "18"}),
        (Identity(name="Test Payer"), {"name": "Test Payer"}),
        (Identity(name="Test Payer", min_age=18), {"name": "Test Payer", "min_age": "18"}),
        (Identity("PASSPORT", "E1"), {"cert_type": "PASSPORT", "cert_no": "E1"}),
        (
            Identity("PASSPORT", "E1", "Test Payer", 60),
            {"cert_type": "PASSPORT", "cert_no": "E1", "name": "Test Payer", "min_age": "60", "fix_buyer": "T"},
        ),
    ],
)
def test_the_payer_is_bound_to_what_is_asked_and_the_buyer_only_by_all_of_it(
    identity: Identity, payer: dict[str, str]
) -> None:
    request = wire.pay_with_code(charge(barcode(), identity=identity), product_code="P")
    assert content(request)["ext_user_info"] == {**payer, "need_check_info": "T"}


def test_an_age_alone_takes_no_telephone_number_along() -> None:
    details = PaymentDetails("Two books", customer=Customer(phone="+8613800000000"))
    request = wire.page_pay(charge(MethodKind.ALIPAY_PAGE, details=details, identity=Identity(min_age=18)))
    assert content(request)["ext_user_info"] == {"min_age": "18", "need_check_info": "T"}


def test_a_freeze_compares_the_hash_that_alipays_sdk_gives_as_its_example() -> None:
    order = charge(MethodKind.ALIPAY_QR, identity=Identity("NATIONAL_ID", "4566498798498498498498", "张三"))
    expected = "acc2b92ffc5ed9b472faa19748f10045c30434132784f774b00216a56b8841c6"
    for request in (wire.freeze_by_qr(order, **FREEZE), wire.freeze_in_app(order, **FREEZE)):
        assert json.loads(content(request)["identity_params"]) == {"identity_hash": expected}


def test_a_customer_without_an_identity_is_not_told_of() -> None:
    details = PaymentDetails("Two books", customer=Customer(name="Test Payer", phone="+8613800000000"))
    request = wire.pay_with_code(charge(barcode(), details=details), product_code="P")
    assert "ext_user_info" not in content(request)


def test_nothing_of_the_payer_is_shown() -> None:
    assert AUTH_CODE not in repr(wire.pay_with_code(charge(barcode()), product_code="P"))
