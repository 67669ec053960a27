"""Bills: fetches the day's transactions from WeChat Pay and reads them as typed rows, amounts as whole fen, signed.

Refuses a bill whose hash is not the one that WeChat Pay signed, that does not add up to its own totals, that unpacks to
more than its bounds, and an address that is not WeChat Pay's.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import zlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

from tollbridge_server.ports.bills import Bill, BillRow, BillRowKind, BillUnreadable, NoBill
from tollbridge_server.providers.transport import Answered
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import CURRENCY, Answer
from tollbridge_server.providers.wechatpay.client import Client

MAX_BILL_BYTES = 64 * 1024 * 1024
"""How large the unpacked list may be; a row has about 400 bytes."""

_LATER = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"})
_GZIP = 16 + zlib.MAX_WBITS
_CELL = "`"
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)
_MICROS_PER_YUAN, _MICROS_PER_FEN = 1_000_000, 10_000
_CHINA = timezone(timedelta(hours=8))
_KINDS = {"SUCCESS": BillRowKind.PAYMENT, "REFUND": BillRowKind.REFUND, "REVOKED": BillRowKind.REFUND}
_COUNT = "总交易单数"
_TOTALS = {"应结订单总金额": "应结订单金额", "退款总金额": "退款金额", "订单总金额": "订单金额"}
"""The sums below the list, and the columns that add up to them."""

Cells = dict[str, str]


async def fetch_bill(client: Client, day: date) -> Bill | NoBill:
    """Return the transactions of `day` (China's); WeChat Pay has them from about ten o'clock of the day after.

    A day without any has no bill either: WeChat Pay says the same of it as of a bill that is not made yet.
    """
    answer = await client.call(wire.bill(day))
    if not isinstance(answer, Answer):
        return NoBill(answer.reason, is_retryable=True)
    if not answer.is_success:
        is_retryable = answer.code in _LATER or answer.status >= 500
        return NoBill(f"HTTP {answer.status} {answer.code}", is_retryable=is_retryable)
    try:
        zipped = await _download(client, answer.text("download_url"))
        if isinstance(zipped, NoBill):
            return zipped
        # A large bill takes seconds to read, and the loop has payments to carry.
        return Bill(await asyncio.to_thread(read_bill, zipped, sha1=answer.text("hash_value")))
    except BillUnreadable as error:
        return NoBill(str(error), is_retryable=True)


def read_bill(file: bytes, *, sha1: str) -> tuple[BillRow, ...]:
    """Return the rows of a bill as it was downloaded, gzipped or plain; `sha1` is of the plain list, in hex.

    Raises BillUnreadable.
    """
    content = _unzipped(file)
    if not hmac.compare_digest(hashlib.sha1(content, usedforsecurity=False).hexdigest(), sha1.lower()):
        raise BillUnreadable("the hash of the file is not the one that WeChat Pay signed")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BillUnreadable("the list is not in UTF-8") from None
    # Only these end a row: a description may hold the other characters at which Python splits lines.
    lines = [stripped for line in text.split("\n") if (stripped := line.removesuffix("\r"))]
    headers = [number for number, line in enumerate(lines) if not line.startswith(_CELL)]
    if len(headers) != 2 or headers != [0, len(lines) - 2]:
        raise BillUnreadable("the list is cut off: there must be a header, the rows, and a header and a line of sums")
    cells = [_cells(number, lines[0], line) for number, line in enumerate(lines[1:-2], start=1)]
    rows = tuple(_rows(cells))
    _require_totals(cells, _cells(0, lines[-2], lines[-1]))
    return rows


async def _download(client: Client, url: str) -> bytes | NoBill:
    """Return the file at an address that lives for five minutes, and takes our signature over its path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return NoBill("the address can not be read", is_retryable=False)
    if f"{parts.scheme}://{parts.netloc}" != client.origin or not parts.path.startswith("/"):
        return NoBill("the address is not WeChat Pay's", is_retryable=False)
    result = await client.download(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    if not isinstance(result, Answered):
        return NoBill(result.reason, is_retryable=True)
    return result.body if result.status == 200 else NoBill(f"HTTP {result.status}", is_retryable=True)


def _unzipped(file: bytes) -> bytes:
    if not file.startswith(b"\x1f\x8b"):
        return file
    opened = zlib.decompressobj(_GZIP)
    try:
        content = opened.decompress(file, MAX_BILL_BYTES + 1)
    except zlib.error:
        raise BillUnreadable("the file is no GZIP that can be read") from None
    if len(content) > MAX_BILL_BYTES:
        raise BillUnreadable("the list is too large")
    if not opened.eof:
        raise BillUnreadable("the file is cut off")
    return content


def _cells(number: int, header: str, line: str) -> Cells:
    """Return a line's values by the names in `header`; each value is behind a back-tick."""
    names, values = header.split(","), line.removeprefix(_CELL).split(f",{_CELL}")
    if len(names) != len(values):
        raise BillUnreadable(f"row {number} has {len(values)} values for {len(names)} columns")
    return dict(zip(names, values, strict=True))


def _rows(rows: Iterable[Cells]) -> Iterable[BillRow]:
    for number, cells in enumerate(rows, start=1):
        try:
            yield _row(cells)
        except KeyError as error:
            raise BillUnreadable(f"there is no column {error}") from None
        except ValueError as error:
            raise BillUnreadable(f"row {number}: {error}") from None


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


def _require_totals(rows: Sequence[Cells], stated: Cells) -> None:
    """Compare the rows with the sums below the list. Raises BillUnreadable."""
    try:
        if int(stated[_COUNT]) != len(rows):
            raise BillUnreadable(f"{len(rows)} rows where the bill counts {int(stated[_COUNT])}")
        for total, column in _TOTALS.items():
            if _micros(stated[total]) != sum(_micros(cells[column]) for cells in rows):
                raise BillUnreadable(f"{len(rows)} rows do not add up to the bill's {total}")
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
