"""Alipay's pages in a real browser, from the next action of a payment to its end at the gateway."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tollbridge
from tollbridge import PaymentMethod

from tests.browser import methods
from tests.browser.gateway import Gateway
from tests.browser.payer import Payer
from tests.browser.shop import Shop

CASHIER = ["Pay", "Not now"]
IN_BROWSER = [methods.alipay_page, methods.alipay_wap]
IN_APP = [methods.alipay_qr, methods.alipay_code]

Method = Callable[[], PaymentMethod]


@pytest.mark.parametrize("method", IN_APP)
def test_an_order_in_the_app_shows_what_is_paid_and_both_choices(
    payer: Payer, gateway: Gateway, method: Method
) -> None:
    payer.open(gateway.page_of(gateway.ask("alipay", method(), description="龙井茶")))

    assert (payer.heading, "12.34 CNY" in payer.text, payer.buttons) == ("龙井茶", True, CASHIER)


@pytest.mark.parametrize("method", IN_APP)
def test_an_order_in_the_app_is_paid(payer: Payer, gateway: Gateway, method: Method) -> None:
    payment = gateway.ask("alipay", method())
    payer.open(gateway.page_of(payment))
    payer.press("Pay")

    assert (payer.heading, payer.buttons) == ("Paid", [])
    assert "The payment is done" in payer.text
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


@pytest.mark.parametrize("method", IN_BROWSER)
def test_a_page_in_the_browser_is_paid_after_the_log_in(
    payer: Payer, gateway: Gateway, shop: Shop, method: Method
) -> None:
    payment = gateway.ask("alipay", method(), description="龙井茶", return_url=shop.back)
    payer.open(gateway.page_of(payment))
    assert (payer.heading, payer.buttons) == ("龙井茶", ["Log in"])
    payer.press("Log in")
    assert (payer.heading, "12.34 CNY" in payer.text, payer.buttons) == ("龙井茶", True, CASHIER)
    payer.press("Pay")

    assert (payer.heading, payer.buttons) == ("Paid", [])
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


@pytest.mark.parametrize("method", IN_BROWSER)
def test_a_form_that_the_shop_lets_the_browser_send_opens_the_same_page(
    payer: Payer, gateway: Gateway, shop: Shop, method: Method
) -> None:
    payment = gateway.ask("alipay", method(), description="龙井茶 'one' \"two\"", return_url=shop.back)
    url = gateway.page_of(payment)
    payer.open(shop.form_for(url))
    payer.arrive(url.partition("?")[0])

    assert (payer.heading, payer.buttons) == ("龙井茶 'one' \"two\"", ["Log in"])
    payer.press("Log in")
    payer.press("Pay")
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


@pytest.mark.parametrize("method", IN_APP)
def test_who_does_not_want_to_pay_now_is_told_that_the_order_stays_open(
    payer: Payer, gateway: Gateway, method: Method
) -> None:
    payment = gateway.ask("alipay", method())
    payer.open(gateway.page_of(payment))
    payer.press("Not now")

    assert "Not paid. The order stays open" in payer.text
    assert payer.buttons == CASHIER
    assert gateway.state(payment) == "REQUIRES_ACTION 0"


def test_who_does_not_want_to_pay_on_a_mobile_page_gets_back_to_the_shop(
    payer: Payer, gateway: Gateway, shop: Shop
) -> None:
    payer.open(gateway.page_of(gateway.ask("alipay", methods.alipay_wap(), return_url=shop.back)))
    for label in ("Log in", "Not now", "Back to the shop"):
        payer.press(label)

    assert payer.heading == "Back at the shop"


def test_who_did_not_want_to_pay_can_still_pay_there(payer: Payer, gateway: Gateway) -> None:
    payment = gateway.ask("alipay", methods.alipay_qr())
    payer.open(gateway.page_of(payment))
    payer.press("Not now")
    payer.press("Pay")

    assert payer.heading == "Paid"
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


def test_an_amount_is_held_and_not_taken(payer: Payer, gateway: Gateway) -> None:
    payment = gateway.ask("alipay", methods.alipay_qr(), capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
    payer.open(gateway.page_of(payment))
    assert "The amount is held, and not paid yet." in payer.text
    assert payer.buttons == CASHIER
    payer.press("Pay")

    assert "The amount was held for the shop" in payer.text
    assert gateway.outcome(payment) == "AUTHORIZED 1234"


def test_an_address_whose_amount_somebody_changed_offers_nothing_to_pay(
    payer: Payer, gateway: Gateway, shop: Shop
) -> None:
    url = gateway.page_of(gateway.ask("alipay", methods.alipay_page(), return_url=shop.back))
    assert url.count("12.34") == 1
    payer.open(url.replace("12.34", "00.01"))

    assert "错误代码" in payer.heading
    assert "isv.invalid-signature" in payer.heading
    assert payer.buttons == []
