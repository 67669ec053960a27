"""WeChat Pay's simulator names the field that is wrong, and has an answer to whatever a merchant has signed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.wechatpay import APP_ID, MCHID
from tests.integration.wechatpay.desk import NUMBER, ORDERS, REFUNDS, Answer, Desk, code_order, order

DEEP = 300


async def posted(desk: Desk, path: str, content: Any) -> Answer:
    """Post what no serializer of ours would write, such as numbers of any size and halves of surrogate pairs."""
    body = json.dumps(content).encode()
    return await desk.send("POST", path, body, desk.headers("POST", path, body))


def right(desk: Desk, path: str) -> dict[str, Any]:
    """Return a request that is right but for what it is about."""
    match path.rpartition("/")[2]:
        case "jsapi":
            return order(desk, payer={"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
        case "h5":
            return order(desk, scene_info={"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}})
        case "codepay":
            return code_order("130000000000000000")
        case "close" | "reverse":
            return {"appid": APP_ID, "mchid": MCHID}
        case "refunds":
            amount = {"refund": 1, "total": 1000, "currency": "CNY"}
            return {"out_trade_no": NUMBER, "out_refund_no": "R1", "amount": amount}
        case "apply-abnormal-refund":
            return {"out_refund_no": "R1", "type": "MERCHANT_BANK_CARD"}
        case _:
            return order(desk)


@pytest.mark.parametrize(
    ("path", "changes", "field"),
    [
        (f"{ORDERS}/native", {"amount": "x"}, "/amount"),
        (f"{ORDERS}/native", {"amount": [1]}, "/amount"),
        (f"{ORDERS}/native", {"amount": {"total": 2**53}}, "/amount/total"),
        (f"{ORDERS}/native", {"amount": {"total": True}}, "/amount/total"),
        (f"{ORDERS}/native", {"amount": None}, "/amount"),
        (f"{ORDERS}/native", {"notify_url": "https://[bad"}, "/notify_url"),
        (f"{ORDERS}/native", {"notify_url": "https://shop.example.com:x/"}, "/notify_url"),
        (f"{ORDERS}/native", {"notify_url": "ftp://127.0.0.1/x"}, "/notify_url"),
        (f"{ORDERS}/native", {"time_expire": "2026-01-02T15:04:31"}, "/time_expire"),
        (f"{ORDERS}/native", {"time_expire": "20260102T150431+0800"}, "/time_expire"),
        (f"{ORDERS}/native", {"detail": {"invoice_id": "x" * 33}}, "/detail/invoice_id"),
        (f"{ORDERS}/native", {"detail": {"more": "x" * 6144}}, "/detail"),
        (f"{ORDERS}/native", {"limit_pay": ["no_credit", 1]}, "/limit_pay/1"),
        (f"{ORDERS}/jsapi", {"payer": ["x"]}, "/payer"),
        (f"{ORDERS}/h5", {"scene_info": {"payer_client_ip": "127.0.0.1"}}, "/scene_info/h5_info"),
        (f"{ORDERS}/codepay", {"payer": ["x"]}, "/payer"),
        (f"{ORDERS}/codepay", {"amount": "x"}, "/amount"),
        (REFUNDS, {"amount": [1]}, "/amount"),
        (REFUNDS, {"notify_url": "https://[bad"}, "/notify_url"),
        (REFUNDS, {"out_refund_no": 1}, "/out_refund_no"),
        (REFUNDS, {"out_trade_no": None}, "/out_trade_no"),
    ],
)
async def test_a_field_that_is_of_another_kind_is_named(
    desk: Desk, path: str, changes: dict[str, Any], field: str
) -> None:
    answer = await posted(desk, path, right(desk, path) | changes)

    assert (answer.status, answer.json["code"]) == (400, "PARAM_ERROR")
    assert answer.json["detail"]["field"] == field


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b'{"a":' * DEEP + b"1" + b"}" * DEEP])
async def test_a_body_that_is_no_object_is_a_wrong_parameter(desk: Desk, body: bytes) -> None:
    answer = await desk.send("POST", f"{ORDERS}/native", body, desk.headers("POST", f"{ORDERS}/native", body))

    assert (answer.status, answer.json["code"]) == (400, "PARAM_ERROR")
    assert answer.json["detail"]["location"] == "body"


async def test_a_member_that_is_null_says_as_much_as_none(desk: Desk) -> None:
    content = order(desk) | {"attach": None, "payer": None, "time_expire": None, "scene_info": None}

    assert (await posted(desk, f"{ORDERS}/native", content)).status == 200
    assert (await desk.call("POST", f"{ORDERS}/native", order(desk))).status == 200, "the same order without them"


async def test_a_number_belongs_to_one_product(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk))

    other = await desk.call("POST", f"{ORDERS}/app", order(desk))

    assert (other.status, other.json["code"]) == (403, "OUT_TRADE_NO_USED")


PATHS = (
    *(f"{ORDERS}/{product}" for product in ("native", "jsapi", "app", "h5", "codepay")),
    *(f"{ORDERS}/out-trade-no/{NUMBER}/{verb}" for verb in ("close", "reverse")),
    REFUNDS,
    f"{REFUNDS}/50{'0' * 27}/apply-abnormal-refund",
)
# The amounts from 9101 on provoke faults, which are meant.
NUMBERS = st.integers() | st.integers(min_value=2**53, max_value=2**70)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS.filter(lambda number: not 9100 < number % 10_000 < 9200)
    | st.floats()
    | st.text(st.characters(), max_size=40)
    | st.sampled_from(["", "\ud800", "\x00", "https://[bad", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[str], Any]:
    """Return a path, where in a right request something is put, and what; nowhere: in its place."""
    path = draw(st.sampled_from(PATHS))
    names = ["appid", "mchid", "amount", "notify_url", "payer", "scene_info", "detail", "time_expire", "attach"]
    names += ["out_trade_no", "out_refund_no", "total", "refund", "openid", "auth_code", "store_info", "goods_detail"]
    names += ["transaction_id", "bank_account", "real_name", "type", "limit_pay", "funds_account", "from"]
    return path, draw(st.lists(st.sampled_from(names), max_size=2)), draw(VALUES)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=changes())
async def test_whatever_is_signed_is_answered_and_never_with_an_error_of_ours(
    desk: Desk, change: tuple[str, list[str], Any]
) -> None:
    path, place, value = change
    content: Any = right(desk, path)
    if place:
        holder = content
        for name in place[:-1]:
            holder[name] = holder[name] if isinstance(holder.get(name), dict) else {}
            holder = holder[name]
        holder[place[-1]] = value
    else:
        content = value

    answer = await posted(desk, path, content)

    assert answer.status < 500, answer.body
    if answer.status == 400 and answer.json["code"] == "PARAM_ERROR":
        assert "field" in answer.json["detail"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.text("ab9_|*%/\\\x00\u00e9\u4e2d ?#'\"", min_size=1, max_size=12))
async def test_whatever_number_is_asked_for_is_answered(desk: Desk, number: str) -> None:
    quoted = "".join(f"%{byte:02X}" for byte in number.encode())

    answers = [await desk.call("GET", path) for path in (f"{ORDERS}/id/{quoted}?mchid={MCHID}", f"{REFUNDS}/{quoted}")]

    assert {answer.status for answer in answers} <= {404}
