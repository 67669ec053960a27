"""Through the whole product: a payer's face pays, and an amount is frozen for nobody but the payer who is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tollbridge
from tollbridge_server.development import initialize
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.testing.processes import ServerProcess
from tollbridge_server.testing.simulators.alipay import TEST_PAYER, read_book

from tests.integration.alipay.orders import code, face_token

ACCOUNT = "demo-alipay"
AMOUNT_MINOR = 1234


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant of a running server whose Alipay is simulated, and Alipay's book."""

    client: tollbridge.Client
    book_path: Path

    def charge(
        self, auth_code: str, *, is_manual: bool = False, identity: tollbridge.Identity | None = None
    ) -> tollbridge.Payment:
        """Pay with what the payer shows."""
        barcode = tollbridge.AlipayBarcode(auth_code=auth_code)
        return self.client.create_payment(
            amount=tollbridge.Money(currency_code="CNY", amount_minor=AMOUNT_MINOR),
            payment_method=tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(barcode=barcode)),
            capture_method=tollbridge.CAPTURE_METHOD_MANUAL if is_manual else tollbridge.CAPTURE_METHOD_AUTOMATIC,
            provider_account_id=ACCOUNT,
            customer=tollbridge.Customer(identity=identity) if identity else None,
        ).payment

    def booked(self, payment: tollbridge.Payment) -> list[BookedCharge]:
        """Return what Alipay holds of a payment."""
        book = read_book(self.book_path).get(ACCOUNT)
        references = {operation.request_reference for operation in payment.operations}
        return [charge for charge in book.charges() if charge.request_reference in references] if book else []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("product")
    made = initialize(folder / "config.toml", has_free_ports=True, has_simulators=True)
    with (
        ServerProcess(made.config_path) as server,
        tollbridge.Client(server.target, token=made.token_path.read_text().strip()) as client,
    ):
        yield Shop(client, folder / "alipay" / "simulator.db")


def person(*, name: str = TEST_PAYER.name, number: str = TEST_PAYER.cert_no) -> tollbridge.Identity:
    """Return whom a merchant wants: the test payer, or somebody else."""
    return tollbridge.Identity(type=tollbridge.IDENTITY_TYPE_NATIONAL_ID, name=name, number=number)


def test_a_payer_s_face_pays(shop: Shop) -> None:
    payment = shop.charge(face_token())

    assert payment.state == tollbridge.PAYMENT_STATE_SUCCEEDED
    assert [charge.captured_minor for charge in shop.booked(payment)] == [AMOUNT_MINOR]


def test_a_payer_s_face_is_declined_as_a_code_is(shop: Shop) -> None:
    payment = shop.charge(face_token("0002"))

    assert payment.state == tollbridge.PAYMENT_STATE_FAILED
    assert payment.failure.reason == tollbridge.DECLINE_REASON_INSUFFICIENT_FUNDS
    assert shop.booked(payment) == []


def test_an_amount_is_frozen_for_the_payer_who_is_wanted(shop: Shop) -> None:
    payment = shop.charge(code(), is_manual=True, identity=person())

    assert payment.state == tollbridge.PAYMENT_STATE_AUTHORIZED
    assert [charge.authorized_minor for charge in shop.booked(payment)] == [AMOUNT_MINOR]


@pytest.mark.parametrize("changes", [{"name": "somebody else"}, {"number": "110101199003070019"}])
def test_nothing_is_frozen_for_somebody_else(shop: Shop, changes: dict[str, str]) -> None:
    payment = shop.charge(code(), is_manual=True, identity=person(**changes))

    assert payment.state == tollbridge.PAYMENT_STATE_FAILED
    assert payment.failure.reason == tollbridge.DECLINE_REASON_ACCOUNT_RESTRICTED
    assert shop.booked(payment) == []
