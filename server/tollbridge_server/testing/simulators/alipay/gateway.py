"""The gateway: one URL for every method, for servers and for the payer's browser; what is armed is suffered here.

Refuses with Alipay's own codes; a payer reads on a page what a server is told in an answer.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from aiohttp import web

from tollbridge_server.providers.alipay.certificates import read_certificates, serial_number
from tollbridge_server.testing.simulators.alipay import pages
from tollbridge_server.testing.simulators.alipay.accounts import AlipayKeys
from tollbridge_server.testing.simulators.alipay.answers import Answers, bad_gateway
from tollbridge_server.testing.simulators.alipay.fields import Refused
from tollbridge_server.testing.simulators.alipay.methods import BROWSER_METHODS, CERTIFICATE_DOWNLOAD, QUESTIONS
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.alipay.parameters import (
    INVALID,
    MISSING,
    UTF_8,
    Call,
    Reader,
    TurnedAway,
    charset_of,
    received,
)
from tollbridge_server.testing.simulators.alipay.premises import refusal
from tollbridge_server.testing.simulators.alipay.rules import (
    BAR_CODE,
    BOOKED,
    SLOW_S,
    UNBOOKED,
    Behavior,
    behavior_of_code,
)
from tollbridge_server.testing.simulators.frame.faults import Fault, improper_answer

PATH = "/gateway.do"

_MESSAGES = {MISSING: "Missing Required Arguments", INVALID: "Invalid Arguments"}
_UNAVAILABLE = {
    "code": "20000",
    "msg": "Service Currently Unavailable",
    "sub_code": "isp.unknow-error",
    "sub_msg": "系统繁忙",
}
_LIMITED = {"code": "40005", "msg": "Call Limited", "sub_code": "isv.app-call-limited", "sub_msg": "应用调用次数超限"}


class Gateway:
    """One URL for every method, as the real one."""

    def __init__(self, office: Office, reader: Reader, keys: AlipayKeys, answers: Answers) -> None:
        self._office = office
        self._reader = reader
        self._keys = keys
        self._answers = answers

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_route("*", PATH, self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, from a server or from the payer's browser."""
        parameters = await received(request)
        if parameters.get("method") in BROWSER_METHODS:
            return await self._browser(parameters)
        try:
            return await self._serve(request, self._reader.read(parameters))
        except TurnedAway as away:
            # The answer is JSON inside of text/html: the real one writes the ampersands of what it repeats so.
            message = away.message.replace("&", "&amp;")
            node = {"code": away.code, "msg": _MESSAGES[away.code], "sub_code": away.sub_code, "sub_msg": message}
            return await self._answers.answer(
                self._reader.account_of(parameters),
                parameters.get("method", ""),
                node,
                is_signed=away.is_signed,
                is_clear=True,
                charset=charset_of(parameters) or UTF_8,
            )

    async def _serve(self, request: web.Request, call: Call) -> web.Response:
        if call.method == CERTIFICATE_DOWNLOAD:
            return await self._certificate(call)
        behavior = self._behavior(call)
        if behavior in UNBOOKED and await self._is_lost(call):
            return await self._improper(request, call, behavior)
        try:
            notify_url = call.parameters.get("notify_url", "")
            found = await self._office.carry_out(
                call.account, call.method, call.members, notify_url=notify_url, behavior=behavior
            )
            node = {"code": "10000", "msg": "Success", **found}
        except Refused as refused:
            node = refusal(refused.sub_code, refused.message, **refused.more)
        if behavior is Behavior.REORDERED_NOTIFICATIONS:
            await self._office.first_tries(call.account.account_id)
        if behavior in BOOKED:
            return await self._improper(request, call, behavior)
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        return await self._answer(call, node, behavior)

    def _behavior(self, call: Call) -> Behavior | None:
        """Return what the call suffers: what is armed for it, else what the payer's code provokes."""
        is_question = call.method in QUESTIONS
        armed = self._office.armed.take(is_question=is_question, account=call.account.account_id)
        kind = call.members.get("scene") or call.members.get("auth_code_type") or BAR_CODE
        return armed or (None if is_question else behavior_of_code(call.members.get("auth_code"), kind))

    async def _is_lost(self, call: Call) -> bool:
        """Whether a call gets lost: a question always, everything else the first time under its number."""
        if call.method in QUESTIONS:
            return True
        number = f"{call.method} {call.members.get('out_request_no') or call.members.get('out_trade_no')}"
        return await self._office.lose_once(call.account.account_id, number)

    async def _improper(self, request: web.Request, call: Call, behavior: Behavior) -> web.Response:
        """Say nothing of what became of the call."""
        match behavior:
            case Behavior.SYSTEM_ERROR | Behavior.BOOKED_SYSTEM_ERROR:
                return await self._answer(call, _system_error(call.method), behavior)
            case Behavior.UNAVAILABLE | Behavior.BOOKED_UNAVAILABLE:
                return await self._answer(call, dict(_UNAVAILABLE), behavior)
            case Behavior.CALL_LIMITED:
                return await self._answer(call, dict(_LIMITED), behavior)
            case Behavior.BAD_GATEWAY | Behavior.BOOKED_BAD_GATEWAY:
                return bad_gateway()
            case _:
                return await improper_answer(request, Fault(behavior))

    async def _certificate(self, call: Call) -> web.Response:
        wanted = str(call.members.get("alipay_cert_sn", ""))
        for text in (self._keys.certificate, self._keys.reissued_certificate):
            if text and serial_number(read_certificates(text, setting="certificate")[0]) == wanted:
                content = base64.b64encode(text.encode()).decode()
                return await self._answer(call, {"code": "10000", "msg": "Success", "alipay_cert_content": content})
        return await self._answer(call, refusal("CERT_NOT_EXIST", "证书不存在"))

    async def _answer(self, call: Call, node: dict[str, Any], behavior: Behavior | None = None) -> web.Response:
        return await self._answers.answer(call.account, call.method, node, behavior=behavior, charset=call.charset)

    async def _browser(self, parameters: dict[str, str]) -> web.Response:
        """Show the cashier's page to whoever brings a page's parameters; a decision may come with them."""
        decision = parameters.pop("decision", "")
        try:
            call = self._reader.read(parameters)
            prepared = await self._office.prepare(
                call.account,
                call.method,
                call.members,
                notify_url=parameters.get("notify_url", ""),
                return_url=parameters.get("return_url", ""),
            )
        except (TurnedAway, Refused) as away:
            return pages.error(away.sub_code, away.message)
        return await pages.serve(self._office, prepared.token, decision)


def _system_error(method: str) -> dict[str, Any]:
    # The prefix of a cancel is misspelled at Alipay, and the product of freezes has none.
    prefix = "" if ".fund.auth." in method else "AQC." if method == "alipay.trade.cancel" else "ACQ."
    return refusal(f"{prefix}SYSTEM_ERROR", "系统异常")
