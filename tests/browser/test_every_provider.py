"""What holds for the page of every provider: nothing is paid twice, nothing of an order runs, a phone can show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tollbridge import PaymentMethod

from tests.browser import methods
from tests.browser.gateway import Gateway
from tests.browser.payer import Payer
from tests.browser.shop import Shop

MARK = "'\"><script>document.title='run'</script>"
HOSTILE = "Tea <script>document.title='run'</script> & \"cake\" 'n' <b>bun</b>"
MIN_BUTTON_PX = 24
"""The least that WCAG 2.2 wants of what is pressed with a finger (2.5.8)."""


@dataclass(frozen=True, slots=True)
class Cashier:
    """A provider's page: the provider, the method that leads there, what is pressed to pay, and what is shown then."""

    provider: str
    method: Callable[[], PaymentMethod]
    presses: tuple[str, ...] = ("Pay",)
    done: str = "Paid"


ALIPAY, WECHATPAY = Cashier("alipay", methods.alipay_qr), Cashier("wechatpay", methods.wechat_native)
QR_CODES = [
    pytest.param(Cashier("sandbox", methods.alipay_qr, ("Approve",), "Approved"), id="sandbox"),
    pytest.param(ALIPAY, id="alipay"),
    pytest.param(WECHATPAY, id="wechatpay"),
]
IN_BROWSER = [
    pytest.param(Cashier("alipay", methods.alipay_page, ("Log in", "Pay")), id="page"),
    pytest.param(Cashier("alipay", methods.alipay_wap, ("Log in", "Pay")), id="wap"),
    pytest.param(Cashier("wechatpay", methods.wechat_h5), id="h5"),
]


@pytest.mark.parametrize("cashier", QR_CODES)
def test_a_page_that_is_reloaded_after_the_payment_says_paid_and_takes_nothing_more(
    payer: Payer, gateway: Gateway, cashier: Cashier
) -> None:
    payment = gateway.ask(cashier.provider, cashier.method())
    payer.open(gateway.page_of(payment))
    payer.press(cashier.presses[-1])
    assert gateway.outcome(payment) == "SUCCEEDED 1234"
    booked = gateway.booked(payment)
    payer.reload()

    assert (payer.heading, payer.buttons) == (cashier.done, [])
    assert gateway.booked(payment) == booked
    assert gateway.state(payment) == "SUCCEEDED 1234"


@pytest.mark.parametrize("cashier", QR_CODES)
def test_a_page_that_was_open_twice_is_paid_once(payer: Payer, gateway: Gateway, cashier: Cashier) -> None:
    payment = gateway.ask(cashier.provider, cashier.method())
    page = gateway.page_of(payment)
    payer.open(page)
    with payer.in_another_tab(page):
        payer.press(cashier.presses[-1])
    assert gateway.outcome(payment) == "SUCCEEDED 1234"
    booked = gateway.booked(payment)
    payer.press(cashier.presses[-1])

    assert (payer.heading, payer.buttons) == (cashier.done, [])
    assert gateway.booked(payment) == booked
    assert gateway.state(payment) == "SUCCEEDED 1234"


# The sandbox leads back by itself, see its own tests.
@pytest.mark.parametrize("cashier", IN_BROWSER)
def test_the_shop_gets_its_return_url_as_it_gave_it(
    payer: Payer, gateway: Gateway, shop: Shop, cashier: Cashier
) -> None:
    payment = gateway.ask(cashier.provider, cashier.method(), return_url=f"{shop.back}?order=7&mark={MARK}")
    payer.open(gateway.page_of(payment))
    for label in cashier.presses:
        payer.press(label)
    payer.press("Back to the shop")

    assert payer.heading == "Back at the shop"
    assert shop.returns[-1] == {"order": "7", "mark": MARK}
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


# The sandbox shows no description. Alipay takes none with / = & in it, which our adapter leaves out.
@pytest.mark.parametrize(
    ("cashier", "shown"),
    [
        (ALIPAY, "Tea <script>document.title 'run'< script> \"cake\" 'n' <b>bun< b>"),
        (WECHATPAY, HOSTILE),
    ],
    ids=["alipay", "wechatpay"],
)
@pytest.mark.parametrize("label", ["Not now", "Pay"])
def test_markup_in_a_description_is_text(
    payer: Payer, gateway: Gateway, cashier: Cashier, shown: str, label: str
) -> None:
    payer.open(gateway.page_of(gateway.ask(cashier.provider, cashier.method(), description=HOSTILE)))
    assert payer.heading == shown
    payer.press(label)

    assert shown in payer.text
    assert payer.scripts() == 0
    assert payer.driver.title != "run"


@pytest.mark.parametrize("cashier", QR_CODES)
def test_a_page_fits_a_phone_and_its_buttons_a_finger(payer: Payer, gateway: Gateway, cashier: Cashier) -> None:
    payment = gateway.ask(cashier.provider, cashier.method(), description="W" * 100)
    with payer.on_a_phone():
        payer.open(gateway.page_of(payment))

        assert payer.is_readable_without_sideways_scrolling()
        assert all(min(size) >= MIN_BUTTON_PX for size in payer.button_sizes_px())
        payer.press(cashier.presses[-1])
        assert payer.is_readable_without_sideways_scrolling()
    assert gateway.outcome(payment) == "SUCCEEDED 1234"
