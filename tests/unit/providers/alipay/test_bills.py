"""A bill is read as Alipay writes it, GBK names and tabs included, and only when it is whole."""

from __future__ import annotations

import io
import logging
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tollbridge_server.ports.bills import Bill, BillRow, BillRowKind, BillUnreadable, NoBill
from tollbridge_server.providers.alipay import bills
from tollbridge_server.providers.alipay.bills import fetch_bill, read_bill

from tests.unit.providers.alipay.gateway import Reply, client_of, serving

METHOD = "alipay.data.dataservice.bill.downloadurl.query"
LIST = "20880000000000010156_20260102_业务明细.csv"
SUMMARY = "20880000000000010156_20260102_业务明细(汇总).csv"
HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
HEAD = (
    "#支付宝业务明细查询\n#账号：[20880000000000010156]\n#-----------------------------------------业务明细列表----\n"
)
TAIL = (
    "#-----------------------------------------业务明细列表结束----\n"
    "#交易合计：{payments}笔，商家实收共{paid}元，商家优惠共0.00元\n"
    "#退款合计：{refunds}笔，商家实收退款共{refunded}元，商家优惠退款共0.00元\n"
    "#导出时间：[2026年01月03日 07:27:37]\n"
)
DAY = date(2026, 1, 2)


class GbkName(zipfile.ZipInfo):
    """A member whose name is written in GBK without a mark, as Alipay does it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def line(kind: str, amount: str, fee: str, *, refund: str = "", subject: str = "两本书", number: str = "charge") -> str:
    cells = ["t1", number, kind, subject, "2026-01-02 15:00:00", "2026-01-02 15:00:05", "", "", "", "", "z***@x.cn"]
    cells += [amount, amount, *["0.00"] * 5, "", "0.00", "0.00", refund, fee, "0.00", ""]
    return ",".join(f"{cell}\t" for cell in cells)


PAYMENT, REFUND = line("交易", "88.88", "-0.53"), line("退款", "-10.00", "0.06", refund="refund")


def text(*lines: str, payments: int = 1, paid: str = "88.88", refunds: int = 1, refunded: str = "-10.00") -> str:
    tail = TAIL.format(payments=payments, paid=paid, refunds=refunds, refunded=refunded)
    return HEAD + "\n".join((HEADER, *(lines or (PAYMENT, REFUND)))) + "\n" + tail


def zipped(
    content: str | bytes,
    *,
    name: str = LIST,
    plain: type[zipfile.ZipInfo] = GbkName,
    packed: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(plain(SUMMARY), "#".encode("gbk"))
        archive.writestr(plain(name), content.encode("gbk") if isinstance(content, str) else content, packed)
    return file.getvalue()


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("names", [GbkName, zipfile.ZipInfo])
def test_payments_and_refunds_are_rows_in_fen(ending: str, names: type[zipfile.ZipInfo]) -> None:
    payment = BillRow(
        kind=BillRowKind.PAYMENT,
        provider_reference="t1",
        charge_reference="charge",
        refund_reference="",
        occurred_at_us=1_767_337_205_000_000,
        amount_minor=8888,
        received_minor=8888,
        fee_micros=-530_000,
        currency="CNY",
    )
    refund = replace(
        payment,
        kind=BillRowKind.REFUND,
        refund_reference="refund",
        amount_minor=-1000,
        received_minor=-1000,
        fee_micros=60_000,
    )
    assert read_bill(zipped(text().replace("\n", ending), plain=names)) == (payment, refund)


def test_an_empty_day_has_no_rows() -> None:
    empty = HEAD + HEADER + "\n" + TAIL.format(payments=0, paid="0.00", refunds=0, refunded="0.00")
    assert read_bill(zipped(empty)) == ()


def test_a_subject_may_hold_what_ends_a_line_elsewhere() -> None:
    assert len(read_bill(zipped(text(line("交易", "88.88", "-0.53", subject="a\x0bb\x1cc"), REFUND)))) == 2


@pytest.mark.parametrize("subject", ["Tea, black", '"Tea', '"Tea", black, "green'])
def test_a_subject_may_hold_commas_and_quotation_marks(subject: str) -> None:
    rows = read_bill(zipped(text(line("交易", "88.88", "-0.53", subject=subject), REFUND)))
    assert [(row.charge_reference, row.amount_minor) for row in rows] == [("charge", 8888), ("charge", -1000)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(text().partition("#---")[0] + HEADER + "\n" + PAYMENT, "cut off", id="no end"),
        pytest.param(text(payments=2), "do not add up", id="a row is missing"),
        pytest.param(text(paid="88.89"), "do not add up", id="a fen is missing"),
        pytest.param(text(refunded="-9.99"), "do not add up", id="a refund is other"),
        pytest.param(text(paid="8.8.8"), "can not be read", id="a sum that is no number"),
        pytest.param(text().replace("#交易合计", "#"), "totals of PAYMENT are missing", id="no totals"),
        pytest.param(text(PAYMENT.replace("88.88", "88.888"), REFUND), "row 1", id="an amount that is none"),
        pytest.param(text(PAYMENT.replace("2026-01-02", "yesterday"), REFUND), "row 1", id="a time that is none"),
        pytest.param(text(PAYMENT, REFUND.replace("退款", "其他")), "row 2", id="an unknown kind"),
        pytest.param(text(PAYMENT, "t1\t,charge\t"), "row 2: it is too short", id="a short row"),
        pytest.param(text(PAYMENT + ",more\t", REFUND), "row 1: it has more values", id="a long row"),
        pytest.param(text().replace("服务费（元）", "费"), "no column", id="a column is missing"),
        pytest.param("#业务明细列表结束", "no header", id="no header"),
        pytest.param("#\n" * 200 + text(), "lines of notes", id="notes without end"),
        pytest.param(b"\xff\xff\xff", "not in GBK", id="not GBK"),
    ],
)
def test_a_bill_that_is_not_whole_is_refused(content: str | bytes, message: str) -> None:
    with pytest.raises(BillUnreadable, match=message):
        read_bill(zipped(content))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>busy</html>", id="a page"),
        pytest.param(zipped(text())[:-40], id="cut off"),
        pytest.param(zipped(text(), name="list.csv"), id="no list"),
        pytest.param(zipped(text(), packed=zipfile.ZIP_LZMA), id="packed otherwise"),
        pytest.param(zipped(text(), name="2_业务明细.csv").replace(b"PK\x03\x04", b"PK\x03\x05"), id="damaged"),
    ],
)
def test_a_file_that_is_no_bill_is_refused(content: bytes) -> None:
    with pytest.raises(BillUnreadable):
        read_bill(content)


def test_a_list_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bills, "MAX_BILL_BYTES", 100)
    with pytest.raises(BillUnreadable, match="too large"):
        read_bill(zipped(text()))


async def fetched(answer: dict[str, Any] | Reply, file: bytes = b"") -> Bill | NoBill:
    async with serving() as gateway:
        gateway.files["/bill?id=1"] = file
        fields = answer if isinstance(answer, Reply) else {k: v.format(gateway.origin) for k, v in answer.items()}
        gateway.answer(METHOD, fields)
        client = client_of(gateway)
        try:
            return await fetch_bill(client, DAY)
        finally:
            await client.close()


async def test_a_bill_is_fetched_from_the_address_that_alipay_names() -> None:
    bill = await fetched({"bill_download_url": "{}/bill?id=1"}, zipped(text()))
    assert isinstance(bill, Bill)
    assert [row.amount_minor for row in bill.rows] == [8888, -1000]


async def test_an_empty_bill_needs_no_file() -> None:
    assert await fetched({"bill_file_code": "EMPTY_DATA_WITH_BILL_FILE"}) == Bill(())


@pytest.mark.parametrize(
    ("answer", "is_retryable"),
    [
        ({"code": "40004", "sub_code": "isp.bill_not_exist"}, True),
        ({"code": "40004", "sub_code": "BILL_NOT_EXIST"}, True),
        ({"code": "40004", "sub_code": "isv.NO_BILL_DATA"}, True),
        ({"code": "40004", "sub_code": "INVAILID_ARGUMENTS"}, False),
        ({"code": "40004", "sub_code": "isv.TYPE_NOT_SUPPORTED"}, False),
        ({"code": "40004", "sub_code": "BILL_DATE_BEFORE_REGISTRATION"}, False),
        ({"code": "40004", "sub_code": "SYSTEM_ERROR"}, True),
        ({"code": "40004", "sub_code": "NEVER_HEARD_OF"}, True),
        ({"code": "40005", "sub_code": "isv.app-call-limited"}, True),
        (Reply({"code": "40004", "sub_code": "INVAILID_ARGUMENTS"}, key=None), True),
        ({"code": "20000", "sub_code": "isp.unknow-error"}, True),
        (Reply(raw=b"", status=502), True),
        ({"bill_download_url": "{}/other?id=2"}, True),
        ({"bill_download_url": "{}/bill?id=1"}, True),
        ({"bill_download_url": "https://evil.example/bill?id=1"}, False),
        ({"bill_download_url": "https://alipay.com.evil.example/bill?id=1"}, False),
        ({"bill_download_url": "https://evilalipay.com/bill?id=1"}, False),
        ({"bill_download_url": "https://x@y:1:2.alipay.com/bill"}, False),
        ({"bill_download_url": "https://[::1/bill"}, False),
        ({"bill_download_url": ""}, False),
    ],
)
async def test_a_bill_that_does_not_come_says_whether_it_may_later(answer: Any, is_retryable: bool) -> None:
    bill = await fetched(answer)
    assert isinstance(bill, NoBill)
    assert bill.is_retryable is is_retryable


@pytest.mark.parametrize(
    ("answer", "setting"),
    [
        (Reply({"code": "40002", "sub_code": "isv.invalid-app-id"}, key=None), "app_id and gateway"),
        ({"code": "40002", "sub_code": "isv.invalid-signature"}, "private_key"),
        ({"code": "40006", "sub_code": "isv.insufficient-isv-permissions"}, "contract"),
        ({"code": "40004", "sub_code": "ACCESS_FORBIDDEN"}, "contract"),
        ({"code": "40003", "sub_code": "isv.never-heard-of"}, "settings"),
    ],
)
async def test_a_bill_that_our_configuration_keeps_away_names_what_to_check(answer: Any, setting: str) -> None:
    bill = await fetched(answer)
    assert isinstance(bill, NoBill)
    assert not bill.is_retryable
    assert setting in bill.reason


@pytest.mark.parametrize(
    ("answer", "is_day_refused"),
    [
        ({"code": "40004", "sub_code": "INVAILID_ARGUMENTS"}, True),
        ({"code": "40004", "sub_code": "BILL_DATE_BEFORE_REGISTRATION"}, True),
        ({"code": "40004", "sub_code": "isv.TYPE_NOT_SUPPORTED"}, False),
        ({"code": "40002", "sub_code": "isv.invalid-signature"}, False),
        ({"code": "40004", "sub_code": "ACCESS_FORBIDDEN"}, False),
        ({"code": "40004", "sub_code": "BILL_NOT_EXIST"}, False),
        ({"bill_download_url": "https://evil.example/bill?id=1"}, False),
    ],
)
async def test_a_refusal_says_whether_it_is_about_the_day(answer: Any, is_day_refused: bool) -> None:
    bill = await fetched(answer)
    assert isinstance(bill, NoBill)
    assert bill.is_day_refused is is_day_refused


@pytest.mark.parametrize(
    ("sub_code", "is_logged"), [("SYSTEM_ERROR", True), ("NEVER_HEARD_OF", True), ("BILL_NOT_EXIST", False)]
)
async def test_what_is_not_known_of_a_missing_bill_is_logged(
    sub_code: str, is_logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await fetched({"code": "40004", "sub_code": sub_code})
    assert (sub_code in caplog.text) is is_logged
