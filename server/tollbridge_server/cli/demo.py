"""`tollbridge demo`: the whole bridge in one run, through the generated client, with nothing staged.

It starts a server with the sandbox, Alipay and WeChat Pay simulated, on a database of its own, does what a shop does,
lets things go wrong, and shows what both books say in the end. It fails when they differ.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import segno
import tollbridge
import typer
from rich.table import Table

from tollbridge_server import app
from tollbridge_server.cli.output import JsonOption, console, errors, fail, print_json
from tollbridge_server.config import load
from tollbridge_server.development import Development, initialize
from tollbridge_server.services.verification import Verification
from tollbridge_server.testing import payer
from tollbridge_server.testing.processes import ProcessFailed, ServerProcess

_SETTLE_TIMEOUT_S = 20.0
_LOOK_AGAIN_S = 0.2
_PAYMENT_CODE = "280000000000010000"
"""A code that Alipay's simulator approves."""
_QUICK = {
    "TOLLBRIDGE_ENGINE__SEND_TIMEOUT_S": "1.5",
    "TOLLBRIDGE_ENGINE__LEASE_MARGIN_S": "0.5",
    "TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S": "[0.5, 1, 2, 5]",
    "TOLLBRIDGE_ENGINE__RESOLVER_INTERVAL_S": "0.2",
}
"""A shop waits 20 seconds for a provider that is silent; nobody wants to watch that."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """One thing that the demo shows, and the payment that came of it."""

    title: str
    payment_id: str


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("demo")(demo)


def demo(as_json: JsonOption = False) -> None:
    """Show the whole bridge in one run.

    It pays, refunds, declines and recovers against the sandbox on a database of its own, then shows what happened and
    checks both books.
    """
    with tempfile.TemporaryDirectory(prefix="tollbridge-demo-") as directory:
        made = initialize(Path(directory) / "config.toml", has_free_ports=True, has_simulators=True)
        try:
            with (
                ServerProcess(made.config_path, environment=_QUICK) as server,
                tollbridge.Client(server.target, token=made.token_path.read_text().strip()) as client,
            ):
                scenes = _Shop(client, show_qr=_no_qr if as_json else _print_qr).play()
                payments = [client.get_payment(payment_id=scene.payment_id).payment for scene in scenes]
        except (ProcessFailed, tollbridge.TollbridgeError) as error:
            fail(str(error))
        found = _verify(made)
    if as_json:
        print_json(_as_json(scenes, payments, found))
    else:
        _show(scenes, payments, found)
    if found.breaks:
        fail(f"{len(found.breaks)} invariants do not hold: {found.breaks[0]}")


class _Shop:
    """A merchant's service with a few orders."""

    def __init__(self, client: tollbridge.Client, *, show_qr: Callable[[str], None]) -> None:
        self._client = client
        self._show_qr = show_qr

    def play(self) -> list[_Scene]:
        scenes: tuple[tuple[str, Callable[[], tollbridge.Payment]], ...] = (
            ("card, taken at once", self._card),
            ("card, two partial captures, two partial refunds", self._partial),
            ("card with 3-D Secure", self._challenge),
            ("Alipay, QR code scanned and paid, refunded in part", self._qr),
            ("Alipay, code shown at the till: authorized, captured in part", self._till),
            ("WeChat Pay, QR code scanned and paid, refunded in full", self._wechat),
            ("a decline", self._decline),
            ("a decline, then another card", self._second_card),
            ("authorized, then canceled", self._cancel),
            ("booked by the acquirer, answer lost: resolved, one charge", self._lost_answer),
        )
        played = []
        with errors.status("starting") as status:
            for title, play in scenes:
                status.update(title)
                played.append(_Scene(title, play().payment_id))
        return played

    def _card(self) -> tollbridge.Payment:
        return self._pay(1999)

    def _partial(self) -> tollbridge.Payment:
        payment = self._pay(10_000, capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
        self._client.capture_payment(payment_id=payment.payment_id, amount=_eur(3000))
        self._client.capture_payment(payment_id=payment.payment_id, amount=_eur(5000), final_capture=True)
        self._client.create_refund(payment_id=payment.payment_id, amount=_eur(1000), reason="one item returned")
        self._client.create_refund(payment_id=payment.payment_id, amount=_eur(500), reason="goodwill")
        return payment

    def _challenge(self) -> tollbridge.Payment:
        payment = self._pay(4200, number="4000000000003220")
        payer.decide(payment.next_action.redirect.url, "approve")
        return self._client.confirm_payment(payment_id=payment.payment_id).payment

    def _qr(self) -> tollbridge.Payment:
        method = tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr()))
        payment = self._client.create_payment(
            amount=_cny(8800), payment_method=method, description="Longjing tea"
        ).payment
        self._show_qr(payment.next_action.show_qr.payload)
        payer.decide(payment.next_action.show_qr.payload, "approve")
        settled = self._settled(payment)
        self._client.create_refund(payment_id=payment.payment_id, amount=_cny(800), reason="one bag torn")
        return settled

    def _wechat(self) -> tollbridge.Payment:
        native = tollbridge.PaymentMethod(wechat_pay=tollbridge.WechatPayMethod(native=tollbridge.WechatNative()))
        payment = self._client.create_payment(
            amount=_cny(2600), payment_method=native, description="Steamed buns"
        ).payment
        self._show_qr(payment.next_action.show_qr.payload)
        payer.decide(payment.next_action.show_qr.payload, "approve")
        settled = self._settled(payment)
        refund = self._client.create_refund(payment_id=payment.payment_id, reason="sold out").refund
        self._refunded(refund)
        return settled

    def _refunded(self, refund: tollbridge.Refund) -> None:
        """Wait until a refund is made: WeChat Pay accepts it first."""
        deadline = time.monotonic() + _SETTLE_TIMEOUT_S
        while refund.state == tollbridge.REFUND_STATE_PROCESSING:
            if time.monotonic() > deadline:
                fail(f"{refund.refund_id} did not settle")
            time.sleep(_LOOK_AGAIN_S)
            refund = self._client.get_refund(refund_id=refund.refund_id).refund

    def _till(self) -> tollbridge.Payment:
        barcode = tollbridge.AlipayBarcode(auth_code=_PAYMENT_CODE)
        payment = self._client.create_payment(
            amount=_cny(5000),
            payment_method=tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(barcode=barcode)),
            capture_method=tollbridge.CAPTURE_METHOD_MANUAL,
        ).payment
        self._client.capture_payment(payment_id=payment.payment_id, amount=_cny(3200), final_capture=True)
        return payment

    def _decline(self) -> tollbridge.Payment:
        return self._pay(700, number="4000000000009995")

    def _second_card(self) -> tollbridge.Payment:
        payment = self._pay(1500, number="4000000000000002", on_decline=tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD)
        return self._client.confirm_payment(
            payment_id=payment.payment_id, payment_method=_card("5555555555554444")
        ).payment

    def _cancel(self) -> tollbridge.Payment:
        payment = self._pay(2500, capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
        return self._client.cancel_payment(payment_id=payment.payment_id, reason="out of stock").payment

    def _lost_answer(self) -> tollbridge.Payment:
        """Repeat as a nervous caller would: the key is the same, so there is one payment and one charge."""
        key = "order-1007"
        payment = self._pay(9107, idempotency_key=key)
        self._pay(9107, idempotency_key=key)
        return self._settled(payment)

    def _pay(
        self,
        amount_minor: int,
        *,
        number: str = "4242424242424242",
        capture_method: tollbridge.CaptureMethod | None = None,
        on_decline: tollbridge.OnDecline | None = None,
        idempotency_key: str | None = None,
    ) -> tollbridge.Payment:
        return self._client.create_payment(
            amount=_eur(amount_minor),
            payment_method=_card(number),
            capture_method=capture_method,
            on_decline=on_decline,
            idempotency_key=idempotency_key,
        ).payment

    def _settled(self, payment: tollbridge.Payment) -> tollbridge.Payment:
        """Wait, as a shop would, until the payment is final."""
        deadline = time.monotonic() + _SETTLE_TIMEOUT_S
        for status in self._client.watch_status(payment_id=payment.payment_id):
            if status.state == tollbridge.PAYMENT_STATE_SUCCEEDED:
                break
            if time.monotonic() > deadline:
                fail(f"{payment.payment_id} did not settle")
        return payment


def _eur(amount_minor: int) -> tollbridge.Money:
    return tollbridge.Money(currency_code="EUR", amount_minor=amount_minor)


def _cny(amount_minor: int) -> tollbridge.Money:
    return tollbridge.Money(currency_code="CNY", amount_minor=amount_minor)


def _print_qr(payload: str) -> None:
    """Show the code as the payer sees it; a terminal is a screen like any other."""
    if errors.is_terminal:
        segno.make(payload).terminal(compact=True)
    errors.print(f"the payer scans {payload}", highlight=False, soft_wrap=True)


def _no_qr(_: str) -> None:
    """Show nothing: a program reads."""


def _card(number: str) -> tollbridge.PaymentMethod:
    return tollbridge.PaymentMethod(
        card=tollbridge.Card(number=number, expiry_month=12, expiry_year=2035, cvv="123", holder_name="Test Payer")
    )


def _verify(made: Development) -> Verification:
    return asyncio.run(app.verify(load(made.config_path), book=None, progress=lambda _: None))


def _show(scenes: list[_Scene], payments: list[tollbridge.Payment], found: Verification) -> None:
    table = Table("what", "state", "captured", "refunded", "timeline", title="tollbridge demo")
    for scene, payment in zip(scenes, payments, strict=True):
        table.add_row(
            scene.title,
            tollbridge.PaymentState.Name(payment.state).removeprefix("PAYMENT_STATE_"),
            _written(payment.captured_amount),
            _written(payment.refunded_amount) if payment.refunded_amount.amount_minor else "",
            "\n".join(_timeline(payment)),
        )
    console.print(table)
    console.print(
        f"{found.payments} payments here, {found.effects} effects in the acquirer's book: both agree, "
        "and every invariant holds" if not found.breaks else "the books differ",
        style="green" if not found.breaks else "red",
        highlight=False,
    )  # fmt: skip
    console.print("`make serve` leaves a server running and prints a token and a command to try.", highlight=False)


def _timeline(payment: tollbridge.Payment) -> list[str]:
    began = payment.create_time.ToMicroseconds()
    lines = []
    for operation in payment.operations:
        kind = tollbridge.OperationKind.Name(operation.kind).removeprefix("OPERATION_KIND_").lower()
        state = tollbridge.OperationState.Name(operation.state).removeprefix("OPERATION_STATE_").lower()
        at_ms = (operation.update_time.ToMicroseconds() - began) // 1000
        why = f" ({operation.failure.provider_code})" if operation.HasField("failure") else ""
        lines.append(f"+{at_ms} ms {kind} {_written(operation.amount)}: {state}{why}")
    return lines


def _as_json(scenes: list[_Scene], payments: list[tollbridge.Payment], found: Verification) -> dict[str, object]:
    return {
        "payments": [
            {
                "what": scene.title,
                "payment_id": payment.payment_id,
                "state": tollbridge.PaymentState.Name(payment.state).removeprefix("PAYMENT_STATE_"),
                "captured_minor": payment.captured_amount.amount_minor,
                "refunded_minor": payment.refunded_amount.amount_minor,
                "timeline": _timeline(payment),
            }
            for scene, payment in zip(scenes, payments, strict=True)
        ],
        "breaks": len(found.breaks),
    }


def _written(money: tollbridge.Money) -> str:
    return f"{tollbridge.decimal_amount(money)} {money.currency_code}"
