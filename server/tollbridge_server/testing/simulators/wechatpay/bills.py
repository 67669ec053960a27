"""WeChat Pay's bills: transactions and fund flow, values behind back-ticks, gzipped, with the hash of the plain text.

Refuses a kind that does not exist, a day that is not over, a bill that is not made yet, and a link after five minutes.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tollbridge_server.testing.simulators.frame.billing import BillDesk, BillFile, day_us, fee_of, read_day
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.replies import Refused, Reply, document
from tollbridge_server.testing.simulators.wechatpay.rows import REFUND, REVOKED, SUCCESS, Refund, Transaction
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior
from tollbridge_server.testing.simulators.wechatpay.times import moment

DOWNLOAD_PATH = "/v3/billdownload/file"
LINK_LIFETIME_S = 300

TRADES, FLOW = "tradebill", "fundflowbill"
_KINDS = {
    TRADES: ("bill_type", ("ALL", "SUCCESS", "REFUND")),
    FLOW: ("account_type", ("BASIC", "OPERATION", "FEES")),
}
_FORGOTTEN_US = 92 * 86_400_000_000
_PAYMENT = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额"
)
_REFUND = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_END = "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_FLOW = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
_FLOW_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
_HEADERS = {
    "ALL": f"{_PAYMENT},{_REFUND},{_END}",
    "SUCCESS": f"{_PAYMENT},{_END.replace('申请退款金额,', '')}",
    "REFUND": f"{_PAYMENT},退款申请时间,退款成功时间,{_REFUND},{_END}",
}
_RATE = "0.60%"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a payment, or what was given back of it. In fen; what the merchant pays is negative.

    `refund_id` and `out_refund_no` are those of a refund, `done_us` is when it was concluded (0: not by now).
    """

    transaction: Transaction
    state: str
    at_us: int
    amount: int
    fee: int
    refund_id: str = ""
    out_refund_no: str = ""
    done_us: int = 0

    @property
    def is_payment(self) -> bool:
        return self.state == SUCCESS


class Bills:
    """What the back office does with bills; `pages_url` is where its files are."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], pages_url: Callable[[], str]) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._pages_url = pages_url
        self.desk = BillDesk(now_us, lifetime_s=LINK_LIFETIME_S)

    def link(self, account: WechatPayAccount, kind: str, query: Mapping[str, str], *, fault: Behavior | None) -> Reply:
        """Return where a bill is, and its hash, unless a fault makes it wrong."""
        name, choices = _KINDS[kind]
        chosen, day = query.get(name, choices[0]), read_day(query.get("bill_date", ""))
        if chosen not in choices or query.get("tar_type", "GZIP") != "GZIP":
            raise Refused(400, "PARAM_ERROR", f"{name}或tar_type取值不合法")
        if day is None or not self.desk.is_over(day) or day_us(day)[0] < self._now_us() - _FORGOTTEN_US:
            raise Refused(400, "INVALID_REQUEST", "账单日期错误，只能下载三个月内、今天以前的账单")
        if fault is Behavior.STATEMENT_CREATING or not self.desk.is_made(day):
            raise Refused(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")
        file = BillFile(account.account_id, f"{kind} {chosen} {query.get('tar_type', '')}", day)
        if not self._entries(file, chosen):
            raise Refused(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        hashed = hashlib.sha1(self._text(account, file), usedforsecurity=False).hexdigest()
        url = f"{self._pages_url()}{DOWNLOAD_PATH}?token={self.desk.link(file)}"
        if fault is Behavior.HASH_MISMATCH:
            hashed = hashed[::-1]
        return document({"hash_type": "SHA1", "hash_value": hashed, "download_url": url})

    def file(self, account: WechatPayAccount, token: str) -> Reply:
        """Return the file that a link opens, for the merchant whose it is alone."""
        file = self.desk.opened(token)
        if file is None:
            raise Refused(400, "INVALID_REQUEST", "token已失效，请重新获取账单下载地址")
        if file.account_id != account.account_id:
            raise Refused(403, "NO_AUTH", "没有权限下载该账单")
        text, is_zipped = self._text(account, file), file.kind.endswith("GZIP")
        return Reply(200, gzip.compress(text, mtime=0) if is_zipped else text)

    def _text(self, account: WechatPayAccount, file: BillFile) -> bytes:
        kind, chosen, _ = file.kind.split(" ")
        entries = self._entries(file, chosen)
        lines = _trades(account, chosen, entries) if kind == TRADES else _flow(entries, self._balance(file, chosen))
        return "".join(f"{line}\r\n" for line in lines).encode()

    def _balance(self, file: BillFile, chosen: str) -> int:
        """Return what the account held in the morning, in fen."""
        return sum(entry.amount + entry.fee for entry in self._entries(file, chosen, before=True))

    def _entries(self, file: BillFile, chosen: str, *, before: bool = False) -> list[Entry]:
        """Return what counts for the day, or for the time before it: payments as paid, refunds as accepted."""
        if chosen in ("OPERATION", "FEES"):
            return []  # Everything is booked to the basic account here.
        begin_us, end_us = day_us(file.day)
        first_us, last_us = (1, begin_us) if before else (begin_us, end_us)
        found: list[Entry] = []
        for paid in self._ledger.paid_between(file.account_id, first_us, last_us):
            found.append(Entry(paid, SUCCESS, paid.paid_at_us, paid.total, -fee_of(paid.total)))
            if paid.trade_state == REVOKED:  # A reversal has no number of its own.
                found.append(Entry(paid, REVOKED, paid.paid_at_us, -paid.total, fee_of(paid.total), "0", "0"))
        for refund in self._ledger.refunded_between(file.account_id, first_us, last_us):
            paid_before = self._ledger.transaction(refund.account, refund.out_trade_no)
            if paid_before is not None:
                found.append(_refunded(refund, paid_before))
        wanted = [
            entry for entry in found if chosen not in (SUCCESS, REFUND) or entry.is_payment is (chosen == SUCCESS)
        ]
        return sorted(wanted, key=lambda entry: (entry.at_us, entry.transaction.out_trade_no, not entry.is_payment))


def _refunded(refund: Refund, transaction: Transaction) -> Entry:
    amounts = (refund.created_at_us, -refund.refund, fee_of(refund.refund))
    return Entry(transaction, REFUND, *amounts, refund.refund_id, refund.out_refund_no, refund.success_at_us)


def _trades(account: WechatPayAccount, chosen: str, entries: Sequence[Entry]) -> Iterable[str]:
    paid = sum(entry.amount for entry in entries if entry.is_payment)
    given_back = -sum(entry.amount for entry in entries if not entry.is_payment)
    yield _HEADERS[chosen]
    yield from (_trade_line(account, chosen, entry) for entry in entries)
    yield _SUMS
    fees = -sum(entry.fee for entry in entries)
    yield _line([str(len(entries)), *map(_yuan, (paid, given_back, 0, fees, paid, given_back))])


def _trade_line(account: WechatPayAccount, chosen: str, entry: Entry) -> str:
    transaction, paid = entry.transaction, _yuan(entry.amount if entry.is_payment else 0)
    cells = [_time(entry.at_us), transaction.appid, account.mchid, "0", "", transaction.transaction_id]
    cells += [transaction.out_trade_no, transaction.openid, transaction.trade_type, entry.state, transaction.bank_type]
    cells += ["CNY", paid, "0.00"]
    if chosen == REFUND:
        cells += [_time(entry.at_us), _time(entry.done_us) if entry.done_us else ""]
    given_back = _yuan(0 if entry.is_payment else -entry.amount)
    if chosen != SUCCESS:
        cells += [entry.refund_id or "0", entry.out_refund_no or "0", given_back, "0.00"]
        # A row is never written again, so it shows what was known when the refund was accepted.
        cells += ["", ""] if entry.is_payment else ["ORIGINAL", "PROCESSING"]
    cells += [transaction.description, transaction.attach, f"{_yuan(-entry.fee)}000", _RATE, paid]
    if chosen != SUCCESS:
        cells.append(given_back)
    return _line([*cells, ""])


def _flow(entries: Sequence[Entry], balance: int) -> Iterable[str]:
    amounts: list[int] = []
    yield _FLOW
    for entry in entries:
        name = "交易" if entry.is_payment else "退款"
        for business, amount in ((name, entry.amount), ("扣除交易手续费", entry.fee)):
            amounts.append(amount)
            balance += amount
            yield _flow_line(entry, business, amount, balance, number=len(amounts))
    income, expenses = [each for each in amounts if each > 0], [-each for each in amounts if each <= 0]
    yield _FLOW_SUMS
    sums = (str(len(income)), _yuan(sum(income)), str(len(expenses)), _yuan(sum(expenses)))
    yield _line([str(len(amounts)), *sums])


def _flow_line(entry: Entry, business: str, amount: int, balance: int, *, number: int) -> str:
    transaction = entry.transaction
    at = _time(entry.at_us)
    cells = [at, transaction.transaction_id, f"{at[:10].replace('-', '')}{number:012d}", business, business]
    cells += ["收入" if amount > 0 else "支出", _yuan(abs(amount)), _yuan(balance), "system", ""]
    return _line([*cells, transaction.out_trade_no if entry.is_payment else entry.out_refund_no])


def _line(cells: Iterable[str]) -> str:
    return ",".join(f"`{cell.translate(_FORBIDDEN)}" for cell in cells)


_FORBIDDEN = str.maketrans({",": " ", "\n": "\\n", "\r": " "})


def _yuan(fen: int) -> str:
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02}"


def _time(at_us: int) -> str:
    return moment(at_us).strftime("%Y-%m-%d %H:%M:%S")
