"""What the book of the WeChat Pay simulator holds, row by row. It refuses nothing; the tables have their own checks."""

from __future__ import annotations

from dataclasses import dataclass, fields

NOTPAY, USERPAYING, SUCCESS, REFUND, CLOSED, REVOKED, PAYERROR = (
    "NOTPAY",
    "USERPAYING",
    "SUCCESS",
    "REFUND",
    "CLOSED",
    "REVOKED",
    "PAYERROR",
)
"""Values of a transaction's trade_state."""

PROCESSING, ABNORMAL = "PROCESSING", "ABNORMAL"
"""Values of a refund's status, beside SUCCESS and CLOSED."""

ORIGINAL, OTHER_BANKCARD = "ORIGINAL", "OTHER_BANKCARD"
"""Values of a refund's channel: back to where the money came from, or where it was directed afterwards."""

MICROPAY = "MICROPAY"
"""The trade_type of a transaction whose code the merchant scanned."""


@dataclass(slots=True)
class Transaction:
    """One order of a merchant. Amounts in fen, times in microseconds since the epoch (0: never).

    `request` is the order as it was sent, to compare a repetition with. `token` opens the payer's page until
    `token_expires_at_us`. `taken` is what refunds have taken up, and `behavior` what the order's test amount or
    test code provokes.
    """

    account: str
    out_trade_no: str
    appid: str
    transaction_id: str
    trade_type: str
    trade_state: str
    description: str
    attach: str
    notify_url: str
    total: int
    payer_total: int
    taken: int
    openid: str
    bank_type: str
    request: str
    prepay_id: str
    token: str
    token_expires_at_us: int
    time_expire_us: int
    settles_at_us: int
    created_at_us: int
    paid_at_us: int
    behavior: str

    @property
    def is_paid(self) -> bool:
        """Whether the merchant holds, or held, the money."""
        return self.trade_state in (SUCCESS, REFUND)


@dataclass(slots=True)
class Refund:
    """One refund of a transaction, in fen; it is decided when `settles_at_us` has passed, and then becomes `fate`.

    `channel` is the way back, and `received` the account that it leads to, as WeChat Pay names both.
    """

    account: str
    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    total: int
    refund: int
    payer_total: int
    payer_refund: int
    status: str
    fate: str
    notify_url: str
    funds_account: str
    request: str
    settles_at_us: int
    created_at_us: int
    success_at_us: int
    behavior: str
    channel: str
    received: str


TRANSACTION_COLUMNS = ", ".join(field.name for field in fields(Transaction))
REFUND_COLUMNS = ", ".join(field.name for field in fields(Refund))
