"""WeChat Pay's pages in a real browser, from the next action of a payment to its end at the gateway."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tollbridge import PaymentMethod

from tests.browser import methods
from tests.browser.gateway import Gateway
from tests.browser.payer import Payer

CASHIER = ["Pay", "Not now"]
ORDERS = [methods.wechat_native, methods.wechat_h5, methods.wechat_jsapi, methods.wechat_app]

Method = Callable[[], PaymentMethod]


@pytest.mark.parametrize("method", [*ORDERS, methods.wechat_code])
def test_an_order_shows_what_is_paid_and_both_choices(payer: Payer, gateway: Gateway, method: Method) -> None:
    payer.open(gateway.page_of(gateway.ask("wechatpay", method(), description="小笼包")))

    assert (payer.heading, "12.34 CNY" in payer.text, payer.buttons) == ("小笼包", True, CASHIER)


@pytest.mark.parametrize("method", ORDERS)
def test_an_order_is_paid(payer: Payer, gateway: Gateway, method: Method) -> None:
    payment = gateway.ask("wechatpay", method())
    payer.open(gateway.page_of(payment))
    payer.press("Pay")

    assert (payer.heading, payer.buttons) == ("Paid", [])
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


@pytest.mark.parametrize("method", [methods.wechat_native, methods.wechat_h5])
def test_who_does_not_want_to_pay_now_is_told_that_it_can_still_be_paid(
    payer: Payer, gateway: Gateway, method: Method
) -> None:
    payment = gateway.ask("wechatpay", method())
    payer.open(gateway.page_of(payment))
    payer.press("Not now")

    assert "You have not paid. You can still pay here" in payer.text
    assert payer.buttons == CASHIER
    assert gateway.state(payment) == "REQUIRES_ACTION 0"


def test_who_did_not_want_to_pay_can_still_pay_there(payer: Payer, gateway: Gateway) -> None:
    payment = gateway.ask("wechatpay", methods.wechat_native())
    payer.open(gateway.page_of(payment))
    payer.press("Not now")
    payer.press("Pay")

    assert payer.heading == "Paid"
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


def test_who_types_the_password_has_paid(payer: Payer, gateway: Gateway) -> None:
    payment = gateway.ask("wechatpay", methods.wechat_code())
    payer.open(gateway.page_of(payment))
    payer.press("Pay")

    assert (payer.heading, payer.buttons) == ("Paid", [])
    assert gateway.state(payment) == "SUCCEEDED 1234"


def test_who_does_not_type_the_password_has_not_paid_for_good(payer: Payer, gateway: Gateway) -> None:
    payment = gateway.ask("wechatpay", methods.wechat_code())
    payer.open(gateway.page_of(payment))
    assert "confirm it with your password" in payer.text
    payer.press("Not now")

    assert (payer.heading, payer.buttons) == ("Not paid", [])
    assert gateway.state(payment) == "FAILED 0"
