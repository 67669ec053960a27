"""A bill is read as WeChat Pay writes it, back-ticks included, and only when it is whole and the signed one."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from dataclasses import replace
from datetime import date

import pytest
from tollbridge_server.ports.bills import Bill, BillRow, BillRowKind, BillUnreadable, NoBill
from tollbridge_server.providers.wechatpay import bills, client
from tollbridge_server.providers.wechatpay.bills import BillTooLarge, fetch_bill, read_bill

from tests.unit.providers.wechatpay.platform import ACCOUNT_ID, Platform, Reply, json_reply, serving_client

DAY = date(2026, 1, 2)
ASKED = "/v3/bill/tradebill?bill_date=2026-01-02&bill_type=ALL&tar_type=GZIP"
FILE = "/v3/billdownload/file?token=abc"
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
TOTALS = "`2,`88.80,`10.00,`0.00,`0.47,`88.88,`10.00"


def line(
    state: str = "SUCCESS", *, fee: str = "0.53286", settled: str = "88.80", name: str = "两本书", **more: str
) -> str:
    at = more.get("at", "2026-01-02 15:00:05")
    begin = [at, "wx0000000000000001", "1900000001", "0", "", "4200000001", "charge", "o-1", "NATIVE"]
    refund = ["0", "0", "0.00", "0.00", "", ""]
    amounts = [settled, "0.08"]
    end = [name, "", fee, "0.60%", "88.88", "0.00", ""]
    if state != "SUCCESS":
        refund = ["5030000001", "refund", more.get("given_back", "10.00"), "0.00", "ORIGINAL", "PROCESSING"]
        amounts, end = ["0.00", "0.00"], [name, "", fee, "0.60%", "0.00", more.get("asked_back", "10.00"), ""]
    cells = [*begin, state, "OTHERS", more.get("currency", "CNY"), *amounts, *refund, *end]
    return "`" + ",`".join(cells)


PAYMENT, REFUND = line(), line("REFUND", fee="-0.06000")


def text(*lines: str, totals: str = TOTALS) -> str:
    return "\n".join((HEADER, *(lines or (PAYMENT, REFUND)), SUMS, totals)) + "\n"


def read(content: str | bytes, *, sha1: str = "") -> tuple[BillRow, ...]:
    plain = content.encode() if isinstance(content, str) else content
    return read_bill(gzip.compress(plain), sha1=sha1 or hashlib.sha1(plain).hexdigest())


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_payments_and_refunds_are_rows_in_fen(ending: str, mark: str) -> None:
    payment = BillRow(
        kind=BillRowKind.PAYMENT,
        provider_reference="4200000001",
        charge_reference="charge",
        refund_reference="",
        occurred_at_us=1_767_337_205_000_000,
        amount_minor=8888,
        received_minor=8880,
        fee_micros=-532_860,
        currency="CNY",
        status="SUCCESS",
    )
    refund = replace(
        payment,
        kind=BillRowKind.REFUND,
        refund_reference="refund",
        amount_minor=-1000,
        received_minor=-1000,
        fee_micros=60_000,
        status="PROCESSING",
    )
    assert read(mark + text().replace("\n", ending)) == (payment, refund)


def test_a_file_that_is_not_zipped_is_read_as_well() -> None:
    plain = text().encode()
    assert len(read_bill(plain, sha1=hashlib.sha1(plain).hexdigest().upper())) == 2


def test_a_payment_that_was_taken_back_counts_as_a_refund() -> None:
    assert [row.kind for row in read(text(PAYMENT, line("REVOKED")))] == [BillRowKind.PAYMENT, BillRowKind.REFUND]


def test_a_name_may_hold_commas_and_what_ends_a_line_elsewhere() -> None:
    assert len(read(text(line(name="a,b\x0bc\x1c"), REFUND))) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(text().rpartition("`2")[0], "cut off", id="no sums"),
        pytest.param("\n".join((HEADER, PAYMENT)), "cut off", id="no second header"),
        pytest.param(text().replace(SUMS, SUMS + "\n" + SUMS), "cut off", id="a third header"),
        pytest.param("", "cut off", id="nothing"),
        pytest.param(text(PAYMENT), "1 rows where the bill counts 2", id="a row is missing"),
        pytest.param(text(line(settled="88.79"), REFUND), "do not add up", id="a fen is missing"),
        pytest.param(text(PAYMENT, line("REFUND", given_back="9.99")), "do not add up", id="a refund is other"),
        pytest.param(text(PAYMENT, line("REFUND", asked_back="9.99")), "申请退款总金额", id="another refund was asked"),
        pytest.param(text(totals=TOTALS.replace("`2", "`two")), "can not be read", id="a count that is none"),
        pytest.param(text(totals=TOTALS.replace("88.80", "8.8.8")), "can not be read", id="a sum that is none"),
        pytest.param(text().replace("订单总金额", "总额"), "no sum", id="a sum without its name"),
        pytest.param(text(line(settled="88.801"), REFUND), "row 1: .*fractions of a fen", id="fractions of a fen"),
        pytest.param(text(line(fee="some"), REFUND), "row 1: this is no amount", id="a fee that is none"),
        pytest.param(text(line(at="yesterday"), REFUND), "row 1", id="a time that is none"),
        pytest.param(text(PAYMENT, line("OTHER")), "row 2: neither", id="an unknown kind"),
        pytest.param(text(line(currency="USD"), REFUND), "row 1: a currency", id="another currency"),
        pytest.param(text(PAYMENT.rpartition(",")[0], REFUND), "row 1 has 26 values", id="a short row"),
        pytest.param(text().replace("手续费,", "费,"), "no column", id="a column is missing"),
        pytest.param(b"\xff\xff", "not in UTF-8", id="not UTF-8"),
    ],
)
def test_a_bill_that_is_not_whole_is_refused(content: str | bytes, message: str) -> None:
    with pytest.raises(BillUnreadable, match=message):
        read(content)


def test_a_bill_with_another_hash_than_the_signed_one_is_refused() -> None:
    with pytest.raises(BillUnreadable, match="hash"):
        read(text(), sha1=hashlib.sha1(b"other").hexdigest())


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (gzip.compress(text().encode())[:-20], "cut off"),
        (b"\x1f\x8b" + b"x" * 20, "no GZIP"),
        (b"<html>busy</html>", "hash"),
    ],
)
def test_a_file_that_is_no_bill_is_refused(file: bytes, message: str) -> None:
    with pytest.raises(BillUnreadable, match=message):
        read_bill(file, sha1=hashlib.sha1(text().encode()).hexdigest())


def test_the_hash_may_be_that_of_the_file_as_it_came() -> None:
    packed = gzip.compress(text().encode())
    assert len(read_bill(packed, sha1=hashlib.sha1(packed).hexdigest())) == 2


@pytest.mark.parametrize("sha1", ["", "é" * 40])
def test_a_hash_that_is_none_proves_nothing(sha1: str) -> None:
    with pytest.raises(BillUnreadable, match="hash"):
        read_bill(text().encode(), sha1=sha1)


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_list_that_is_larger_than_the_limit_is_refused_with_the_limit(
    monkeypatch: pytest.MonkeyPatch, is_packed: bool
) -> None:
    monkeypatch.setattr(bills, "MAX_BILL_BYTES", 100)
    plain = text().encode()
    with pytest.raises(BillTooLarge, match=r"too large.*100 bytes"):
        read_bill(gzip.compress(plain) if is_packed else plain, sha1=hashlib.sha1(plain).hexdigest())


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 64])
def test_a_list_may_be_cut_anywhere_while_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, piece_bytes: int, is_packed: bool
) -> None:
    whole = read("\ufeff" + text())
    monkeypatch.setattr(bills, "_CHUNK_BYTES", piece_bytes)
    plain = ("\ufeff" + text().removesuffix("\n")).encode()

    found = read_bill(gzip.compress(plain) if is_packed else plain, sha1=hashlib.sha1(plain).hexdigest())

    assert found == whole


def test_a_list_is_never_held_whole() -> None:
    endless = b"`" * (32 * 1024 * 1024)
    packed, sha1 = gzip.compress(endless, compresslevel=1), hashlib.sha1(endless).hexdigest()
    tracemalloc.start()
    try:
        with pytest.raises(BillUnreadable, match="no end"):
            read_bill(packed, sha1=sha1)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 16 * 1024 * 1024


def test_a_bill_of_a_quarter_of_a_gigabyte_is_within_the_limit() -> None:
    assert bills.MAX_BILL_BYTES == 256 * 1024 * 1024


async def fetched(answer: Reply | dict[str, str], *, file: Reply | None = None) -> tuple[Bill | NoBill, Platform]:
    plain = text().encode()
    async with serving_client() as (platform, client):
        told = {"hash_type": "SHA1", "hash_value": hashlib.sha1(plain).hexdigest()}
        if isinstance(answer, dict):
            named = {name: value.format(platform.origin) for name, value in answer.items()}
            answer = json_reply(told | named)
        platform.answer(ASKED, answer)
        platform.answer(FILE, file or Reply(gzip.compress(plain), key=None))
        return await fetch_bill(client, DAY), platform


async def test_a_bill_is_fetched_from_the_address_that_wechat_pay_names_with_our_signature() -> None:
    bill, platform = await fetched({"download_url": "{}" + FILE})

    assert isinstance(bill, Bill)
    assert [row.amount_minor for row in bill.rows] == [8888, -1000]
    assert platform.paths[-2:] == [ASKED, FILE]  # Each of them was signed, which the platform has checked.


@pytest.mark.parametrize(
    "origin", ["https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com", "http://127.0.0.1:1"]
)
async def test_an_address_at_either_of_wechat_pay_s_hosts_is_asked_for_where_we_ask(origin: str) -> None:
    bill, platform = await fetched({"download_url": origin + FILE})

    assert isinstance(bill, Bill)
    assert platform.paths[-1] == FILE


async def test_a_list_that_is_too_large_does_not_become_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bills, "MAX_BILL_BYTES", 100)

    bill, _ = await fetched({"download_url": "{}" + FILE})

    assert isinstance(bill, NoBill)
    assert (bill.is_retryable, "100 bytes" in bill.reason) == (False, True)


async def test_a_file_that_is_too_large_does_not_become_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_FILE_BYTES", 100)

    bill, _ = await fetched({"download_url": "{}" + FILE})

    assert isinstance(bill, NoBill)
    assert (bill.is_retryable, "file is too large" in bill.reason) == (False, True)


@pytest.mark.parametrize(
    ("answer", "is_retryable"),
    [
        (Reply(b'{"code":"NO_STATEMENT_EXIST","message":"none"}', status=400, key=None), True),
        (Reply(b'{"code":"STATEMENT_CREATING","message":"later"}', status=400, key=None), True),
        (Reply(b'{"code":"PARAM_ERROR","message":"no"}', status=400, key=None), False),
        (Reply(b'{"code":"INVALID_REQUEST","message":"no"}', status=400, key=None), False),
        (Reply(b'{"code":"PARAM_ERROR","message":"slower"}', status=429, key=None), True),
        (Reply(b'{"code":"BRAND_NEW_CODE","message":"slower"}', status=429, key=None), True),
        (Reply(b'{"code":"BRAND_NEW_CODE","message":"no"}', status=400, key=None), True),
        (Reply(b'{"code":"BRAND_NEW_CODE","message":"no"}', status=403, key=None), True),
        (Reply(b"<html>", status=404, key=None), True),
        (Reply(b'{"code":"ACCEPTED","message":"later"}', status=202), True),
        (Reply(b'{"code":"NO_AUTH","message":"no"}', status=403, key=None), False),
        (Reply(b'{"code":"SYSTEM_ERROR","message":"no"}', status=500, key=None), True),
        (Reply(b"{}", key=None), True),
        ({"download_url": "{}/v3/billdownload/file?token=abc", "hash_value": "00"}, True),
        ({"download_url": "https://evil.example/v3/billdownload/file?token=abc"}, False),
        ({"download_url": "https://api.mch.weixin.qq.com.evil.example/v3/billdownload/file?token=abc"}, False),
        ({"download_url": "https://api.mch.weixin.qq.com@evil.example/v3/billdownload/file?token=abc"}, False),
        ({"download_url": "http://api.mch.weixin.qq.com/v3/billdownload/file?token=abc"}, False),
        ({"download_url": "https://127.0.0.1/v3/billdownload/file?token=abc"}, False),
        ({"download_url": "https://api.mch.weixin.qq.com"}, False),
        ({"download_url": "https://[::1/bill"}, False),
        ({"download_url": ""}, False),
    ],
)
async def test_a_bill_that_does_not_come_says_whether_it_may_later(
    answer: Reply | dict[str, str], is_retryable: bool
) -> None:
    bill, _ = await fetched(answer)

    assert isinstance(bill, NoBill)
    assert bill.is_retryable is is_retryable


@pytest.mark.parametrize(
    ("status", "code", "is_day_refused"),
    [
        (400, "PARAM_ERROR", True),
        (400, "INVALID_REQUEST", True),
        (429, "INVALID_REQUEST", False),
        (500, "INVALID_REQUEST", False),
        (400, "NO_STATEMENT_EXIST", False),
        (400, "BRAND_NEW_CODE", False),
        (401, "SIGN_ERROR", False),
        (403, "NO_AUTH", False),
    ],
)
async def test_a_day_is_refused_only_where_wechat_pay_says_so(status: int, code: str, is_day_refused: bool) -> None:
    bill, _ = await fetched(Reply(b'{"code":"%s"}' % code.encode(), status=status, key=None))

    assert isinstance(bill, NoBill)
    assert bill.is_day_refused is is_day_refused


@pytest.mark.parametrize(
    ("status", "code", "is_logged"),
    [
        (400, "BRAND_NEW_CODE", True),
        (403, "BRAND_NEW_CODE", True),
        (404, "", True),
        (429, "BRAND_NEW_CODE", False),
        (500, "BRAND_NEW_CODE", False),
        (400, "STATEMENT_CREATING", False),
        (400, "PARAM_ERROR", False),
        (403, "NO_AUTH", False),
    ],
)
async def test_only_a_refusal_of_which_nothing_is_known_is_logged_with_its_account(
    caplog: pytest.LogCaptureFixture, status: int, code: str, is_logged: bool
) -> None:
    await fetched(Reply(b'{"code":"%s"}' % code.encode(), status=status, key=None))

    assert [record.message for record in caplog.records] == [
        f"wechatpay: no bill, and nothing is known of HTTP {status} {code}".rstrip()
    ] * is_logged
    assert all(vars(record)["provider_account_id"] == ACCOUNT_ID for record in caplog.records)


async def test_a_file_that_is_refused_may_come_later() -> None:
    expired = Reply(b'{"code":"INVALID_REQUEST","message":"expired"}', status=400, key=None)
    bill, _ = await fetched({"download_url": "{}" + FILE}, file=expired)

    assert bill == NoBill("HTTP 400", is_retryable=True)
