"""The payer's page of the sandbox: what a person reads there, on a telephone too."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.money import Money

from tests.integration.sandbox.desks import HttpDesk
from tests.unit.providers import orders


async def shown(http: HttpDesk, amount: Money) -> str:
    opened = await http.adapter.charge(orders.charge(amount=amount, method=orders.card(orders.CHALLENGED)))
    assert opened.next_action is not None
    async with http.session.get(opened.next_action.url) as page:
        return await page.text()


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money(1999, "EUR"), "19.99 EUR"),
        (Money(5, "EUR"), "0.05 EUR"),
        (Money(1999, "JPY"), "1999 JPY"),
        (Money(1999, "KWD"), "1.999 KWD"),
    ],
)
async def test_an_amount_is_written_as_people_write_it(http: HttpDesk, amount: Money, written: str) -> None:
    assert f"<p>{written}</p>" in await shown(http, amount)


async def test_a_page_can_be_read_on_a_telephone(http: HttpDesk) -> None:
    page = await shown(http, Money(1999, "EUR"))

    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
