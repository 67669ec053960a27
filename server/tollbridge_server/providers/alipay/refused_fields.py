"""What it means that Alipay calls a field of a charge invalid: the end of its message names the field.

Refuses to blame the caller for a field that comes from our configuration or from ourselves, or that is not named.
"""

from __future__ import annotations

import re

from tollbridge_server.domain.evidence import DeclineReason, RetryAdvice

_INVALID_FIELD = frozenset({"INVALID_PARAMETER", "ILLEGAL_ARGUMENT"})
"""A trade's code and a freeze's, without their prefix."""
_END_LENGTH = 64
"""How much of a message is looked at, in characters: no name of a field is nearly as long."""
_FIELD_AT_THE_END = re.compile(r"([A-Za-z][A-Za-z0-9_]*)[\s.。!！]*$", re.ASCII)
_CALLERS = (
    "buyer_id subject order_title store_id terminal_id operator_id ext_user_info identity_params "
    "name cert_type cert_no min_age mobile"
)
_MEANINGS = {
    **dict.fromkeys(_CALLERS.split(), (DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA)),
    **dict.fromkeys(("total_amount", "amount"), (DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA)),
    # To the cashier it is the same whether Alipay calls the code invalid or the field: the payer shows another one.
    "auth_code": (DeclineReason.AUTHENTICATION_FAILED, RetryAdvice.CORRECTED_DATA),
}


def meaning_of_field(bare_code: str, message: str) -> tuple[DeclineReason, RetryAdvice] | None:
    """Return what the refusal of a charge's field means, None where the field is not the caller's to correct."""
    named = _FIELD_AT_THE_END.search(message[-_END_LENGTH:]) if bare_code in _INVALID_FIELD else None
    return _MEANINGS.get(named[1]) if named else None
