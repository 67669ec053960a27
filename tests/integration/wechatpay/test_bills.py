"""WeChat Pay's simulator writes its bills in WeChat Pay's form, and gives them only to whom and when it does."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import orjson
import pytest
from tollbridge_server.testing.simulators.frame.billing import CHINA
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.integration.wechatpay.desk import NUMBER, ORDERS, OTHER_MCHID, REFUNDS, Answer, Desk, code_order

TRADES, FLOW = "/v3/bill/tradebill", "/v3/bill/fundflowbill"
DAY_S = 86_400


def today(desk: Desk) -> date:
    return datetime.fromtimestamp(desk.clock() / 1_000_000, CHINA).date()


async def asked(desk: Desk, query: str = "", *, kind: str = TRADES, day: date | None = None) -> Answer:
    return await desk.call("GET", f"{kind}?bill_date={day or today(desk)}{query}")


async def downloaded(desk: Desk, answer: Answer, **changes: str) -> Answer:
    """Fetch a file; it is not signed, so nothing of it is checked here."""
    parts = urlsplit(answer.json["download_url"])
    path = f"{parts.path}?{parts.query}"
    return await desk.send("GET", path, b"", desk.headers("GET", path, b"", **changes))


async def lines(desk: Desk, query: str = "", *, kind: str = TRADES) -> list[str]:
    desk.simulator.make_bill(today(desk))
    answer = await asked(desk, query, kind=kind)
    file = await downloaded(desk, answer)
    assert file.status == 200
    assert hashlib.sha1(file.body).hexdigest() == answer.json["hash_value"]
    return file.body.decode().splitlines()


async def sold(desk: Desk) -> None:
    """Sell one thing for 88.88, and take a part of it back."""
    await desk.paid(total=8888)
    amount = {"refund": 1000, "total": 8888, "currency": "CNY"}
    given_back = await desk.call("POST", REFUNDS, {"out_trade_no": NUMBER, "out_refund_no": "R1", "amount": amount})
    assert given_back.status == 200


async def test_a_bill_has_all_columns_each_value_behind_a_back_tick(desk: Desk) -> None:
    await sold(desk)

    header, payment, refund, sums_header, sums = await lines(desk)

    assert header.startswith("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型")
    assert header.endswith("商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注")
    assert {line.count("`") for line in (payment, refund)} == {len(header.split(","))} == {27}
    assert "`SUCCESS,`OTHERS,`CNY,`88.88,`0.00,`0,`0,`0.00,`0.00,`,`," in payment
    assert payment.endswith("`测试商品,`,`0.53000,`0.60%,`88.88,`0.00,`")
    assert "`REFUND,`OTHERS,`CNY,`0.00,`0.00,`" in refund
    assert ",`R1,`10.00,`0.00,`ORIGINAL,`PROCESSING,`" in refund
    assert refund.endswith("`-0.06000,`0.60%,`0.00,`10.00,`")
    assert sums_header == "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
    assert sums == "`2,`88.88,`10.00,`0.00,`0.47,`88.88,`10.00"


@pytest.mark.parametrize(("kind", "columns", "state"), [("SUCCESS", 20, "SUCCESS"), ("REFUND", 29, "REFUND")])
async def test_a_bill_of_one_kind_has_its_rows_and_columns_only(
    desk: Desk, kind: str, columns: int, state: str
) -> None:
    await sold(desk)

    header, row, _, sums = await lines(desk, f"&bill_type={kind}")

    assert len(header.split(",")) == row.count("`") == columns
    assert f"`{state},`" in row
    assert sums.startswith("`1,")


async def test_a_payment_that_was_reversed_is_on_the_bill_twice(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/codepay", code_order("134567890123450000"))
    desk.clock.ahead_s = 20  # A payment may be reversed after 15 seconds.
    body = {"appid": code_order("")["appid"], "mchid": code_order("")["mchid"]}
    assert (await desk.call("POST", f"{ORDERS}/out-trade-no/{NUMBER}/reverse", body)).status == 200

    _, payment, reversal, _, sums = await lines(desk)

    assert "`SUCCESS,`" in payment
    assert "`REVOKED,`" in reversal
    assert sums.startswith("`2,`10.00,`10.00,")


async def test_the_flow_of_funds_names_each_movement_and_what_is_left(desk: Desk) -> None:
    await sold(desk)

    header, *movements, _, sums = await lines(desk, kind=FLOW)

    assert header.startswith("记账时间,微信支付业务单号,资金流水单号,业务名称")
    shown = [movement.split(",`")[3:8] for movement in movements]
    assert shown == [
        ["交易", "交易", "收入", "88.88", "88.88"],
        ["扣除交易手续费", "扣除交易手续费", "支出", "0.53", "88.35"],
        ["退款", "退款", "支出", "10.00", "78.35"],
        ["扣除交易手续费", "扣除交易手续费", "收入", "0.06", "78.41"],
    ]
    assert sums == "`4,`2,`88.94,`2,`10.53"


async def test_the_balance_of_the_morning_is_that_of_all_days_before(desk: Desk) -> None:
    await sold(desk)
    desk.clock.ahead_s = DAY_S
    await desk.paid("T20260101002", total=1000)

    _, payment, fee, _, _ = await lines(desk, kind=FLOW)

    assert [line.split(",`")[7] for line in (payment, fee)] == ["88.41", "88.35"]


async def test_a_file_is_zipped_where_that_is_asked_for(desk: Desk) -> None:
    await sold(desk)
    desk.simulator.make_bill(today(desk))
    answer = await asked(desk, "&tar_type=GZIP")

    plain = gzip.decompress((await downloaded(desk, answer)).body)

    assert hashlib.sha1(plain).hexdigest() == answer.json["hash_value"]
    assert answer.json["hash_type"] == "SHA1"


async def test_a_bill_is_made_at_nine_of_the_day_after(desk: Desk) -> None:
    await sold(desk)
    day = today(desk)
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), CHINA).timestamp()
    present_s = desk.clock() / 1_000_000

    desk.clock.ahead_s = int(midnight - present_s) + 60
    early = await asked(desk, day=day)
    desk.clock.ahead_s += 9 * 3600
    made = await asked(desk, day=day)

    assert (early.status, early.json["code"]) == (400, "STATEMENT_CREATING")
    assert made.status == 200


@pytest.mark.parametrize(
    ("kind", "query", "code"),
    [
        (TRADES, "bill_date=soon", "INVALID_REQUEST"),
        (TRADES, "bill_type=ALL", "INVALID_REQUEST"),
        (TRADES, "bill_date=2020-01-02", "INVALID_REQUEST"),
        (TRADES, "bill_date=2999-01-02", "INVALID_REQUEST"),
        (TRADES, "bill_date={yesterday}", "NO_STATEMENT_EXIST"),
        (TRADES, "bill_date={yesterday}&bill_type=SOME", "PARAM_ERROR"),
        (TRADES, "bill_date={yesterday}&tar_type=ZIP", "PARAM_ERROR"),
        (FLOW, "bill_date={yesterday}&account_type=OTHER", "PARAM_ERROR"),
        (FLOW, "bill_date={yesterday}&account_type=FEES", "NO_STATEMENT_EXIST"),
    ],
)
async def test_what_has_no_bill_is_refused(desk: Desk, kind: str, query: str, code: str) -> None:
    yesterday = today(desk) - timedelta(days=1)
    desk.simulator.make_bill(yesterday)

    answer = await desk.call("GET", f"{kind}?{query.format(yesterday=yesterday)}")

    assert (answer.status, answer.json["code"]) == (400, code)


async def test_today_has_no_bill(desk: Desk) -> None:
    assert (await asked(desk)).json["code"] == "INVALID_REQUEST"


async def test_a_link_is_good_for_five_minutes_and_for_its_merchant_only(desk: Desk) -> None:
    await sold(desk)
    desk.simulator.make_bill(today(desk))
    answer = await asked(desk)

    foreign = await downloaded(desk, answer, mchid=OTHER_MCHID)
    unsigned = await desk.send(
        "GET", urlsplit(answer.json["download_url"]).path, b"", {"Accept": "*/*", "User-Agent": "t"}
    )
    desk.clock.ahead_s = 301
    late = await downloaded(desk, answer)

    assert (foreign.status, orjson.loads(foreign.body)["code"]) == (403, "NO_AUTH")
    assert (unsigned.status, orjson.loads(unsigned.body)["code"]) == (401, "SIGN_ERROR")
    assert (late.status, orjson.loads(late.body)["code"]) == (400, "INVALID_REQUEST")


async def test_a_hash_may_be_wrong_and_a_bill_late_on_demand(desk: Desk) -> None:
    await sold(desk)
    desk.simulator.make_bill(today(desk))
    desk.simulator.arm(Behavior.HASH_MISMATCH)
    desk.simulator.arm(Behavior.STATEMENT_CREATING)

    spoiled, late = await asked(desk), await asked(desk)
    file = await downloaded(desk, spoiled)

    assert hashlib.sha1(file.body).hexdigest() != spoiled.json["hash_value"]
    assert late.json["code"] == "STATEMENT_CREATING"


@pytest.mark.parametrize("kind", ["effect", "query"])
async def test_what_is_armed_for_a_bill_waits_for_one(desk: Desk, kind: str) -> None:
    desk.simulator.make_bill(today(desk))
    assert await desk.arm(Behavior.STATEMENT_CREATING, **{"for": kind}) == 200
    await sold(desk)
    assert (await desk.asked()).status == 200

    assert [(await asked(desk)).status for _ in range(2)] == [400, 200]


async def test_control_makes_a_bill_before_its_time(desk: Desk) -> None:
    await sold(desk)
    url = f"{desk.url}/control/bill"

    async with desk.session.post(url, params={"date": "soon"}) as refused:
        assert refused.status == 400
    async with desk.session.post(url, params={"date": str(today(desk))}) as made:
        assert made.status == 200
    assert (await asked(desk)).status == 200
