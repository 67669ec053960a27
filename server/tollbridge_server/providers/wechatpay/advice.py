"""What an operator should check when WeChat Pay does not take a request for ours, or we do not take an answer for its.

Refuses to show what was signed: WeChat Pay's detail repeats it, its message does not.
"""

from __future__ import annotations

from tollbridge_server.providers.transport import Answered
from tollbridge_server.providers.wechatpay.answers import Answer, AnswerUnreadable, read_answer
from tollbridge_server.providers.wechatpay.codes import setting_to_check
from tollbridge_server.providers.wechatpay.signing import PUBLIC_KEY_ID_PREFIX

_MAX_SHOWN = 128


def said(answer: Answer) -> str:
    """Return WeChat Pay's own words about a request that it refused."""
    return f"HTTP {answer.status} {answer.code[:64]} {answer.text('message')[:_MAX_SHOWN]}".rstrip()


def on_no_certificates(result: Answered) -> str:
    """Return why the platform certificates did not come, and what to check."""
    if result.status == 404:
        return "HTTP 404; such an account needs public_key and public_key_id"
    try:
        answer = read_answer(result.status, result.body, is_signed=False)
    except AnswerUnreadable:
        return f"HTTP {result.status}"
    where = setting_to_check(answer.code, status=answer.status)
    return f"{said(answer)}; check {where}" if where else said(answer)


def on_unknown_key(serial: str, *, public_key_id: str) -> str:
    """Return that nothing verifies a signature under `serial`, and what to check."""
    unknown = f"no key is known for serial {serial[:64]!r}"
    if not serial.startswith(PUBLIC_KEY_ID_PREFIX):
        return unknown
    return f"{unknown}; check public_key_id (it is {public_key_id or 'not given'}) and public_key"


def on_wrong_signature(*, is_public_key: bool) -> str:
    """Return what to check when a signature is wrong; `is_public_key`: it is said to be of the configured one."""
    advice = "is public_key WeChat Pay's, the one that public_key_id names? " if is_public_key else ""
    return f"wrong signature; {advice}did anything between WeChat Pay and us change the body?"
