"""Every product has its codes, and a freeze is paid from under the family of codes that it was made under."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.providers.alipay.signing import form_of

from tests.integration.alipay.desk import Desk
from tests.integration.alipay.orders import code, frozen, scanned, shown

FREEZE, VOUCHER = "alipay.fund.auth.order.freeze", "alipay.fund.auth.order.voucher.create"
APP_FREEZE = "alipay.fund.auth.order.app.freeze"
PAGE, WAP = "alipay.trade.page.pay", "alipay.trade.wap.pay"


async def in_app(desk: Desk, method: str, content: dict[str, Any], decision: str = "approve") -> tuple[int, str]:
    """Hand an order string to the payer's app; return the HTTP status and what became of it."""
    url = f"{desk.url}/control/pay_order?decision={decision}"
    async with desk.session.post(url, data=form_of(desk.parameters(method, content))) as answer:
        return answer.status, await answer.text()


async def held(desk: Desk, product: str) -> str:
    """Freeze under a product's code, in an app or by a code; return the number of the freeze."""
    if product == "PRE_AUTH":
        content = frozen(auth_code=code(), auth_code_type="bar_code")
        return str((await desk.call(FREEZE, content))["auth_no"])
    assert await in_app(desk, APP_FREEZE, frozen(product=product)) == (200, "AUTHORIZED")
    answer = await desk.call("alipay.fund.auth.operation.detail.query", {"out_order_no": "F1", "out_request_no": "F1"})
    return str(answer["auth_no"])


def capture(auth_no: str, product: str) -> dict[str, Any]:
    paid = {"out_trade_no": "C1", "total_amount": "4.00", "subject": "Room"}
    return {**paid, "auth_no": auth_no, "product_code": product}


@pytest.mark.parametrize("product", ["PREAUTH_PAY", "PRE_AUTH_ONLINE"])
async def test_an_app_freezes_under_the_codes_of_apps(desk: Desk, product: str) -> None:
    assert await held(desk, product)


@pytest.mark.parametrize("product", ["PRE_AUTH", "QUICK_MSECURITY_PAY", ""])
async def test_an_app_freezes_under_no_other_code(desk: Desk, product: str) -> None:
    status, text = await in_app(desk, APP_FREEZE, frozen(product=product))

    assert (status, text.partition(":")[0]) == (400, "ILLEGAL_ARGUMENT")


@pytest.mark.parametrize("product", ["PREAUTH_PAY", "PRE_AUTH_ONLINE", "FACE_TO_FACE_PAYMENT", ""])
@pytest.mark.parametrize("method", [FREEZE, VOUCHER])
async def test_a_code_freezes_under_no_other_code_than_its_own(desk: Desk, method: str, product: str) -> None:
    content = frozen(product=product, auth_code=code(), auth_code_type="bar_code")
    answer = await desk.call(method, content)

    assert (answer["code"], answer["sub_code"]) == ("40004", "ILLEGAL_ARGUMENT")
    asked = await desk.call("alipay.fund.auth.operation.detail.query", {"out_order_no": "F1", "out_request_no": "F1"})
    assert asked["sub_code"] == "AUTH_ORDER_NOT_EXIST"


@pytest.mark.parametrize(
    ("made_under", "paid_under"),
    [("PRE_AUTH", "PRE_AUTH"), ("PREAUTH_PAY", "PRE_AUTH_ONLINE"), ("PRE_AUTH_ONLINE", "PREAUTH_PAY")],
)
async def test_a_freeze_is_paid_from_under_its_family(desk: Desk, made_under: str, paid_under: str) -> None:
    answer = await desk.call("alipay.trade.pay", capture(await held(desk, made_under), paid_under))

    assert answer["code"] == "10000"


@pytest.mark.parametrize(
    ("made_under", "paid_under"),
    [("PRE_AUTH", "PREAUTH_PAY"), ("PREAUTH_PAY", "PRE_AUTH"), ("PRE_AUTH", "FACE_TO_FACE_PAYMENT")],
)
async def test_a_freeze_is_not_paid_from_under_another_family(desk: Desk, made_under: str, paid_under: str) -> None:
    answer = await desk.call("alipay.trade.pay", capture(await held(desk, made_under), paid_under))

    assert answer["sub_code"] == "ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT"
    assert await desk.status("C1") == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize("product", ["QR_CODE_OFFLINE", "FACE_TO_FACE_PAYMENT"])
async def test_a_qr_code_is_sold_under_its_codes(desk: Desk, product: str) -> None:
    assert (await desk.call("alipay.trade.precreate", shown(product=product)))["code"] == "10000"


@pytest.mark.parametrize("product", ["FACE_TO_FACE_PAYMENT", "OFFLINE_PAYMENT"])
async def test_a_shown_code_is_paid_under_its_codes(desk: Desk, product: str) -> None:
    assert (await desk.call("alipay.trade.pay", scanned(product_code=product)))["code"] == "10000"


@pytest.mark.parametrize("method", ["alipay.trade.precreate", "alipay.trade.pay"])
async def test_a_sale_is_made_under_no_other_code(desk: Desk, method: str) -> None:
    answer = await desk.call(method, scanned(product_code="QUICK_MSECURITY_PAY"))

    assert answer["sub_code"] == "ACQ.INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("method", "product", "is_taken"),
    [
        (PAGE, "FAST_INSTANT_TRADE_PAY", True),
        (PAGE, "QUICK_WAP_WAY", False),
        (WAP, "QUICK_WAP_WAY", True),
        (WAP, "QUICK_WAP_PAY", True),
        (WAP, "FAST_INSTANT_TRADE_PAY", False),
    ],
)
async def test_a_page_is_opened_under_its_codes(desk: Desk, method: str, product: str, is_taken: bool) -> None:
    content = shown(product=product, quit_url="https://shop.example.com/quit")
    url = f"{desk.url}/gateway.do?{form_of(desk.parameters(method, content))}"

    assert ("ACQ.INVALID_PARAMETER" in await desk.shown(url)) != is_taken


@pytest.mark.parametrize(("product", "status"), [("QUICK_MSECURITY_PAY", 200), ("FAST_INSTANT_TRADE_PAY", 400)])
async def test_an_app_pays_under_its_code(desk: Desk, product: str, status: int) -> None:
    assert (await in_app(desk, "alipay.trade.app.pay", shown(product=product)))[0] == status
