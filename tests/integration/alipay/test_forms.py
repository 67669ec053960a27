"""Every parameter of every method has its length and its form, and is taken up to its limit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tollbridge_server.providers.alipay.signing import form_of

from tests.conformance.alipay import SELLER_ID
from tests.integration.alipay.desk import Desk
from tests.integration.alipay.fields import (
    APP,
    APP_FREEZE,
    FREEZE,
    FREEZE_CANCEL,
    FREEZE_QUERY,
    GOODS,
    OPERATION,
    PAGE,
    REFUND,
    SCAN,
    SHOW,
    TAKEN,
    VOUCHER,
    WAP,
    WRONG,
    full,
)
from tests.integration.alipay.orders import code, frozen, refund, scanned, shown

ERROR_PAGE = re.compile(r"错误代码 ([A-Z._]+)</h1><p>([^<]*)</p>")
OTHER_SELLER = "2088999999999999"


async def said(desk: Desk, method: str, content: dict[str, Any]) -> str:
    """Bring a request as its method wants; return why it is refused, with the message, or what follows."""
    given = desk.parameters(method, content)
    if method in (PAGE, WAP):
        async with desk.session.post(f"{desk.url}/gateway.do", data=given) as page:
            error = ERROR_PAGE.search(await page.text())
        return f"{error[1]}: {error[2]}" if error else "page"
    if method in (APP, APP_FREEZE):
        url = f"{desk.url}/control/pay_order?decision=refuse"
        async with desk.session.post(url, data=form_of(given)) as answer:
            return await answer.text()
    answered = await desk.post(given)
    return f"{answered['sub_code']}: {answered['sub_msg']}" if "sub_code" in answered else str(answered["code"])


def wrong(method: str, name: str) -> str:
    """Return how a field is refused."""
    return f"{'ACQ.INVALID_PARAMETER' if '.trade.' in method else 'ILLEGAL_ARGUMENT'}: 参数有误{name}"


@pytest.mark.parametrize("method", TAKEN)
async def test_every_field_is_taken_up_to_its_limit(desk: Desk, method: str) -> None:
    assert (await said(desk, method, full(method))).partition(":")[0] == TAKEN[method]


@pytest.mark.parametrize(("method", "name", "value"), WRONG)
async def test_a_field_that_breaks_its_rule_is_refused_by_its_name(
    desk: Desk, method: str, name: str, value: Any
) -> None:
    content = {each: given for each, given in (full(method) | {name: value}).items() if given is not None}

    assert await said(desk, method, content) == wrong(method, name)


@pytest.mark.parametrize("method", [SHOW, SCAN])
async def test_a_refused_field_books_nothing(desk: Desk, method: str) -> None:
    await desk.call(method, scanned(product_code="FACE_TO_FACE_PAYMENT", body="b" * 129))

    async with desk.session.get(f"{desk.url}/control/book?account=plain") as answer:
        assert (await answer.json())["trades"] == []


async def test_a_field_that_alipay_does_not_know_is_ignored(desk: Desk) -> None:
    assert await said(desk, SHOW, shown(colour="red")) == "10000"


@pytest.mark.parametrize("amount", [10, 10.0, 8.88, "10", "10.0", "0.01", "100000000.00", 100000000])
async def test_an_amount_is_taken_as_a_number_and_to_a_hundred_million(desk: Desk, amount: Any) -> None:
    assert await said(desk, SHOW, shown(total_amount=amount)) == "10000"


async def test_what_is_neither_a_text_nor_a_number_is_refused(desk: Desk) -> None:
    assert await said(desk, SHOW, shown(store_id=True)) == wrong(SHOW, "store_id")


# Goods, parts and sellers.


@pytest.mark.parametrize("name", GOODS)
async def test_goods_have_all_their_fields(desk: Desk, name: str) -> None:
    goods = [GOODS, {each: GOODS[each] for each in GOODS if each != name}]

    assert await said(desk, SHOW, shown(goods_detail=goods)) == wrong(SHOW, f"goods_detail.{name}")


@pytest.mark.parametrize(("name", "value"), [("quantity", "many"), ("price", "5,00"), ("price", "5.001")])
async def test_goods_have_a_quantity_and_a_price(desk: Desk, name: str, value: str) -> None:
    assert await said(desk, SHOW, shown(goods_detail=[GOODS | {name: value}])) == wrong(SHOW, f"goods_detail.{name}")


async def test_more_goods_than_150_have_a_code_of_their_own(desk: Desk) -> None:
    answer = await said(desk, SHOW, shown(goods_detail=[GOODS] * 151))

    assert answer.partition(":")[0] == "ACQ.SUB_GOODS_SIZE_MAX_COUNT"


@pytest.mark.parametrize("method", [SHOW, SCAN])
@pytest.mark.parametrize(
    ("parts", "is_taken"),
    [(("8.00", "2.00"), True), (("10.00", "0"), True), (("8.00", "3.00"), False), (("8.00", None), True)],
)
async def test_parts_of_an_order_are_its_total(
    desk: Desk, method: str, parts: tuple[str | None, ...], *, is_taken: bool
) -> None:
    names = ("discountable_amount", "undiscountable_amount")
    given = {name: part for name, part in zip(names, parts, strict=True) if part is not None}
    answer = await said(desk, method, scanned(product_code="FACE_TO_FACE_PAYMENT", **given))

    assert answer == ("10000" if is_taken else wrong(method, "undiscountable_amount"))


@pytest.mark.parametrize("method", [SHOW, SCAN])
async def test_an_order_for_another_seller_is_refused(desk: Desk, method: str) -> None:
    answer = await said(desk, method, scanned(product_code="FACE_TO_FACE_PAYMENT", seller_id=OTHER_SELLER))

    assert answer.partition(":")[0] == "ACQ.SELLER_NOT_EXIST"


# The time to pay.


async def shut_after(desk: Desk, content: dict[str, Any], seconds: int, *, method: str = SHOW) -> tuple[bool, bool]:
    """Return whether a code is shut a second before and a second after a time."""
    answer = await desk.call(method, content)
    url = str(answer.get("qr_code") or answer.get("code_value"))
    found = []
    for ahead_s in (seconds - 1, seconds + 1):
        desk.clock.ahead_s = ahead_s
        found.append("Closed" in await desk.shown(url))
    return found[0], found[1]


async def test_a_code_has_the_time_of_its_own_field(desk: Desk) -> None:
    assert await shut_after(desk, shown(qr_code_timeout_express="5m"), 300) == (False, True)


async def test_the_shorter_of_a_code_s_two_periods_counts(desk: Desk) -> None:
    content = shown(qr_code_timeout_express="5m", timeout_express="10m")

    assert await shut_after(desk, content, 300) == (False, True)


async def test_a_freeze_has_the_time_of_either_field(desk: Desk) -> None:
    assert await shut_after(desk, frozen(pay_timeout="5m"), 300, method=VOUCHER) == (False, True)


async def test_a_freeze_knows_no_absolute_time(desk: Desk) -> None:
    assert await said(desk, VOUCHER, frozen(time_expire="2020-01-01 00:00:00")) == "10000"


@pytest.mark.parametrize("period", ["1m", "15d", "360h", "21600m", "1c"])
async def test_a_period_of_a_minute_to_fifteen_days_or_of_the_day_is_taken(desk: Desk, period: str) -> None:
    assert await said(desk, SHOW, shown(timeout_express=period)) == "10000"


async def test_an_order_of_the_day_is_open_until_midnight_in_china(desk: Desk) -> None:
    day_s, china_s = 86400, 8 * 3600
    left_s = day_s - (desk.clock() // 1_000_000 + china_s) % day_s
    await desk.call(SCAN, scanned("T1", "0001", timeout_express="1c"))
    desk.clock.ahead_s = left_s - 1
    before = await desk.status()
    desk.clock.ahead_s = left_s + 1

    assert (before, await desk.status()) == ("WAIT_BUYER_PAY", "TRADE_CLOSED")


# Numbers of refunds, and the keys of a freeze.


async def test_a_refund_s_number_may_have_any_characters(desk: Desk) -> None:
    await desk.call(SCAN, scanned())

    assert (await desk.call(REFUND, refund("R-1/2")))["fund_change"] == "Y"


@pytest.mark.parametrize("method", [FREEZE_CANCEL, FREEZE_QUERY])
@pytest.mark.parametrize("missing", OPERATION)
async def test_an_operation_is_named_by_its_order_and_by_itself(desk: Desk, method: str, missing: str) -> None:
    content = {name: OPERATION[name] for name in OPERATION if name != missing}

    assert await said(desk, method, content) == wrong(method, missing)


@pytest.mark.parametrize("method", [FREEZE_CANCEL, FREEZE_QUERY])
@pytest.mark.parametrize("other", ["out_request_no", "operation_id"])
async def test_an_operation_that_is_another_one_is_not_found(desk: Desk, method: str, other: str) -> None:
    await desk.call(FREEZE, frozen(auth_code=code(), auth_code_type="bar_code"))
    answer = await said(desk, method, OPERATION | {other: "another"})

    assert answer.partition(":")[0] == "AUTH_OPERATION_NOT_EXIST"


async def test_a_capture_s_fields_have_their_limits_too(desk: Desk) -> None:
    frozen_ = await desk.call(FREEZE, frozen(auth_code=code(), auth_code_type="bar_code"))
    content = shown("C1", "PRE_AUTH", auth_no=frozen_["auth_no"])

    assert await said(desk, SCAN, content | {"body": "b" * 129}) == wrong(SCAN, "body")
    assert await said(desk, SCAN, content | {"buyer_id": "b" * 29}) == wrong(SCAN, "buyer_id")
    assert await said(desk, SCAN, content | {"buyer_open_id": "b" * 129}) == wrong(SCAN, "buyer_open_id")
    assert await said(desk, SCAN, content | {"auth_confirm_mode": "PERHAPS"}) == wrong(SCAN, "auth_confirm_mode")
    assert await said(desk, SCAN, content | {"product_code": ""}) == wrong(SCAN, "product_code")
    assert (await said(desk, SCAN, content | {"seller_id": OTHER_SELLER})).startswith("ACQ.SELLER_NOT_EXIST")
    assert await said(desk, SCAN, content | {"seller_id": SELLER_ID, "auth_confirm_mode": "COMPLETE"}) == "10000"


async def test_null_is_a_field_that_is_not_given(desk: Desk) -> None:
    assert await said(desk, SHOW, {**shown(), "body": None, "store_id": None}) == "10000"
    assert await said(desk, SHOW, {**shown(), "subject": None}) == wrong(SHOW, "subject")
