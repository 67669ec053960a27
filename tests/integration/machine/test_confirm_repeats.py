"""A repeated ConfirmPayment leaves alone the action that its first use opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tollbridge

from tests.integration.machine import shop
from tests.integration.machine.shop import Bridge, bridge


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with bridge(tmp_path_factory.mktemp("confirm")) as started:
        yield started


def _challenged(client: tollbridge.Client, key: str) -> tollbridge.Payment:
    """A payment that was declined and then confirmed under `key` with a card that wants 3-D Secure."""
    payment = client.create_payment(
        amount=shop.euros(2000),
        payment_method=shop.card(shop.DECLINED),
        on_decline=tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD,
    ).payment
    return client.confirm_payment(
        payment_id=payment.payment_id, payment_method=shop.card(shop.CHALLENGED), idempotency_key=key
    ).payment


def test_a_repeated_confirm_keeps_the_open_challenge(running: Bridge) -> None:
    key = shop.unique("key")
    first = _challenged(running.client, key)
    again = running.client.confirm_payment(
        payment_id=first.payment_id, payment_method=shop.card(shop.CHALLENGED), idempotency_key=key
    )
    assert again.replayed
    assert shop.payer_page(again.payment) == shop.payer_page(first) != ""


def test_a_reused_confirm_key_is_refused_and_keeps_the_open_challenge(running: Bridge) -> None:
    key = shop.unique("key")
    first = _challenged(running.client, key)
    with pytest.raises(tollbridge.IdempotencyKeyReused):
        running.client.confirm_payment(payment_id=first.payment_id, payment_method=shop.card(), idempotency_key=key)
    payment = running.client.get_payment(payment_id=first.payment_id).payment
    assert shop.payer_page(payment) == shop.payer_page(first) != ""
