"""What may be said of a decline to the payer, one sentence for each reason; refuses to tell of loss, theft or fraud.

The provider's own words stay in `provider_message`, which is for the merchant's staff, and never come in here.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import DeclineReason

_R = DeclineReason
_DECLINED = "The payment was declined."

SENTENCES: dict[DeclineReason, str] = {
    # Whoever holds a lost or stolen card must not learn that it was reported, so these read like any other decline.
    _R.LOST_CARD: _DECLINED,
    _R.STOLEN_CARD: _DECLINED,
    _R.FRAUD_SUSPECTED: _DECLINED,
    _R.DO_NOT_HONOR: _DECLINED,
    _R.GENERIC_DECLINE: _DECLINED,
    _R.OTHER: _DECLINED,
    _R.INSUFFICIENT_FUNDS: "The account or card has not enough funds.",
    _R.CARD_EXPIRED: "The card has expired.",
    _R.CVV_INCORRECT: "The card's verification value is wrong.",
    _R.CARD_NUMBER_INCORRECT: "The card number is wrong.",
    _R.AUTHENTICATION_FAILED: "The payer's identity could not be confirmed.",
    _R.AUTHENTICATION_REQUIRED: "The bank asks the payer to confirm this payment.",
    _R.LIMIT_EXCEEDED: "A limit of the account or card is exceeded.",
    _R.NOT_PERMITTED: "The account or card does not permit this payment.",
    _R.AMOUNT_INVALID: "This amount is not accepted.",
    _R.CURRENCY_NOT_SUPPORTED: "This currency is not accepted.",
    _R.PAYER_CANCELED: "The payment was given up.",
    _R.PAYER_TIMEOUT: "The payment was not finished in time.",
    _R.PROVIDER_UNAVAILABLE: "The payment provider could not be reached; nothing was taken.",
    _R.NOT_PROCESSED: "The payment provider did not process this; nothing was done.",
    _R.PROVIDER_CONFIGURATION: "The merchant can not take this payment at present.",
    _R.REFUND_NOT_POSSIBLE: "This payment can not be refunded any more.",
    _R.BALANCE_INSUFFICIENT: "The merchant's balance does not cover the refund.",
    _R.DUPLICATE: "This looks like a repeat of an earlier payment.",
    _R.PIN_INCORRECT: "The PIN or payment password is wrong.",
    _R.CARD_NOT_SUPPORTED: "This kind of card is not accepted.",
    _R.ACCOUNT_RESTRICTED: "The account or card can not be used at present.",
    _R.ISSUER_UNAVAILABLE: "The payer's bank could not be reached; nothing was taken.",
    _R.AUTHORIZATION_EXPIRED: "The authorization has lapsed.",
    _R.CAPTURE_NOT_POSSIBLE: "This authorization can not be captured.",
    _R.CANCEL_NOT_POSSIBLE: "This payment can not be canceled any more.",
}
