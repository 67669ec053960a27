"""Reads the Alipay simulator's book as every provider's book is read: charges, and what took effect for each.

Refuses a file that is no book of an Alipay simulator.
"""

from __future__ import annotations

from pathlib import Path

from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.books import BookedCharge, BookedEffect, ProviderBook
from tollbridge_server.testing.simulators.alipay.book import (
    CLOSED,
    CURRENCY,
    OWNER,
    Freeze,
    Ledger,
    Refund,
    Release,
    Trade,
)
from tollbridge_server.testing.simulators.frame import books


def read_book(path: Path) -> dict[str, ProviderBook]:
    """Return the books of all accounts in the file at `path`, which another process may be writing.

    Raises BookUnreadable.
    """
    with books.reading(path, owner=OWNER) as connection:
        ledger = Ledger(connection)
        accounts = connection.execute("SELECT account FROM trades UNION SELECT account FROM freezes").fetchall()
        return {account: books.AccountBook(tuple(_charges(ledger, account))) for (account,) in accounts}


def _charges(ledger: Ledger, account: str) -> list[BookedCharge]:
    trades = ledger.all_of(Trade, account)
    refunds: dict[str, list[Refund]] = {}
    for refund in ledger.all_of(Refund, account):
        refunds.setdefault(refund.out_trade_no, []).append(refund)
    captures: dict[str, list[Trade]] = {}
    for trade in trades:
        if trade.auth_no and trade.paid_us:
            captures.setdefault(trade.auth_no, []).append(trade)
    releases: dict[str, list[Release]] = {}
    for release in ledger.all_of(Release, account):
        releases.setdefault(release.out_order_no, []).append(release)
    found = [_sale(trade, refunds.get(trade.out_trade_no, [])) for trade in trades if not trade.auth_no]
    for freeze in ledger.all_of(Freeze, account):
        parts = captures.get(freeze.auth_no, [])
        given_back = [refund for part in parts for refund in refunds.get(part.out_trade_no, [])]
        found.append(_authorization(freeze, parts, given_back, releases.get(freeze.out_order_no, [])))
    return found


def _sale(trade: Trade, refunds: list[Refund]) -> BookedCharge:
    reference = trade.out_trade_no
    amount = trade.amount if trade.paid_us else 0
    effects = [_effect(OperationKind.SALE, reference, reference, amount)] if amount else []
    effects += [_effect(OperationKind.REFUND, each.out_request_no, reference, each.amount) for each in refunds]
    return BookedCharge(
        request_reference=reference,
        currency=CURRENCY,
        authorized_minor=amount,
        captured_minor=amount,
        refunded_minor=trade.refunded,
        is_voided=trade.state == CLOSED and not trade.paid_us,
        effects=tuple(effects),
    )


def _authorization(
    freeze: Freeze, captures: list[Trade], refunds: list[Refund], releases: list[Release]
) -> BookedCharge:
    reference = freeze.out_order_no
    amount = freeze.amount if freeze.frozen_us else 0
    effects = [_effect(OperationKind.AUTHORIZE, reference, reference, amount)] if amount else []
    # The capture of a whole freeze is named after it, so that whoever refunds finds it.
    effects += [
        _effect(OperationKind.CAPTURE, each.out_trade_no.removesuffix("_all"), reference, each.amount)
        for each in captures
    ]
    effects += [_effect(OperationKind.CANCEL, each.out_request_no, reference, each.amount) for each in releases]
    effects += [_effect(OperationKind.REFUND, each.out_request_no, reference, each.amount) for each in refunds]
    return BookedCharge(
        request_reference=reference,
        currency=CURRENCY,
        authorized_minor=amount,
        captured_minor=freeze.paid,
        refunded_minor=sum(each.amount for each in refunds),
        is_voided=freeze.released > 0,
        effects=tuple(effects),
    )


def _effect(kind: OperationKind, reference: str, charge: str, amount: int) -> BookedEffect:
    return BookedEffect(kind, reference, charge, amount, CURRENCY)
