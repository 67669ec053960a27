"""Writes answers: signed over their raw bytes, spoiled on demand, or not given at all.

Errors are not signed, as the real ones were seen, unless the practice wants them signed.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from tollbridge_server.providers.wechatpay.signing import SERIAL_HEADER
from tollbridge_server.testing.simulators.frame.faults import Fault, improper_answer
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.replies import Reply, error
from tollbridge_server.testing.simulators.wechatpay.rows import SUCCESS
from tollbridge_server.testing.simulators.wechatpay.rules import SPOILED, Behavior

_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_NO_ROUTE = (404, 405)
_EMPTY = b"{}"


class Answers:
    """What goes out in answer to a merchant."""

    def __init__(self, signing: Signing, premises: Premises) -> None:
        self._signing = signing
        self._premises = premises

    async def answer(
        self, request: web.Request, account: WechatPayAccount, reply: Reply, *, behavior: Behavior | None = None
    ) -> web.Response:
        """Answer a merchant who is known, signed as WeChat Pay signs such an answer, or spoiled."""
        if reply.status >= 400 and not self._premises.practice.signs_errors:
            return unsigned(reply)
        spoiled = behavior if behavior in SPOILED else None
        body, signed = reply.body, reply.body
        if spoiled is Behavior.TRUNCATED:
            body = body[: len(body) // 2]
        elif spoiled is Behavior.FORGED:
            body, signed = (_forged(body), body) if body else (body, _EMPTY)
        headers = await self._signing.headers(
            account,
            signed,
            wanted=request.headers.get(SERIAL_HEADER, ""),
            now_s=self._premises.now_us() // 1_000_000,
            behavior=spoiled,
        )
        kind = {} if reply.status == 204 else {"Content-Type": "application/json"}
        return web.Response(
            status=reply.status, body=body or None, headers={**headers, **kind, **request_id(reply.tail)}
        )

    async def fail(self, request: web.Request, account: WechatPayAccount, behavior: Behavior) -> web.Response:
        """Answer with an error, or not at all, as the behavior wants it."""
        match behavior:
            case Behavior.BAD_GATEWAY | Behavior.BOOKED_BAD_GATEWAY:
                return web.Response(status=502, body=_HTML, content_type="text/html")
            case Behavior.ACCEPTED:
                reply = error(202, "ACCEPTED", "请求已受理，请使用原参数重试")
            case Behavior.THROTTLED:
                reply = error(429, "FREQUENCY_LIMITED", "频率超限")
            case Behavior.SYSTEM_ERROR | Behavior.BOOKED_SYSTEM_ERROR:
                reply = error(500, "SYSTEM_ERROR", "系统错误")
            case Behavior.BANK_ERROR:
                reply = error(500, "BANK_ERROR", "银行系统异常")
            case _:
                return await improper_answer(request, Fault(behavior))
        return await self.answer(request, account, reply)


def unsigned(reply: Reply, *, has_id: bool = True) -> web.Response:
    """Return an answer that nobody signed."""
    headers = request_id(reply.tail) if has_id else {}
    return web.Response(status=reply.status, body=reply.body, content_type="application/json", headers=headers)


def request_id(tail: int) -> dict[str, str]:
    """Return the header that names an answer, and at its end the exact reason of an error."""
    return {"Request-ID": f"08{secrets.token_hex(12).upper()}-{tail}"}


@web.middleware
async def no_such_route(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer what has no route as WeChat Pay does: with nothing but a Request-ID."""
    try:
        return await handler(request)
    except web.HTTPException as refused:
        if refused.status not in _NO_ROUTE:
            raise
        allowed = {"Allow": refused.headers["Allow"]} if "Allow" in refused.headers else {}
        return web.Response(status=refused.status, headers={**allowed, **request_id(0)})


def _forged(body: bytes) -> bytes:
    """Return an answer that claims a success, under the signature of what was really said."""
    content = orjson.loads(body)
    for name in ("trade_state", "status"):
        if name in content:
            content[name] = SUCCESS
    content.setdefault("transaction_id", f"42000{secrets.randbelow(10**23):023d}")
    return orjson.dumps(content) + b"\n"
