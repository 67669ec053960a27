"""A merchant who says who has to pay gets no money from anybody else."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest
from tollbridge_server.providers.alipay.signing import form_of
from tollbridge_server.testing.simulators.alipay import TEST_PAYER
from tollbridge_server.testing.simulators.alipay.payers import BUYER_ID

from tests.integration.alipay.desk import Desk
from tests.integration.alipay.orders import code, frozen, scanned, shown

PAY = "alipay.trade.pay"
FREEZE, VOUCHER = "alipay.fund.auth.order.freeze", "alipay.fund.auth.order.voucher.create"
SOMEBODY_ELSE = "110101199003070019"
WANTED = {"name": TEST_PAYER.name, "cert_type": TEST_PAYER.cert_type, "cert_no": TEST_PAYER.cert_no}
FIXED = {**WANTED, "fix_buyer": "T", "need_check_info": "T"}


def hashed(name: str = TEST_PAYER.name, cert_no: str = TEST_PAYER.cert_no) -> str:
    """Return the hash of a name and a document, as Alipay compares it."""
    return hashlib.sha256(f"{name}{cert_no}".encode()).hexdigest()


WELCOME = [
    {},
    FIXED,
    {**FIXED, "mobile": "13800000000", "identity_hash": "0f"},
    {"need_check_info": "T", "min_age": str(TEST_PAYER.age)},
    {"need_check_info": "T", "min_age": "0"},
    {"need_check_info": "T", "name": TEST_PAYER.name},
    {"need_check_info": "T"},
    {"need_check_info": "F", "fix_buyer": "F", "name": "somebody else", "min_age": "99"},
    {"name": "somebody else"},
    {**WANTED, "fix_buyer": "T", "min_age": "99"},
    {"need_check_info": "T", "identity_hash": hashed()},
    {"need_check_info": "F", "identity_hash": hashed("somebody else")},
]
UNWELCOME = [
    {**FIXED, "name": "somebody else"},
    {**FIXED, "cert_no": SOMEBODY_ELSE},
    {**FIXED, "cert_type": "PASSPORT"},
    {"need_check_info": "T", "cert_no": SOMEBODY_ELSE},
    {"need_check_info": "T", "min_age": str(TEST_PAYER.age + 1)},
    {**FIXED, "min_age": str(TEST_PAYER.age + 1)},
    {**WANTED, "fix_buyer": "T", "name": "somebody else"},
    {"need_check_info": "T", "identity_hash": hashed("somebody else")},
]
UNSOUND = [
    "T",
    ["T"],
    {**FIXED, "cert_type": "LIBRARY_CARD"},
    {"need_check_info": "T", "min_age": 18},
    {"need_check_info": "T", "min_age": "18.5"},
    {"need_check_info": "T", "min_age": "-1"},
    {"need_check_info": "T", "min_age": "\uff11\uff18"},
    {"need_check_info": "T", "min_age": "1000"},
    {"need_check_info": "yes"},
    {"need_check_info": True},
    {**FIXED, "fix_buyer": "1"},
    {"fix_buyer": "T", "name": TEST_PAYER.name, "cert_type": TEST_PAYER.cert_type},
    {**FIXED, "cert_number": TEST_PAYER.cert_no},
]


@pytest.mark.parametrize("wanted", WELCOME)
async def test_the_payer_who_is_wanted_pays(desk: Desk, wanted: dict[str, str]) -> None:
    assert (await desk.call(PAY, scanned(ext_user_info=wanted)))["code"] == "10000"


@pytest.mark.parametrize("wanted", UNWELCOME)
async def test_the_code_of_another_payer_is_refused(desk: Desk, wanted: dict[str, str]) -> None:
    answer = await desk.call(PAY, scanned(ext_user_info=wanted))

    assert answer["sub_code"] == "ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT"
    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize("last_digits", ["0001", "0009", "0014"])
async def test_another_payer_can_not_confirm_a_code_later(desk: Desk, last_digits: str) -> None:
    await desk.call(PAY, scanned("T1", last_digits, ext_user_info=UNWELCOME[0]))
    desk.clock.ahead_s = 60

    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize("wanted", UNWELCOME)
async def test_another_payer_who_scans_stays_unpaid_and_is_told_so(desk: Desk, wanted: dict[str, str]) -> None:
    url = (await desk.call("alipay.trade.precreate", shown(ext_user_info=wanted)))["qr_code"]
    page = await desk.shown(url, "approve")

    assert "The shop takes this payment only from somebody" in page
    assert await desk.status() == "WAIT_BUYER_PAY"
    assert (await desk.call("alipay.trade.close", {"out_trade_no": "T1"}))["code"] == "10000"


async def test_another_payer_on_a_page_stays_unpaid(desk: Desk) -> None:
    content = shown(product="FAST_INSTANT_TRADE_PAY", ext_user_info=UNWELCOME[0])
    url = f"{desk.url}/gateway.do?{form_of(desk.parameters('alipay.trade.page.pay', content))}"

    assert "The shop takes this payment only from somebody" in await desk.shown(url, "approve")
    assert await desk.simulator.decide("plain", "T1", "approve") == "WAIT_BUYER_PAY"


async def test_another_payer_s_app_stays_unpaid(desk: Desk) -> None:
    content = shown(product="QUICK_MSECURITY_PAY", ext_user_info=UNWELCOME[0])
    body = form_of(desk.parameters("alipay.trade.app.pay", content))
    async with desk.session.post(f"{desk.url}/control/pay_order?decision=approve", data=body) as answer:
        assert await answer.text() == "WAIT_BUYER_PAY"


@pytest.mark.parametrize("wanted", UNSOUND)
async def test_a_description_that_is_none_is_refused(desk: Desk, wanted: Any) -> None:
    for method, content in ((PAY, scanned(ext_user_info=wanted)), ("alipay.trade.precreate", shown("T2"))):
        answer = await desk.call(method, content | {"ext_user_info": wanted})
        assert answer["sub_code"] == "ACQ.INVALID_PARAMETER"


@pytest.mark.parametrize("kind", ["IDENTITY_CARD", "PASSPORT", "OFFICER_CARD", "SOLDIER_CARD", "HOKOU"])
async def test_every_document_of_alipay_can_be_wanted(desk: Desk, kind: str) -> None:
    answer = await desk.call("alipay.trade.precreate", shown(ext_user_info={**FIXED, "cert_type": kind}))

    assert answer["code"] == "10000"


def test_the_test_payer_s_number_can_be_nobody_s() -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(TEST_PAYER.cert_no, weights, strict=False)) % 11

    assert TEST_PAYER.cert_no[-1] != "10X98765432"[rest]


async def test_the_book_names_no_payer(desk: Desk) -> None:
    await desk.call("alipay.trade.precreate", shown(ext_user_info=FIXED))
    async with desk.session.get(f"{desk.url}/control/book?account=plain") as answer:
        text = await answer.text()

    assert "T1" in text
    assert TEST_PAYER.cert_no not in text


# Whom a freeze wants.


def held(wanted: Any, number: str = "F1", **more: Any) -> dict[str, Any]:
    """Return the content of a freeze by a code, with a word about its payer."""
    text = wanted if isinstance(wanted, str) else orjson.dumps(wanted).decode()
    return frozen(number, auth_code=code(), auth_code_type="bar_code", identity_params=text, **more)


async def order_status(desk: Desk) -> str:
    answer = await desk.call("alipay.fund.auth.operation.detail.query", {"out_order_no": "F1", "out_request_no": "F1"})
    return str(answer.get("order_status") or answer["sub_code"])


FREEZE_WELCOME = [
    {},
    {"identity_hash": hashed()},
    {"identity_hash": hashed().upper()},
    {"identity_hash": hashed(), "alipay_user_id": BUYER_ID},
]
FREEZE_UNWELCOME = [
    {"identity_hash": hashed("somebody else")},
    {"identity_hash": hashed(cert_no=SOMEBODY_ELSE)},
    {"identity_hash": hashed("somebody else", SOMEBODY_ELSE)},
    {"alipay_user_id": "2088000000000003"},
    {"identity_hash": hashed(), "alipay_user_id": "2088000000000003"},
]


@pytest.mark.parametrize("wanted", FREEZE_WELCOME)
async def test_the_payer_who_is_wanted_has_an_amount_frozen(desk: Desk, wanted: dict[str, str]) -> None:
    assert (await desk.call(FREEZE, held(wanted)))["code"] == "10000"


@pytest.mark.parametrize("wanted", FREEZE_UNWELCOME)
async def test_nothing_is_frozen_by_the_code_of_another_payer(desk: Desk, wanted: dict[str, str]) -> None:
    answer = await desk.call(FREEZE, held(wanted))

    assert answer["sub_code"] == "PAYER_USER_STATUS_LIMIT"
    assert await order_status(desk) == "AUTH_ORDER_NOT_EXIST"


async def test_a_code_that_was_refused_for_its_payer_was_not_used(desk: Desk) -> None:
    content = held(FREEZE_UNWELCOME[0])
    await desk.call(FREEZE, content)

    assert (await desk.call(FREEZE, content | {"identity_params": ""}))["code"] == "10000"


@pytest.mark.parametrize("wanted", FREEZE_UNWELCOME)
async def test_another_payer_who_scans_has_nothing_frozen_and_is_told_so(desk: Desk, wanted: dict[str, str]) -> None:
    url = (await desk.call(VOUCHER, held(wanted)))["code_value"]

    assert "The shop takes this payment only from somebody" in await desk.shown(url, "approve")
    assert await order_status(desk) == "INIT"


async def test_another_payer_s_app_has_nothing_frozen(desk: Desk) -> None:
    content = held(FREEZE_UNWELCOME[0], product="PREAUTH_PAY")
    body = form_of(desk.parameters("alipay.fund.auth.order.app.freeze", content))
    async with desk.session.post(f"{desk.url}/control/pay_order?decision=approve", data=body) as answer:
        assert await answer.text() == "INIT"


@pytest.mark.parametrize(
    "wanted", ["no json", ["identity_hash"], {"identity_hash": 1}, {"identityHash": hashed()}, {"name": "anybody"}]
)
async def test_a_description_of_a_freeze_s_payer_that_is_none_is_refused(desk: Desk, wanted: Any) -> None:
    for method in (FREEZE, VOUCHER):
        assert (await desk.call(method, held(wanted)))["sub_code"] == "ILLEGAL_ARGUMENT"


async def test_the_book_of_a_freeze_names_no_payer(desk: Desk) -> None:
    await desk.call(VOUCHER, held(FREEZE_WELCOME[1]))
    async with desk.session.get(f"{desk.url}/control/book?account=plain") as answer:
        text = await answer.text()

    assert "F1" in text
    assert hashed() not in text
