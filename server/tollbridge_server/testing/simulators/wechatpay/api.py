"""API v3: what each route asks of the back office, and which fault stands in between.

Refuses every field that is wrong before anything else is looked at.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from cryptography import x509

from tollbridge_server.providers.wechatpay.certificates import serial_number
from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, seal
from tollbridge_server.providers.wechatpay.signing import SERIAL_HEADER
from tollbridge_server.testing.simulators.wechatpay import forms
from tollbridge_server.testing.simulators.wechatpay.abnormal_refunds import unsealed
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.answers import Answers, request_id, unsigned
from tollbridge_server.testing.simulators.wechatpay.bills import DOWNLOAD_PATH
from tollbridge_server.testing.simulators.wechatpay.gate import Gate, require_headers
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.orders import PRODUCTS
from tollbridge_server.testing.simulators.wechatpay.replies import Refused, Reply, document
from tollbridge_server.testing.simulators.wechatpay.requests import read_object
from tollbridge_server.testing.simulators.wechatpay.rules import (
    BOOKED,
    OF_BILLS,
    OF_CLOSES,
    OF_CODE_PAYMENTS,
    OF_EFFECTS,
    OF_NOTHING,
    OF_ORDERS,
    OF_REFUNDS,
    OF_REVERSES,
    ON_THE_WIRE,
    SLOW_S,
    UNBOOKED,
    Behavior,
    behavior_of,
    behavior_of_code,
)
from tollbridge_server.testing.simulators.wechatpay.schema import Rule, check

_ORDERS, _REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"

Deed = Callable[[Behavior | None], Reply]
"""Takes what is provoked, and books or only looks."""
Serve = Callable[[WechatPayAccount, bytes], Awaitable[web.Response]]


class Api:
    """Every route under /v3/."""

    def __init__(self, office: Office, signing: Signing) -> None:
        self._office = office
        self._signing = signing
        self._gate = Gate(office)
        self._answers = Answers(signing, office.premises)

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        router = application.router
        for product in PRODUCTS:
            router.add_post(f"{_ORDERS}/{product}", self._order)
        router.add_post(f"{_ORDERS}/codepay", self._pay)
        router.add_get(f"{_ORDERS}/out-trade-no/{{number}}", self._query)
        router.add_get(f"{_ORDERS}/id/{{transaction_id}}", self._query)
        router.add_post(f"{_ORDERS}/out-trade-no/{{number}}/close", self._close)
        router.add_post(f"{_ORDERS}/out-trade-no/{{number}}/reverse", self._reverse)
        router.add_post(_REFUNDS, self._refund)
        router.add_get(f"{_REFUNDS}/{{number}}", self._refund_query)
        router.add_post(f"{_REFUNDS}/{{refund_id}}/apply-abnormal-refund", self._direct_refund)
        router.add_get("/v3/certificates", self._certificates)
        router.add_get("/v3/bill/{kind:tradebill|fundflowbill}", self._bill)
        router.add_get(DOWNLOAD_PATH, self._bill_file)

    async def _order(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            product = request.path.rpartition("/")[2]
            content = _form(body, forms.ORDER_FORMS[product])
            deed: Deed = lambda behavior: self._office.orders.open(account, product, content, behavior)  # noqa: E731
            provoked = behavior_of(content["amount"]["total"])
            number = content["out_trade_no"]
            return await self._effect(request, account, deed, provoked, number, suffers=OF_ORDERS)

        return await self._served(request, serve)

    async def _pay(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content = _form(body, forms.CODEPAY_FORM)
            deed: Deed = lambda behavior: self._office.codes.pay(account, content, behavior)  # noqa: E731
            provoked = behavior_of_code(content["payer"]["auth_code"]) or behavior_of(content["amount"]["total"])
            number = content["out_trade_no"]
            return await self._effect(request, account, deed, provoked, number, suffers=OF_CODE_PAYMENTS)

        return await self._served(request, serve)

    async def _close(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content, number = _form(body, forms.CLOSE_FORM), request.match_info["number"]
            deed: Deed = lambda behavior: self._office.orders.close(account, number, content, behavior)  # noqa: E731
            return await self._effect(request, account, deed, None, f"close {number}", suffers=OF_CLOSES)

        return await self._served(request, serve)

    async def _reverse(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content, number = _form(body, forms.REVERSE_FORM), request.match_info["number"]
            deed: Deed = lambda behavior: self._office.codes.reverse(account, number, content, behavior)  # noqa: E731
            return await self._effect(request, account, deed, None, f"reverse {number}", suffers=OF_REVERSES)

        return await self._served(request, serve)

    async def _refund(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content = _form(body, forms.REFUND_FORM)
            deed: Deed = lambda behavior: self._office.refunds.refund(account, content, behavior)  # noqa: E731
            provoked = behavior_of(content["amount"]["refund"])
            number = f"refund {content['out_refund_no']}"
            return await self._effect(request, account, deed, provoked, number, suffers=OF_REFUNDS)

        return await self._served(request, serve)

    async def _direct_refund(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content, number = _form(body, forms.ABNORMAL_REFUND_FORM), request.match_info["refund_id"]
            key = self._signing.key_of(account, request.headers.get(SERIAL_HEADER, ""))
            opened = await asyncio.to_thread(unsealed, content, key)
            deed: Deed = lambda _: self._office.abnormal_refunds.direct(account, number, opened)  # noqa: E731
            return await self._effect(request, account, deed, None, f"direct {number}", suffers=OF_NOTHING)

        return await self._served(request, serve)

    async def _query(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            named = {name: request.match_info.get(name, "") for name in ("number", "transaction_id")}
            mchid = request.query.get("mchid", "")
            return await self._question(
                request, account, lambda _: self._office.orders.query(account, **named, mchid=mchid)
            )

        return await self._served(request, serve)

    async def _refund_query(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            number = request.match_info["number"]
            return await self._question(request, account, lambda _: self._office.refunds.query(account, number))

        return await self._served(request, serve)

    async def _bill(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            kind, bills = request.match_info["kind"], self._office.bills
            ask: Deed = lambda behavior: bills.link(account, kind, request.query, fault=behavior)  # noqa: E731
            return await self._question(request, account, ask, is_of_bills=True)

        return await self._served(request, serve)

    async def _bill_file(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            token = request.query.get("token", "")
            reply = await self._office.carry_out(lambda: self._office.bills.file(account, token))
            # A file is not signed: its hash was in the signed answer that named it.
            return web.Response(body=reply.body, content_type="application/octet-stream", headers=request_id(0))

        return await self._served(request, serve)

    async def _certificates(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            if account.public_key_id and not account.has_certificates:
                raise Refused(
                    404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。"
                )
            listed = [_entry(each.certificate, account.api_v3_key) for each in self._signing.announced]
            return await self._answers.answer(request, account, document({"data": listed}))

        return await self._served(request, serve)

    async def _served(self, request: web.Request, serve: Serve) -> web.Response:
        """Verify a request, serve it, and write what was refused."""
        account = None
        try:
            body = await request.read()
            if not request.path.startswith(_ORDERS):
                require_headers(request)
            account = self._gate.admitted(request, body)
            require_headers(request)
            return await serve(account, body)
        except Refused as refused:
            if account is not None:
                return await self._answers.answer(request, account, refused.reply)
            return unsigned(refused.reply, has_id=refused.reply.status != 401 or not request.path.startswith(_ORDERS))

    async def _question(
        self, request: web.Request, account: WechatPayAccount, ask: Deed, *, is_of_bills: bool = False
    ) -> web.Response:
        """Answer a question, unless a fault that waits for one wants it otherwise; those of bills wait for bills."""
        leaving = frozenset() if is_of_bills else OF_BILLS
        behavior = self._office.armed.take(is_question=True, account=account.account_id, leaving=leaving)
        if behavior in UNBOOKED or behavior in BOOKED:
            return await self._answers.fail(request, account, behavior)
        reply = await self._office.carry_out(lambda: ask(behavior))
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        return await self._answers.answer(request, account, reply, behavior=behavior)

    async def _effect(
        self,
        request: web.Request,
        account: WechatPayAccount,
        deed: Deed,
        provoked: Behavior | None,
        reference: str,
        *,
        suffers: frozenset[Behavior],
    ) -> web.Response:
        """Carry out what has an effect, unless a fault wants it otherwise; what it can not suffer waits on."""
        armed = self._office.armed.take(account=account.account_id, leaving=OF_EFFECTS - suffers)
        is_on_the_wire = armed in ON_THE_WIRE
        behavior = armed or provoked
        if behavior in UNBOOKED and (is_on_the_wire or await self._office.lose_once(account.account_id, reference)):
            return await self._answers.fail(request, account, behavior)
        reply = await self._office.carry_out(lambda: deed(provoked if is_on_the_wire else behavior))
        if reply.follows_notice:
            await self._office.first_tries(account.account_id)
        if behavior in BOOKED:
            return await self._answers.fail(request, account, behavior)
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        return await self._answers.answer(request, account, reply, behavior=behavior)


def _form(body: bytes, fields: Mapping[str, Rule]) -> Mapping[str, Any]:
    content = read_object(body)
    check(content, fields)
    return content


def _entry(certificate: str, api_v3_key: bytes) -> dict[str, Any]:
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    nonce = secrets.token_hex(6)
    return {
        "serial_no": serial_number(parsed),
        "effective_time": parsed.not_valid_before_utc.isoformat(),
        "expire_time": parsed.not_valid_after_utc.isoformat(),
        "encrypt_certificate": {
            "algorithm": ALGORITHM,
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": seal(api_v3_key, certificate.encode(), nonce=nonce, associated_data="certificate"),
        },
    }
