"""Bills: fetches the day's transactions from Alipay and reads them as typed rows, amounts as whole fen with their sign.

Refuses a bill that is cut off, that does not add up to its own totals, that unpacks to more than its bounds, and an
address outside Alipay's: the address comes signed, but what is behind it is not.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

from tollbridge_server.ports.bills import Bill, BillRow, BillRowKind, BillUnreadable, NoBill
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.bill_lines import Columns
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import BUSINESS, is_passing, names_configuration, setting_to_check
from tollbridge_server.providers.alipay.money import CURRENCY, money_of
from tollbridge_server.providers.transport import Answered, EgressRefused, Transport

logger = logging.getLogger(__name__)

MAX_MEMBERS = 16
MAX_NOTES = 100
MAX_BILL_BYTES = 64 * 1024 * 1024
"""How large the unpacked list may be; a row has about 300 bytes."""
MAX_FILE_BYTES = 64 * 1024 * 1024
DOWNLOAD_TIMEOUT_S = 300.0

_HOSTS = (".alipay.com", ".alipaydev.com")
_EMPTY = "EMPTY_DATA_WITH_BILL_FILE"
_LATER = frozenset({"NO_BILL_DATA", "BILL_NOT_EXIST", "UNKNOWN_ERROR", "SYSTEM_RATE_LIMIT", "USER_RATE_LIMIT"})
_OF_THE_DAY = frozenset({"INVAILID_ARGUMENTS", "INVALID_ARGUMENTS", "BILL_DATE_BEFORE_REGISTRATION"})
"""The day is all that differs from one of our requests to the next. The first is Alipay's own spelling."""
_NEVER = _OF_THE_DAY | {"TYPE_NOT_SUPPORTED"}
_NOT_CONTRACTED = frozenset({"ACCESS_FORBIDDEN", "HAS_NO_PRIVILEGE"})
_LIST, _SUMMARY = "业务明细", "汇总"
_END = "列表结束"
_UTF8_NAME = 0x800
_TOTALS = {
    "PAYMENT": re.compile(r"#交易合计：([0-9]+)笔，商家实收共(-?[0-9.]+)元"),
    "REFUND": re.compile(r"#退款合计：([0-9]+)笔，商家实收退款共(-?[0-9.]+)元"),
}
_CHINA = timezone(timedelta(hours=8))
_MICROS_PER_FEN = 10_000


_KINDS = {"交易": BillRowKind.PAYMENT, "退款": BillRowKind.REFUND}


async def fetch_bill(client: Client, day: date) -> Bill | NoBill:
    """Return the transactions of `day` (China's); Alipay has them from about ten o'clock of the day after."""
    answer = await client.call(wire.bill_download(day))
    if not isinstance(answer, Answer):
        return NoBill(answer.reason, is_retryable=True)
    if not answer.is_success:
        return _refusal(answer)
    if answer.bill_file_code == _EMPTY:
        return Bill(())
    try:
        zipped = await _download(answer.bill_download_url, gateway=client.identity.gateway)
        # A month's bill takes seconds to read, and the loop has payments to carry.
        return Bill(await asyncio.to_thread(read_bill, zipped)) if isinstance(zipped, bytes) else zipped
    except BillUnreadable as error:
        return NoBill(str(error), is_retryable=True)


def _refusal(answer: Answer) -> NoBill:
    """Return why there is no bill; what is not known may pass, and is logged."""
    told, bare = f"{answer.code} {answer.sub_code}".strip(), answer.sub_code.rpartition(".")[2].upper()
    is_final = answer.is_signed and answer.code == BUSINESS
    if names_configuration(answer.code, is_signed=answer.is_signed) or (is_final and bare in _NOT_CONTRACTED):
        where = setting_to_check(answer.sub_code) or "the account's settings and its contract"
        return NoBill(f"{told}: check {where}", is_retryable=False)
    if is_final and bare in _NEVER:
        return NoBill(told, is_retryable=False, is_day_refused=bare in _OF_THE_DAY)
    if bare not in _LATER and not is_passing(answer.code):
        logger.warning("alipay: no bill, and nothing is known of %.16r with %.64r", answer.code, answer.sub_code)
    return NoBill(told, is_retryable=True)


def read_bill(zipped: bytes) -> tuple[BillRow, ...]:
    """Return the rows of a bill as it was downloaded. Raises BillUnreadable."""
    try:
        text = _list_of(zipped).decode("gb18030")
    except UnicodeDecodeError as error:
        raise BillUnreadable("the list is not in GBK") from error
    notes: list[str] = []
    rows = tuple(_rows(_entries(text, notes)))
    if not any(_END in note for note in notes):
        raise BillUnreadable("the list is cut off")
    for kind in BillRowKind:
        _require_total(kind, rows, notes)
    return rows


def _entries(text: str, notes: list[str]) -> Iterator[str]:
    """Yield the lines that are no notes, and collect those that are. Raises BillUnreadable."""
    # Only this ends a row: a subject may hold the other characters at which Python splits lines.
    for ended in io.StringIO(text, newline="\n"):
        line = ended.removesuffix("\n").removesuffix("\r")
        if line.startswith("#"):
            notes.append(line)
            if len(notes) > MAX_NOTES:
                raise BillUnreadable(f"more than {MAX_NOTES} lines of notes")
        elif line.strip():
            yield line


async def _download(url: str, *, gateway: str) -> bytes | NoBill:
    """Return the file at an address that lives for 30 seconds."""
    try:
        parts, own = urlsplit(url), urlsplit(gateway)
    except ValueError:
        return NoBill("the address can not be read", is_retryable=False)
    is_own = parts.netloc == own.netloc and parts.scheme == own.scheme
    if not is_own and not (parts.hostname or "").endswith(_HOSTS):
        return NoBill("the address is not Alipay's", is_retryable=False)
    # Alipay's documents show plain http; its servers take https at the same place.
    origin = f"{own.scheme}://{own.netloc}" if is_own else f"https://{parts.netloc}"
    try:
        transport = Transport(origin)
    except EgressRefused as error:
        return NoBill(str(error), is_retryable=False)
    try:
        result = await transport.get(
            f"{parts.path or '/'}?{parts.query}", {}, max_bytes=MAX_FILE_BYTES, timeout_s=DOWNLOAD_TIMEOUT_S
        )
    finally:
        await transport.close()
    if not isinstance(result, Answered):
        return NoBill(result.reason, is_retryable=True)
    return result.body if result.status == 200 else NoBill(f"HTTP {result.status}", is_retryable=True)


def _list_of(zipped: bytes) -> bytes:
    """Return the member with the transactions; the other one has sums by shop."""
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise BillUnreadable(f"{len(members)} files instead of two")
            lists = [each for each in members if _LIST in _name(each) and _SUMMARY not in _name(each)]
            if len(lists) != 1:
                raise BillUnreadable(f"{len(lists)} lists instead of one")
            if lists[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BillUnreadable("the list is packed in a way that Alipay does not use")
            with archive.open(lists[0]) as member:
                content = member.read(MAX_BILL_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BillUnreadable("the file is no ZIP that can be read") from error
    if len(content) > MAX_BILL_BYTES:
        raise BillUnreadable("the list is too large")
    return content


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name: Alipay writes it in GBK without saying so, and then it was read as cp437."""
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _rows(lines: Iterator[str]) -> Iterator[BillRow]:
    header = next(lines, "")
    if not header:
        raise BillUnreadable("the list has no header")
    columns = Columns(header)
    for number, line in enumerate(lines, start=1):
        try:
            yield _row(columns.cells(line))
        except KeyError as error:
            raise BillUnreadable(f"there is no column {error}") from error
        except ValueError as error:
            raise BillUnreadable(f"row {number}: {error}") from error


def _row(cells: dict[str, str]) -> BillRow:
    kind = _KINDS.get(cells["业务类型"])
    if kind is None:
        raise ValueError("neither a payment nor a refund")
    return BillRow(
        kind=kind,
        provider_reference=cells["支付宝交易号"],
        charge_reference=cells["商户订单号"],
        refund_reference=cells["退款批次号/请求号"],
        occurred_at_us=_time_us(cells["完成时间"]),
        amount_minor=_fen(cells["订单金额（元）"]),
        received_minor=_fen(cells["商家实收（元）"]),
        fee_micros=_fen(cells["服务费（元）"]) * _MICROS_PER_FEN,
        currency=CURRENCY,
    )


def _require_total(kind: BillRowKind, rows: Sequence[BillRow], notes: Iterable[str]) -> None:
    """Compare the rows with the sums below the list. Raises BillUnreadable."""
    stated = next((matched for note in notes if (matched := _TOTALS[kind.value].match(note))), None)
    if stated is None:
        raise BillUnreadable(f"the totals of {kind} are missing")
    own = [row.received_minor for row in rows if row.kind is kind]
    try:
        is_equal = (int(stated[1]), _fen(stated[2])) == (len(own), sum(own))
    except ValueError as error:
        raise BillUnreadable(f"the totals of {kind} can not be read") from error
    if not is_equal:
        raise BillUnreadable(f"{len(own)} rows of {kind} do not add up to the bill's totals")


def _fen(yuan: str) -> int:
    """Return a signed amount in fen. Raises AmountUnreadable."""
    fen = money_of(yuan.removeprefix("-")).amount_minor
    return -fen if yuan.startswith("-") else fen


def _time_us(text: str) -> int:
    """Return a time of China's clock in microseconds since the epoch. Raises ValueError."""
    at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    return int(at.timestamp()) * 1_000_000
