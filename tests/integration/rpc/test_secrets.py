"""What comes back of a payment, and what never does: identity, card data and codes are nowhere but at the acquirer.

The canaries are looked for in every file that the server leaves behind, in its log, and in every answer.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
import tollbridge
from google.protobuf.timestamp_pb2 import Timestamp
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import refund_service_pb2 as refunds_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import Bridge, card, create, initialized, money, running, unique

# Published test numbers; their middle digits are in no identifier that the server makes up by chance.
APPROVED, DECLINED, CHALLENGED = "5555555555554444", "4000000000009995", "4000000000003220"
MISTYPED = "5555555555554445"
CVV = "8397"  # Too long for these brands but for American Express, so some of the requests are refused.
LONE_CVV = re.compile(rb"(?<![0-9A-Za-z.])" + CVV.encode() + rb"(?![0-9A-Za-z.])")
HOLDER = "Canary Holder"
IDENTITY = tollbridge.Identity(
    type=tollbridge.IDENTITY_TYPE_PASSPORT, number="CANARY-PASSPORT-77", name="Canary Passport Name"
)
ACTION_RESULT = "canary-action-result"
AUTH_CODE = "283917465018274655"  # As the payer's wallet shows it, for one payment.
OPEN_ID, PROVIDER_TOKEN = "canary-open-id", "canary-provider-token"

CANARIES = (
    *(number.encode() for number in (APPROVED, DECLINED, CHALLENGED, MISTYPED, "378282246310005")),
    HOLDER.encode(),
    IDENTITY.number.encode(),
    IDENTITY.name.encode(),
    ACTION_RESULT.encode(),
    AUTH_CODE.encode(),
    OPEN_ID.encode(),
    PROVIDER_TOKEN.encode(),
)


@dataclass(slots=True)
class Scanned:
    """All answers of the calls, and the folder with everything that the server wrote."""

    directory: Path
    answers: list[bytes] = field(default_factory=list)
    codes: list[grpc.StatusCode] = field(default_factory=list)

    def call(self, bridge: Bridge, name: str, request: object) -> wire.Answer:
        # A correlation id of random digits could hold the CVV by chance.
        answer = bridge.call(name, request, metadata=(("x-correlation-id", "scanned"),))
        self.answers += [*answer.bodies, answer.details, answer.message.encode()]
        self.codes.append(answer.code)
        return answer


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """A server that saw every canary in many requests and is killed, so that nothing is tidied up."""
    made = initialized(tmp_path_factory.mktemp("scanned"))
    found = Scanned(made.config_path.parent)
    with running(made, TOLLBRIDGE_LOGGING__LEVEL="DEBUG") as bridge:
        customer = tollbridge.Customer(customer_id="c-1", identity=IDENTITY)
        for number in (APPROVED, DECLINED, CHALLENGED, MISTYPED):
            for cvv in (CVV, CVV[:3]):
                method = card(number, cvv=cvv, holder_name=HOLDER)
                found.call(bridge, "CreatePayment", create(payment_method=method, customer=customer))
        method = card("378282246310005", cvv=CVV, holder_name=HOLDER)
        for amount in (1999, 9106, 9108, 9113):  # Also where the acquirer fails, and the request is sent again.
            found.call(bridge, "CreatePayment", create(amount, payment_method=method, customer=customer))
        _ask_for_another_method(found, bridge)
        for other in _other_methods():
            found.call(bridge, "CreatePayment", create(amount=money(500, "CNY"), payment_method=other))
        listed = found.call(bridge, "ListPayments", b"").read(payments_pb.ListPaymentsResponse)
        for payment in listed.payments:
            lookup = tollbridge.PaymentLookup(payment_id=payment.payment_id)
            found.call(bridge, "GetPayment", payments_pb.GetPaymentRequest(lookup=lookup))
            found.call(bridge, "GetStatus", statuses_pb.GetStatusRequest(lookup=lookup, refresh=True))
        bridge.server.kill()
    return found


def _ask_for_another_method(found: Scanned, bridge: Bridge) -> None:
    ask = create(payment_method=card(DECLINED), on_decline=tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD)
    payment = found.call(bridge, "CreatePayment", ask).read(payments_pb.CreatePaymentResponse).payment
    confirm = payments_pb.ConfirmPaymentRequest(
        idempotency_key=unique(),
        payment_id=payment.payment_id,
        payment_method=card(APPROVED, holder_name=HOLDER),
        action_result={"result": ACTION_RESULT},
    )
    found.call(bridge, "ConfirmPayment", confirm)


def _other_methods() -> list[tollbridge.PaymentMethod]:
    barcode = tollbridge.AlipayMethod(barcode=tollbridge.AlipayBarcode(auth_code=AUTH_CODE))
    jsapi = tollbridge.WechatPayMethod(jsapi=tollbridge.WechatJsapi(open_id=OPEN_ID))
    foreign = tollbridge.ProviderToken(provider="sandbox", token=PROVIDER_TOKEN)
    return [
        tollbridge.PaymentMethod(alipay=barcode),
        tollbridge.PaymentMethod(wechat_pay=jsapi),
        tollbridge.PaymentMethod(provider_token=foreign),
    ]


def test_the_scan_saw_payments_that_were_made_and_others_that_were_refused(scanned: Scanned) -> None:
    """Without this the scans below could pass because nothing happened."""
    assert {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT} <= set(scanned.codes)
    assert any(b"555555" in answer and b"4444" in answer for answer in scanned.answers)


def test_the_database_its_journal_and_the_sandbox_book_are_among_the_scanned_files(scanned: Scanned) -> None:
    names = {path.name for path in scanned.directory.iterdir()}
    assert {"tollbridge.db", "tollbridge.db-wal", "sandbox.db", "server.log"} <= names


@pytest.mark.parametrize("canary", CANARIES, ids=bytes.decode)
def test_no_file_holds_a_secret_of_the_payer(scanned: Scanned, canary: bytes) -> None:
    files = [path for path in scanned.directory.iterdir() if path.is_file() and "key" not in path.name]
    assert [path.name for path in files if canary in path.read_bytes()] == []


@pytest.mark.parametrize("canary", CANARIES, ids=bytes.decode)
def test_no_answer_holds_a_secret_of_the_payer(scanned: Scanned, canary: bytes) -> None:
    assert [answer for answer in scanned.answers if canary in answer] == []


def test_nothing_holds_the_cvv_by_itself(scanned: Scanned) -> None:
    """Four digits may stand in a time or in a random name by chance, so each value is looked at on its own."""
    values = [*scanned.answers, (scanned.directory / "server.log").read_bytes()]
    columns = [value for name in ("tollbridge.db", "sandbox.db") for value in _columns(scanned.directory / name)]
    assert any(b"4444" in value for value in columns), "the databases were read, so the last four digits are found"
    assert [value for value in values + columns if LONE_CVV.search(value)] == []


def _columns(database: Path) -> list[bytes]:
    """Every value of every table, as bytes."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    return [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]


# What does come back.


FULL = {
    "merchant_reference": "order-1001",
    "description": "Tea",
    "statement_descriptor": "TEA SHOP",
    "return_url": "https://shop.example/back?order=1",
    "metadata": {"cart": "7", "note": "grüner Tee 茶"},
    "expire_time": Timestamp(seconds=2_000_000_000, nanos=123_456_000),
    "capture_method": tollbridge.CAPTURE_METHOD_MANUAL,
    "on_decline": tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD,
    "provider_account_id": "demo-sandbox",
}
ADDRESS = tollbridge.Address(
    line1="1 Tea Road", line2="Yard", city="Hangzhou", region="ZJ", postal_code="310000", country_code="CN"
)
ORDER = tollbridge.Order(
    lines=[
        tollbridge.OrderLine(
            sku="tea-1",
            name="Longjing",
            quantity=2,
            unit_amount_minor=900,
            unit_tax_minor=50,
            kind=tollbridge.GOODS_KIND_PHYSICAL,
            category="tea",
        ),
        tollbridge.OrderLine(name="Book", quantity=1, kind=tollbridge.GOODS_KIND_DIGITAL),
    ],
    shipping_address=ADDRESS,
    shipping_name="A. Payer",
    shipping_amount_minor=199,
    discount_amount_minor=100,
)
CUSTOMER = tollbridge.Customer(
    customer_id="c-1",
    email="payer@example.com",
    name="A. Payer",
    phone="+8613800000000",
    locale="zh-CN",
    ip_address="2001:db8::1",
    device=tollbridge.Device(
        channel=tollbridge.DEVICE_CHANNEL_WEB,
        user_agent="Browser/1",
        accept_header="text/html",
        language="zh-CN",
        color_depth_bits=24,
        screen_height_px=1080,
        screen_width_px=1920,
        time_zone_offset_minutes=0,
        java_enabled=False,
        device_id="d-1",
    ),
    billing_address=ADDRESS,
)


def test_all_that_the_caller_said_of_a_payment_is_read_back_but_for_the_identity(bridge: Bridge) -> None:
    customer = tollbridge.Customer()
    customer.CopyFrom(CUSTOMER)
    customer.identity.CopyFrom(IDENTITY)
    reference = unique("order")
    request = create(**{**FULL, "merchant_reference": reference, "order": ORDER, "customer": customer})
    made = bridge.call("CreatePayment", request).read(payments_pb.CreatePaymentResponse).payment
    lookup = tollbridge.PaymentLookup(merchant_reference=reference)
    read = bridge.call("GetPayment", payments_pb.GetPaymentRequest(lookup=lookup))
    payment = read.read(payments_pb.GetPaymentResponse).payment
    assert payment == made
    for name in (set(FULL) | {"amount"}) - {"metadata"}:
        assert getattr(payment, name) == getattr(request, name), name
    assert dict(payment.metadata) == FULL["metadata"]
    assert payment.order == ORDER
    assert payment.customer == CUSTOMER


def test_every_field_of_the_order_and_the_customer_is_set_in_this_test() -> None:
    """A field that the contract gains has to be added above, or nobody knows whether it survives."""
    for message, exempt in ((ORDER, set()), (ORDER.lines[0], set()), (CUSTOMER, {"identity"}), (ADDRESS, set())):
        assert {one.name for one, _ in message.ListFields()} | exempt == set(message.DESCRIPTOR.fields_by_name)
    assert {one.name for one, _ in CUSTOMER.device.ListFields()} == set(CUSTOMER.device.DESCRIPTOR.fields_by_name)


def test_what_is_shown_of_a_card_is_at_most_bin_and_last_four(bridge: Bridge) -> None:
    answer = bridge.call("CreatePayment", create(payment_method=card(APPROVED)))
    shown = answer.read(payments_pb.CreatePaymentResponse).payment.payment_method
    assert (shown.kind, shown.brand.lower()) == (tollbridge.PAYMENT_METHOD_KIND_CARD, "mastercard")
    assert (shown.bin, shown.last_four) == (APPROVED[:6], APPROVED[-4:])
    assert (shown.expiry_month, shown.expiry_year) == (12, 2035)


def test_a_refund_is_read_back_as_it_was_asked_for(bridge: Bridge) -> None:
    payment = bridge.call("CreatePayment", create()).read(payments_pb.CreatePaymentResponse).payment
    reference = unique("return")
    request = refunds_pb.CreateRefundRequest(
        idempotency_key=unique(),
        payment_id=payment.payment_id,
        amount=money(499),
        reason="zurückgegeben",
        merchant_reference=reference,
    )
    made = bridge.call("CreateRefund", request).read(refunds_pb.CreateRefundResponse).refund
    found = bridge.call("GetRefund", refunds_pb.GetRefundRequest(merchant_reference=reference))
    refund = found.read(refunds_pb.GetRefundResponse).refund
    assert refund == made
    for name in ("payment_id", "amount", "reason", "merchant_reference"):
        assert getattr(refund, name) == getattr(request, name)
