"""The sandbox acquirer's pages in a real browser, from the next action of a payment to its end at the gateway."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tollbridge import PaymentMethod

from tests.browser import methods
from tests.browser.gateway import Gateway
from tests.browser.payer import Payer
from tests.browser.shop import Shop

CHOICES = ["Approve", "Refuse"]
HEADINGS = {
    methods.card: "3-D Secure challenge",
    methods.wallet: "Pay with your wallet",
}

Method = Callable[[], PaymentMethod]


@pytest.mark.parametrize("method", HEADINGS)
def test_a_page_shows_what_is_paid_and_both_choices(payer: Payer, gateway: Gateway, method: Method) -> None:
    payer.open(gateway.page_of(gateway.ask("sandbox", method())))

    assert (payer.heading, "12.34 CNY" in payer.text, payer.buttons) == (HEADINGS[method], True, CHOICES)


@pytest.mark.parametrize("method", HEADINGS)
def test_who_approves_has_paid(payer: Payer, gateway: Gateway, method: Method) -> None:
    payment = gateway.ask("sandbox", method())
    payer.open(gateway.page_of(payment))
    payer.press("Approve")

    assert (payer.heading, payer.buttons) == ("Approved", [])
    assert gateway.outcome(payment) == "SUCCEEDED 1234"


@pytest.mark.parametrize("method", HEADINGS)
def test_who_refuses_has_not_paid(payer: Payer, gateway: Gateway, method: Method) -> None:
    payment = gateway.ask("sandbox", method())
    payer.open(gateway.page_of(payment))
    payer.press("Refuse")

    assert (payer.heading, payer.buttons) == ("Not approved", [])
    assert gateway.outcome(payment) == "FAILED 0"


def test_a_page_leads_back_to_the_shop_by_itself(payer: Payer, gateway: Gateway, shop: Shop) -> None:
    mark = "'\"><script>document.title='run'</script>"
    payment = gateway.ask("sandbox", methods.card(), return_url=f"{shop.back}?order=9&mark={mark}")
    payer.open(gateway.page_of(payment))
    payer.press("Approve")
    payer.arrive(shop.back)

    assert payer.heading == "Back at the shop"
    assert shop.returns[-1] == {"order": "9", "mark": mark}
    assert gateway.outcome(payment) == "SUCCEEDED 1234"
