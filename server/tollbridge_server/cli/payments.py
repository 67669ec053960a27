"""`tollbridge pay`, `refund`, `status`, `watch`: the client, for a person."""

from __future__ import annotations

from typing import Annotated, Any

import segno
import tollbridge
import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.table import Table

from tollbridge_server.cli.connection import TargetOption, TokenOption, call, connect
from tollbridge_server.cli.output import JsonOption, console, fail, print_json, print_json_line

_TEST_CARD = "4242424242424242"
_YEARS_AHEAD = 2035

AmountArgument = Annotated[str, typer.Argument(help="In the currency's major unit, such as 19.99.")]
PaymentArgument = Annotated[str, typer.Argument(help="The payment's id; `tollbridge pay` prints it.")]
LinesOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for a program.")]
KeyOption = Annotated[str | None, typer.Option("--key", help="The idempotency key; a random one without this.")]


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command("pay")(pay)
    application.command("refund")(refund)
    application.command("status")(status)
    application.command("watch")(watch)


def pay(
    amount: AmountArgument,
    currency: Annotated[str, typer.Argument(help="ISO 4217, such as EUR.")],
    method: Annotated[
        str, typer.Option(help="card, alipay-qr, wechat-native, alipay-page, paypal or unionpay.")
    ] = "card",
    card: Annotated[str, typer.Option(help="A test number; `tollbridge simulate --list` shows them.")] = _TEST_CARD,
    reference: Annotated[str, typer.Option(help="Your order number.")] = "",
    manual: Annotated[bool, typer.Option("--manual", help="Authorize only; capture later.")] = False,
    return_url: Annotated[str, typer.Option(help="Where the payer's browser returns to.")] = "http://127.0.0.1/",
    key: KeyOption = None,
    target: TargetOption = "",
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a payment and show what became of it."""
    money = _money(amount, currency)
    with connect(target, token_file) as client:
        response = call(
            lambda: client.create_payment(
                amount=money,
                payment_method=_method(method, card),
                capture_method=tollbridge.CAPTURE_METHOD_MANUAL if manual else None,
                merchant_reference=reference,
                return_url=return_url,
                idempotency_key=key,
            )
        )
    _show_payment(response.payment, as_json=as_json)


def refund(
    payment_id: PaymentArgument,
    amount: Annotated[str, typer.Argument(help="In the major unit; all that is left without this.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    key: KeyOption = None,
    target: TargetOption = "",
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give back all or a part of what was captured."""
    with connect(target, token_file) as client:
        money = None
        if amount:
            present = call(lambda: client.get_status(payment_id=payment_id)).status
            money = _money(amount, present.amount.currency_code)
        response = call(
            lambda: client.create_refund(payment_id=payment_id, amount=money, reason=reason, idempotency_key=key)
        )
    if as_json:
        print_json(_as_dict(response))
        return
    made = response.refund
    state = tollbridge.RefundState.Name(made.state).removeprefix("REFUND_STATE_")
    console.print(f"{made.refund_id}  {state}  {_written(made.amount)}", highlight=False)
    if made.HasField("failure"):
        console.print(f"declined: {made.failure.message}", style="yellow", markup=False)


def status(
    payment_id: Annotated[str, typer.Argument(help="The payment's id, or your order number with --reference.")],
    reference: Annotated[bool, typer.Option("--reference", help="The argument is your order number.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask the provider first.")] = False,
    target: TargetOption = "",
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a payment stands."""
    number, identifier = (payment_id, None) if reference else (None, payment_id)
    with connect(target, token_file) as client:
        if refresh:
            call(lambda: client.get_status(payment_id=identifier, merchant_reference=number, refresh=True))
        response = call(lambda: client.get_payment(payment_id=identifier, merchant_reference=number))
    _show_payment(response.payment, as_json=as_json)


def watch(
    payment_id: PaymentArgument,
    target: TargetOption = "",
    token_file: TokenOption = None,
    as_json: LinesOption = False,
) -> None:
    """Follow a payment until it is final."""
    with connect(target, token_file) as client:

        def follow() -> None:
            for change in client.watch_status(payment_id=payment_id):
                if as_json:
                    print_json_line(_as_dict(change))
                    continue
                state = tollbridge.PaymentState.Name(change.state).removeprefix("PAYMENT_STATE_")
                when = change.update_time.ToDatetime().isoformat(timespec="milliseconds")
                amounts = f"captured {_written(change.captured_amount)}, refunded {_written(change.refunded_amount)}"
                console.print(f"{when}  v{change.version:<3} {state:<16} {amounts}", highlight=False)

        call(follow)


def _money(amount: str, currency: str) -> tollbridge.Money:
    try:
        money = tollbridge.money(amount, currency.upper())
    except ValueError as error:
        fail(f"{error}; write an amount like 19.99 EUR or 500 JPY")
    if money.amount_minor <= 0:
        fail(f"{amount} is nothing to move; write an amount above zero, like 19.99")
    return money


def _method(name: str, card: str) -> tollbridge.PaymentMethod:
    methods = {
        "card": lambda: tollbridge.PaymentMethod(
            card=tollbridge.Card(number=card, expiry_month=12, expiry_year=_YEARS_AHEAD, cvv=_cvv(card))
        ),
        "alipay-qr": lambda: tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr())),
        "alipay-page": lambda: tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(page=tollbridge.AlipayPage())),
        "wechat-native": lambda: tollbridge.PaymentMethod(
            wechat_pay=tollbridge.WechatPayMethod(native=tollbridge.WechatNative())
        ),
        "paypal": lambda: tollbridge.PaymentMethod(paypal=tollbridge.PaypalMethod()),
        "unionpay": lambda: tollbridge.PaymentMethod(unionpay=tollbridge.UnionpayMethod()),
    }
    if name not in methods:
        fail(f"--method {name}: there are {', '.join(methods)}")
    return methods[name]()


def _cvv(card: str) -> str:
    return "1234" if card.startswith(("34", "37")) else "123"


def _show_payment(payment: tollbridge.Payment, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_dict(payment))
        return
    state = tollbridge.PaymentState.Name(payment.state).removeprefix("PAYMENT_STATE_")
    console.print(f"{payment.payment_id}  {state}  {_written(payment.amount)}", highlight=False)
    table = Table("operation", "state", "amount", "provider's reference", "failure")
    for operation in payment.operations:
        kind = tollbridge.OperationKind.Name(operation.kind).removeprefix("OPERATION_KIND_")
        outcome = tollbridge.OperationState.Name(operation.state).removeprefix("OPERATION_STATE_")
        references = ", ".join(attempt.provider_reference for attempt in operation.attempts)
        table.add_row(kind, outcome, _written(operation.amount), references, operation.failure.message)
    console.print(table)
    _show_next_action(payment)
    if payment.state in (tollbridge.PAYMENT_STATE_PROCESSING, tollbridge.PAYMENT_STATE_REQUIRES_ACTION):
        console.print(f"Follow it with: tollbridge watch {payment.payment_id}", highlight=False, soft_wrap=True)


def _show_next_action(payment: tollbridge.Payment) -> None:
    action = payment.next_action
    match action.WhichOneof("action"):
        case "redirect":
            console.print(f"The payer opens {action.redirect.url}", highlight=False, soft_wrap=True)
        case "show_qr":
            segno.make(action.show_qr.payload).terminal(compact=True)
            console.print(f"The payer scans {action.show_qr.payload}", highlight=False, soft_wrap=True)
        case "provide_payment_method":
            console.print("It was declined; ConfirmPayment takes another payment method.")


def _written(money: tollbridge.Money) -> str:
    if not money.currency_code:
        return "-"
    return f"{tollbridge.decimal_amount(money)} {money.currency_code}"


def _as_dict(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)
