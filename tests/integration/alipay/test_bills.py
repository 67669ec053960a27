"""Alipay's simulator writes its bills in Alipay's form, in GBK, behind a link that is soon over."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tollbridge_server.testing.simulators.frame.billing import CHINA

from tests.conformance.alipay import SELLER_ID
from tests.integration.alipay.desk import Desk, order

METHOD = "alipay.data.dataservice.bill.downloadurl.query"


def today(desk: Desk) -> date:
    return datetime.fromtimestamp(desk.clock() / 1_000_000, CHINA).date()


async def asked(desk: Desk, kind: str = "trade", *, day: date | None = None) -> dict[str, Any]:
    return await desk.call(METHOD, {"bill_type": kind, "bill_date": str(day or today(desk))})


async def sold(desk: Desk) -> None:
    """Sell one thing for 88.88, and take a part of it back."""
    told = {"subject": "Tea, black\t☕", "store_id": "S7", "terminal_id": "T3", "body": "for two, hot"}
    await desk.call("alipay.trade.pay", order(total_amount="88.88", **told))
    refund = {"out_trade_no": "T1", "out_request_no": "R1", "refund_amount": "10.00"}
    assert (await desk.call("alipay.trade.refund", refund))["code"] == "10000"


async def members(desk: Desk, answer: dict[str, Any]) -> dict[str, list[str]]:
    """Return the lines of each file in the ZIP, by its name in GBK."""
    async with desk.session.get(answer["bill_download_url"]) as response:
        assert response.status == 200
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    found = {}
    for member in archive.infolist():
        assert not member.flag_bits & 0x800  # The names are in GBK, and the file does not say so.
        name = member.filename.encode("cp437").decode("gbk")
        found[name] = archive.read(member).decode("gbk").split("\r\n")[:-1]
    return found


def cells(line: str) -> list[str]:
    assert line.endswith("\t")
    return [cell.removesuffix("\t") for cell in line.split("\t,")[:-1]] + [line.split("\t,")[-1].removesuffix("\t")]


async def test_a_bill_has_the_columns_of_alipay_and_adds_up(desk: Desk) -> None:
    await sold(desk)
    desk.simulator.make_bill(today(desk))

    files = await members(desk, await asked(desk))

    stem = f"{SELLER_ID}0156_{today(desk):%Y%m%d}"
    assert set(files) == {f"{stem}_业务明细.csv", f"{stem}_业务明细(汇总).csv"}
    lines = files[f"{stem}_业务明细.csv"]
    assert lines[:2] == ["#支付宝业务明细查询", f"#账号：[{SELLER_ID}0156]"]
    header, payment, refund = lines[4], cells(lines[5]), cells(lines[6])
    assert len(header.split(",")) == len(payment) == len(refund) == 25
    assert payment[1:4] == ["T1", "交易", "Tea, black ?"]
    assert (payment[6], payment[9], payment[24]) == ("S7", "T3", "for two, hot")
    assert (payment[11], payment[12], payment[21], payment[22]) == ("88.88", "88.88", "", "-0.53")
    assert (refund[2], refund[11], refund[12], refund[21], refund[22]) == ("退款", "-10.00", "-10.00", "R1", "0.06")
    assert lines[7].strip("#-") == "业务明细列表结束"
    assert lines[8] == "#交易合计：1笔，商家实收共88.88元，商家优惠共0.00元"
    assert lines[9] == "#退款合计：1笔，商家实收退款共-10.00元，商家优惠退款共0.00元"
    assert lines[10].startswith(f"#导出时间：[{today(desk):%Y年%m月%d日} ")
    sums = cells(files[f"{stem}_业务明细(汇总).csv"][5])
    assert (sums[2], sums[3], sums[4], sums[9], sums[11]) == ("1", "1", "78.88", "-0.47", "78.41")


async def test_the_ledger_names_each_movement_and_what_is_left(desk: Desk) -> None:
    await sold(desk)
    desk.simulator.make_bill(today(desk))

    files = await members(desk, await asked(desk, "signcustomer"))

    stem = f"{SELLER_ID}0156_{today(desk):%Y%m%d}"
    lines = files[f"{stem}_账务明细.csv"]
    movements = [cells(line) for line in lines[5:9]]
    assert [(each[10], each[6], each[7], each[8]) for each in movements] == [
        ("在线支付", "88.88", "", "88.88"),
        ("收费", "", "-0.53", "88.35"),
        ("交易退款", "", "-10.00", "78.35"),
        ("退费", "0.06", "", "78.41"),
    ]
    assert lines[10:12] == ["#支出合计：2笔，共-10.53元", "#收入合计：2笔，共88.94元"]
    assert cells(files[f"{stem}_账务明细(汇总).csv"][4]) == ["合计", "2", "88.94", "2", "-10.53", "78.41"]


async def test_the_balance_of_the_morning_is_that_of_all_days_before(desk: Desk) -> None:
    await sold(desk)
    desk.clock.ahead_s = 86_400
    await desk.call("alipay.trade.pay", order("T2", total_amount="10.00"))
    desk.simulator.make_bill(today(desk))

    files = await members(desk, await asked(desk, "signcustomer"))

    [lines] = [lines for name, lines in files.items() if "汇总" not in name]
    assert [cells(line)[8] for line in lines[5:7]] == ["88.41", "88.35"]


async def test_a_bill_is_made_at_nine_of_the_day_after(desk: Desk) -> None:
    day = today(desk)
    await sold(desk)

    desk.clock.ahead_s = 13 * 3600  # One o'clock in the night.
    early = await asked(desk, day=day)
    desk.clock.ahead_s = 22 * 3600
    made = await asked(desk, day=day)

    assert (early["code"], early["sub_code"]) == ("40004", "isp.bill_not_exist")
    assert made["code"] == "10000"


async def test_a_day_without_trades_has_an_empty_bill(desk: Desk) -> None:
    answer = await asked(desk, day=today(desk) - timedelta(days=2))

    assert answer["bill_file_code"] == "EMPTY_DATA_WITH_BILL_FILE"
    assert len(await members(desk, answer)) == 2


@pytest.mark.parametrize(
    ("kind", "day", "sub_code"),
    [
        ("merchant_act", "2026-01-02", "TYPE_NOT_SUPPORTED"),
        ("trade", "2026-01", "INVAILID_ARGUMENTS"),
        ("trade", "2999-01-02", "INVAILID_ARGUMENTS"),
        ("trade", "{today}", "INVAILID_ARGUMENTS"),
        ("", "2026-01-02", "ILLEGAL_ARGUMENT"),
    ],
)
async def test_what_has_no_bill_is_refused(desk: Desk, kind: str, day: str, sub_code: str) -> None:
    answer = await desk.call(METHOD, {"bill_type": kind, "bill_date": day.format(today=today(desk))})

    assert (answer["code"], answer["sub_code"]) == ("40004", sub_code)


async def test_a_link_is_good_for_thirty_seconds(desk: Desk) -> None:
    desk.simulator.make_bill(today(desk))
    url = (await asked(desk))["bill_download_url"]
    desk.clock.ahead_s = 31

    async with desk.session.get(url) as late, desk.session.get(url.partition("&token")[0]) as unknown:
        assert (late.status, unknown.status) == (403, 403)


async def test_control_makes_a_bill_before_its_time(desk: Desk) -> None:
    url = f"{desk.url}/control/bill"

    async with desk.session.post(url, params={"date": "soon"}) as refused:
        assert refused.status == 400
    async with desk.session.post(url, params={"date": str(today(desk))}) as made:
        assert made.status == 200
    assert (await asked(desk))["code"] == "10000"
