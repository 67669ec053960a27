"""Alipay's bills: the day's transactions and the account's ledger, as GBK in a ZIP behind a link of thirty seconds.

Refuses a kind that does not exist, a day that is not over, and a bill that is not made yet, with Alipay's codes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tollbridge_server.domain.money import Money
from tollbridge_server.providers.alipay.money import yuan_of
from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount
from tollbridge_server.testing.simulators.alipay.book import CURRENCY, Ledger, Refund, Trade
from tollbridge_server.testing.simulators.alipay.fields import Content, Refused, written_time
from tollbridge_server.testing.simulators.alipay.payers import BUYER_LOGON_ID
from tollbridge_server.testing.simulators.alipay.premises import Answer
from tollbridge_server.testing.simulators.frame.billing import BillDesk, BillFile, day_us, fee_of, read_day

PATH = "/downloadBillFile.resource"
LINK_LIFETIME_S = 30
TRADES, LEDGER = "trade", "signcustomer"

_EMPTY = "EMPTY_DATA_WITH_BILL_FILE"
_TRADE_HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
_SUM_HEADER = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,"
    "卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
_LEDGER_HEADER = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,"
    "交易渠道,业务类型,备注"
)
_LEDGER_SUM_HEADER = "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）"
_RULE = "-" * 41


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment (`refund` empty) or a refund in fen, at `at_us`; a refund is negative, and so is a payment's fee."""

    trade: Trade
    refund: str
    at_us: int
    amount: int
    fee: int


class Bills:
    """What the back office does with bills; `pages_url` is where its files are."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], pages_url: Callable[[], str]) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._pages_url = pages_url
        self.desk = BillDesk(now_us, lifetime_s=LINK_LIFETIME_S)

    def link(self, account: AlipayAccount, content: Content) -> Answer:
        """Return where the bill of a day is."""
        kind, day = content.text("bill_type", required=True), read_day(content.text("bill_date", required=True))
        if kind not in (TRADES, LEDGER):
            raise Refused("TYPE_NOT_SUPPORTED", "账单类型不支持")
        if day is None or not self.desk.is_over(day):
            raise Refused("INVAILID_ARGUMENTS", "入参不合法：bill_date")
        if not self.desk.is_made(day):
            raise Refused("isp.bill_not_exist", "账单不存在")
        file = BillFile(account.account_id, kind, day)
        url = f"{self._pages_url()}{PATH}?bizType={kind}&fileType=csv.zip&bizDates={day:%Y%m%d}"
        found: Answer = {"bill_download_url": f"{url}&token={self.desk.link(file)}"}
        if not self._entries(file):
            found["bill_file_code"] = _EMPTY
        return found

    def file(self, account: AlipayAccount, file: BillFile) -> bytes:
        """Return the ZIP of a bill."""
        entries = self._entries(file)
        name = f"{account.seller_id}0156_{file.day:%Y%m%d}"
        if file.kind == TRADES:
            members = {
                f"{name}_业务明细(汇总).csv": self._trade_sums(account, file.day, entries),
                f"{name}_业务明细.csv": self._trades(account, file.day, entries),
            }
        else:
            members = {
                f"{name}_账务明细.csv": self._movements(account, file, entries),
                f"{name}_账务明细(汇总).csv": self._movement_sums(account, file.day, entries),
            }
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in members.items():
                archive.writestr(_GbkName(member), text.encode("gbk", "replace"), zipfile.ZIP_DEFLATED)
        return packed.getvalue()

    def _entries(self, file: BillFile, *, before: bool = False) -> list[Entry]:
        """Return what was booked on the day, or at any time before it, in the order of time."""
        begin_us, end_us = day_us(file.day)
        first_us, last_us = (1, begin_us) if before else (begin_us, end_us)
        trades = {trade.out_trade_no: trade for trade in self._ledger.all_of(Trade, file.account_id)}
        found = [
            Entry(trade, "", trade.paid_us, trade.amount, -fee_of(trade.amount))
            for trade in trades.values()
            if first_us <= trade.paid_us < last_us
        ]
        found += [
            Entry(trades[each.out_trade_no], each.out_request_no, each.created_us, -each.amount, fee_of(each.amount))
            for each in self._ledger.all_of(Refund, file.account_id)
            if first_us <= each.created_us < last_us
        ]
        return sorted(found, key=lambda entry: (entry.at_us, entry.refund, entry.trade.out_trade_no))

    def _trades(self, account: AlipayAccount, day: date, entries: Sequence[Entry]) -> str:
        payments, refunds = ([e for e in entries if bool(e.refund) is is_refund] for is_refund in (False, True))
        paid, given_back = sum(e.amount for e in payments), sum(e.amount for e in refunds)
        return _text(
            *_head("业务明细", account, day),
            f"#{_RULE}业务明细列表{_RULE}",
            _TRADE_HEADER,
            *(_trade_line(entry) for entry in entries),
            f"#{_RULE}业务明细列表结束{_RULE}",
            f"#交易合计：{len(payments)}笔，商家实收共{_yuan(paid)}元，商家优惠共0.00元",
            f"#退款合计：{len(refunds)}笔，商家实收退款共{_yuan(given_back)}元，商家优惠退款共0.00元",
            self._exported(),
        )

    def _trade_sums(self, account: AlipayAccount, day: date, entries: Sequence[Entry]) -> str:
        refunds = sum(bool(entry.refund) for entry in entries)
        amount, fee = sum(entry.amount for entry in entries), sum(entry.fee for entry in entries)
        sums = ["合计", "", str(len(entries) - refunds), str(refunds), _yuan(amount), _yuan(amount)]
        sums += ["0.00", "0.00", "0.00", _yuan(fee), "0.00", _yuan(amount + fee)]
        return _text(
            *_head("业务汇总", account, day),
            f"#{_RULE}业务汇总列表{_RULE}",
            _SUM_HEADER,
            _line(sums),
            f"#{_RULE}业务汇总列表结束{_RULE}",
            self._exported(),
        )

    def _movements(self, account: AlipayAccount, file: BillFile, entries: Sequence[Entry]) -> str:
        balance = sum(entry.amount + entry.fee for entry in self._entries(file, before=True))
        lines: list[str] = []
        for entry in entries:
            business, fee = ("交易退款", "退费") if entry.refund else ("在线支付", "收费")
            for kind, amount in ((business, entry.amount), (fee, entry.fee)):
                balance += amount
                lines.append(_movement_line(entry, kind, amount, balance, number=len(lines) + 1))
        amounts = [amount for entry in entries for amount in (entry.amount, entry.fee)]
        income, expenses = [a for a in amounts if a > 0], [a for a in amounts if a <= 0]
        return _text(
            *_head("账务明细", account, file.day),
            f"#{_RULE}账务明细列表{_RULE}",
            _LEDGER_HEADER,
            *lines,
            f"#{_RULE}账务明细列表结束{_RULE}",
            f"#支出合计：{len(expenses)}笔，共{_yuan(sum(expenses))}元",
            f"#收入合计：{len(income)}笔，共{_yuan(sum(income))}元",
            self._exported(),
        )

    def _movement_sums(self, account: AlipayAccount, day: date, entries: Sequence[Entry]) -> str:
        amounts = [amount for entry in entries for amount in (entry.amount, entry.fee)]
        income, expenses = [a for a in amounts if a > 0], [a for a in amounts if a <= 0]
        sums = ["合计", str(len(income)), _yuan(sum(income)), str(len(expenses)), _yuan(sum(expenses))]
        return _text(
            *_head("账务汇总", account, day), _LEDGER_SUM_HEADER, _line([*sums, _yuan(sum(amounts))]), self._exported()
        )

    def _exported(self) -> str:
        at = written_time(self._now_us())
        return f"#导出时间：[{at[:4]}年{at[5:7]}月{at[8:10]}日 {at[11:]}]"


class _GbkName(zipfile.ZipInfo):
    """A member whose name is written in GBK without a mark, as Alipay does it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  The library calls it so.
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _head(title: str, account: AlipayAccount, day: date) -> Iterable[str]:
    until = day + timedelta(days=1)
    return (
        f"#支付宝{title}查询",
        f"#账号：[{account.seller_id}0156]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{until:%Y年%m月%d日} 00:00:00]",
    )


def _trade_line(entry: Entry) -> str:
    trade, amount = entry.trade, _yuan(entry.amount)
    return _line(
        [
            trade.trade_no,
            trade.out_trade_no,
            "退款" if entry.refund else "交易",
            trade.subject,
            written_time(trade.created_us),
            written_time(entry.at_us),
            trade.store_id,
            *("", ""),
            trade.terminal_id,
            BUYER_LOGON_ID,
            amount,
            amount,
            *("0.00", "0.00", "0.00", "0.00", "0.00"),
            "",
            *("0.00", "0.00"),
            entry.refund,
            _yuan(entry.fee),
            "0.00",
            trade.body,
        ]
    )


def _movement_line(entry: Entry, kind: str, amount: int, balance: int, *, number: int) -> str:
    trade, at = entry.trade, written_time(entry.at_us)
    income, expense = (_yuan(amount), "") if amount > 0 else ("", _yuan(amount))
    entry_no = f"{at[:10].replace('-', '')}{number:012d}"
    cells = [entry_no, trade.trade_no, trade.out_trade_no, trade.subject, at, BUYER_LOGON_ID]
    return _line([*cells, income, expense, _yuan(balance), "支付宝", kind, entry.refund])


def _line(cells: Iterable[str]) -> str:
    # Each value is followed by a tab, so that a spreadsheet takes long numbers for text.
    return ",".join(f"{cell.translate(_FORBIDDEN)}\t" for cell in cells)


_FORBIDDEN = str.maketrans(dict.fromkeys("\t\r\n", " "))


def _text(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _yuan(fen: int) -> str:
    written = yuan_of(Money(abs(fen), CURRENCY))
    return f"-{written}" if fen < 0 else written
