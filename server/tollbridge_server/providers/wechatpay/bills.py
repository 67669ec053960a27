"""Bills: fetches the day's transactions from WeChat Pay and reads them as typed rows, amounts as whole fen, signed.

Refuses a bill whose hash is not the one that WeChat Pay signed, that does not add up to its own totals, that unpacks to
more than its bounds, and an address that is not WeChat Pay's. The list is unpacked piece by piece and never held whole:
what stays in memory are the file as it came and the typed rows.
"""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import hmac
import logging
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

from tollbridge_server.ports.bills import Bill, BillRow, BillRowKind, BillUnreadable, NoBill
from tollbridge_server.providers.transport import TOO_LARGE, Answered
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import CURRENCY, Answer
from tollbridge_server.providers.wechatpay.client import MAX_FILE_BYTES, Client
from tollbridge_server.providers.wechatpay.codes import setting_to_check

logger = logging.getLogger(__name__)

MAX_BILL_BYTES = 256 * 1024 * 1024
"""How large the unpacked list may be: about 650,000 rows, which take a third of a gigabyte once they are typed."""
MAX_LINE_BYTES = 64 * 1024

_HOSTS = frozenset({"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"})
_CHUNK_BYTES = 1024 * 1024
_LATER = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"})
_DAY_REFUSED = frozenset({"PARAM_ERROR", "INVALID_REQUEST"})
"""What WeChat Pay calls a day that is not over, or more than three months ago."""
_GZIP = 16 + zlib.MAX_WBITS
_CELL = "`"
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)
_MICROS_PER_YUAN, _MICROS_PER_FEN = 1_000_000, 10_000
_CHINA = timezone(timedelta(hours=8))
_KINDS = {"SUCCESS": BillRowKind.PAYMENT, "REFUND": BillRowKind.REFUND, "REVOKED": BillRowKind.REFUND}
_COUNT = "总交易单数"
_TOTALS = {
    "应结订单总金额": "应结订单金额",
    "退款总金额": "退款金额",
    "订单总金额": "订单金额",
    "申请退款总金额": "申请退款金额",
}
"""The sums below the list, and the columns that add up to them."""

Cells = dict[str, str]


class BillTooLarge(BillUnreadable):
    """A list that is larger than this server reads; it will be as large the next time."""


async def fetch_bill(client: Client, day: date) -> Bill | NoBill:
    """Return the transactions of `day` (China's); WeChat Pay has them from about ten o'clock of the day after.

    A day without any has no bill either: WeChat Pay says the same of it as of a bill that is not made yet.
    """
    answer = await client.call(wire.bill(day))
    if not isinstance(answer, Answer):
        return NoBill(answer.reason, is_retryable=True)
    if not answer.is_success:
        return _refusal(answer, account_id=client.identity.account_id)
    try:
        zipped = await _download(client, answer.text("download_url"))
        if isinstance(zipped, NoBill):
            return zipped
        # A large bill takes seconds to read, and the loop has payments to carry.
        return Bill(await asyncio.to_thread(read_bill, zipped, sha1=answer.text("hash_value")))
    except BillUnreadable as error:
        return NoBill(str(error), is_retryable=not isinstance(error, BillTooLarge))


def _refusal(answer: Answer, *, account_id: str) -> NoBill:
    """Return why there is no bill; what is not known may pass, and is logged."""
    told = f"HTTP {answer.status} {answer.code[:64]}".rstrip()
    where = setting_to_check(answer.code, status=answer.status)
    if where:
        return NoBill(f"{told}: check {where}", is_retryable=False)
    # With 429 WeChat Pay turned the question away before it looked at it, whatever the code is.
    is_passing = answer.status < 400 or answer.status == 429 or answer.status >= 500
    if not is_passing and answer.code in _DAY_REFUSED:
        return NoBill(told, is_retryable=False, is_day_refused=True)
    if not is_passing and answer.code not in _LATER:
        known = {"provider_account_id": account_id, "code": answer.code[:64]}
        logger.warning("wechatpay: no bill, and nothing is known of %s", told, extra=known)
    return NoBill(told, is_retryable=True)


def read_bill(file: bytes, *, sha1: str) -> tuple[BillRow, ...]:
    """Return the rows of a bill as it was downloaded, gzipped or plain; `sha1` is of the list or of the file, in hex.

    Raises BillUnreadable, and BillTooLarge for a list of more than MAX_BILL_BYTES.
    """
    _require_hash(file, sha1)
    lines = _lines(file)
    header, totals = next(lines, _CELL), ""
    names, sums = header.split(","), dict.fromkeys(_TOTALS.values(), 0)
    rows: list[BillRow] = []
    for number, line in enumerate(lines, start=1):
        if not line.startswith(_CELL):
            totals = line
            break
        rows.append(_counted(number, _cells(number, names, line), sums))
    stated = next(lines, "")
    if header.startswith(_CELL) or not totals or not stated.startswith(_CELL) or next(lines, None) is not None:
        raise BillUnreadable("the list is cut off: there must be a header, the rows, and a header and a line of sums")
    _require_totals(len(rows), sums, _cells(0, totals.split(","), stated))
    return tuple(rows)


async def _download(client: Client, url: str) -> bytes | NoBill:
    """Return the file at an address that lives for five minutes, and takes our signature over its path.

    The address may name WeChat Pay's other host than the one that we use: both serve the file, and ours is asked.
    """
    try:
        parts, own = urlsplit(url), urlsplit(client.origin)
    except ValueError:
        return NoBill("the address can not be read", is_retryable=False)
    is_theirs = parts.scheme == "https" and parts.hostname in _HOSTS
    is_own = (parts.scheme, parts.hostname) == (own.scheme, own.hostname)
    if not (is_theirs or is_own) or not parts.path.startswith("/"):
        return NoBill("the address is not WeChat Pay's", is_retryable=False)
    result = await client.download(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    if not isinstance(result, Answered):
        if result.reason == TOO_LARGE:
            raise BillTooLarge(_limit_of("file", MAX_FILE_BYTES))
        return NoBill(result.reason, is_retryable=True)
    return result.body if result.status == 200 else NoBill(f"HTTP {result.status}", is_retryable=True)


def _require_hash(file: bytes, sha1: str) -> None:
    """Raise BillUnreadable unless the list, or the file as it came, has the hash that WeChat Pay signed."""
    plain = hashlib.sha1(usedforsecurity=False)
    for chunk in _unzipped(file):
        plain.update(chunk)
    packed = hashlib.sha1(file, usedforsecurity=False)
    # The documents mean the list and leave it open at times; either proves that these are WeChat Pay's bytes.
    if not any(hmac.compare_digest(found.hexdigest().encode(), sha1.lower().encode()) for found in (plain, packed)):
        raise BillUnreadable("the hash of the file is not the one that WeChat Pay signed")


def _unzipped(file: bytes) -> Iterator[bytes]:
    """Yield the list in pieces, of a file that is gzipped or plain. Raises BillUnreadable."""
    size_bytes = 0
    for chunk in _gunzipped(file) if file.startswith(b"\x1f\x8b") else _sliced(file):
        size_bytes += len(chunk)
        if size_bytes > MAX_BILL_BYTES:
            raise BillTooLarge(_limit_of("list", MAX_BILL_BYTES))
        yield chunk


def _sliced(file: bytes) -> Iterator[bytes]:
    for at in range(0, len(file), _CHUNK_BYTES):
        yield file[at : at + _CHUNK_BYTES]


def _gunzipped(file: bytes) -> Iterator[bytes]:
    opened = zlib.decompressobj(_GZIP)
    for piece in _sliced(file):
        rest = piece
        while rest and not opened.eof:
            try:
                chunk = opened.decompress(rest, _CHUNK_BYTES)
            except zlib.error:
                raise BillUnreadable("the file is no GZIP that can be read") from None
            yield chunk
            rest = opened.unconsumed_tail
    if not opened.eof:
        raise BillUnreadable("the file is cut off")


def _lines(file: bytes) -> Iterator[str]:
    """Yield the lines of the list that are not empty. Raises BillUnreadable."""
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")(), ""
    try:
        for chunk in _unzipped(file):
            # Only these end a row: a description may hold the other characters at which Python splits lines.
            *whole, rest = (rest + decoder.decode(chunk)).split("\n")
            if len(rest) > MAX_LINE_BYTES:
                raise BillUnreadable("a row has no end")
            yield from filter(None, (line.removesuffix("\r") for line in whole))
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BillUnreadable("the list is not in UTF-8") from None
    if line := rest.removesuffix("\r"):
        yield line


def _limit_of(what: str, limit_bytes: int) -> str:
    return f"the {what} is too large: this server reads one of up to {limit_bytes // 2**20} MiB ({limit_bytes} bytes)"


def _cells(number: int, names: Sequence[str], line: str) -> Cells:
    """Return a line's values by their names; each value is behind a back-tick."""
    values = line.removeprefix(_CELL).split(f",{_CELL}")
    if len(names) != len(values):
        raise BillUnreadable(f"row {number} has {len(values)} values for {len(names)} columns")
    return dict(zip(names, values, strict=True))


def _counted(number: int, cells: Cells, sums: dict[str, int]) -> BillRow:
    """Return a row, and add its amounts to `sums` (millionths of a yuan by column). Raises BillUnreadable."""
    try:
        row = _row(cells)
        for column in sums:
            sums[column] += _micros(cells[column])
    except KeyError as error:
        raise BillUnreadable(f"there is no column {error}") from None
    except ValueError as error:
        raise BillUnreadable(f"row {number}: {error}") from None
    return row


def _row(cells: Cells) -> BillRow:
    kind = _KINDS.get(cells["交易状态"])
    if kind is None:
        raise ValueError("neither a payment nor a refund")
    if cells["货币种类"] != CURRENCY:
        raise ValueError("a currency that WeChat Pay does not settle here")
    is_payment = kind is BillRowKind.PAYMENT
    return BillRow(
        kind=kind,
        provider_reference=cells["微信订单号"],
        charge_reference=cells["商户订单号"],
        refund_reference="" if is_payment else cells["商户退款单号"],
        occurred_at_us=_time_us(cells["交易时间"]),
        amount_minor=_fen(cells["订单金额"]) if is_payment else -_fen(cells["申请退款金额"]),
        received_minor=_fen(cells["应结订单金额"]) if is_payment else -_fen(cells["退款金额"]),
        # WeChat Pay writes what it takes as positive, and what it gives back with a refund as negative.
        fee_micros=-_micros(cells["手续费"]),
        currency=CURRENCY,
        status=cells["交易状态"] if is_payment else cells["退款状态"],
    )


def _require_totals(count: int, sums: Mapping[str, int], stated: Cells) -> None:
    """Compare the rows with the sums below the list. Raises BillUnreadable."""
    try:
        if int(stated[_COUNT]) != count:
            raise BillUnreadable(f"{count} rows where the bill counts {int(stated[_COUNT])}")
        for total, column in _TOTALS.items():
            if _micros(stated[total]) != sums[column]:
                raise BillUnreadable(f"{count} rows do not add up to the bill's {total}")
    except KeyError as error:
        raise BillUnreadable(f"there is no sum {error}") from None
    except BillUnreadable:
        raise
    except ValueError as error:
        raise BillUnreadable(f"the sums can not be read: {error}") from None


def _micros(yuan: str) -> int:
    """Return a signed amount in millionths of a yuan. Raises ValueError."""
    matched = _AMOUNT.fullmatch(yuan)
    if matched is None:
        raise ValueError("this is no amount in yuan")
    micros = int(matched[2]) * _MICROS_PER_YUAN + int((matched[3] or "").ljust(6, "0"))
    return -micros if matched[1] else micros


def _fen(yuan: str) -> int:
    """Return a signed amount in fen. Raises ValueError for fractions of one."""
    fen, rest = divmod(_micros(yuan), _MICROS_PER_FEN)
    if rest:
        raise ValueError("an amount has fractions of a fen")
    return fen


def _time_us(text: str) -> int:
    """Return a time of China's clock in microseconds since the epoch. Raises ValueError."""
    at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    return int(at.timestamp()) * 1_000_000
