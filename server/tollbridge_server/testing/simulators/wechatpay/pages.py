"""What the payer sees: a page for a scanned code, a browser's cashier, a prepay_id or a password, to pay or not to."""

from __future__ import annotations

import html
from dataclasses import dataclass

from aiohttp import web

from tollbridge_server.testing.simulators.frame.decisions import read_decision
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.rows import NOTPAY, PAYERROR, USERPAYING, Transaction

PATHS = ("/qr/{token}", "/h5/{token}", "/code/{token}", "/pay/prepay/{token}")

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - WeChat Pay simulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem;overflow-wrap:anywhere}}
button{{font:inherit;padding:.75rem 1rem;margin:0 .5rem .5rem 0}}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{note}{form}{back}</main></body></html>"""
_NOTE = '<p role="status">{note}</p>'
_FORM = """<form method="post">
<button name="decision" value="approve" aria-label="Pay {amount} for {what}">Pay</button>
<button name="decision" value="refuse" aria-label="Not now: do not pay {amount} for {what}">Not now</button></form>"""
_BACK = '<p><a href="{url}">Back to the shop</a></p>'
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}
_REFUSED = "You have not paid. You can still pay here until the time is over."
_TYPED = "The shop has scanned your code; pay to confirm it with your password."
_GONE = "There is no such order, or a newer code took its place."


@dataclass(frozen=True, slots=True)
class _View:
    """What a page says, not escaped yet; `can_pay` shows the buttons."""

    title: str
    note: str = ""
    can_pay: bool = False


class PayerPages:
    """The routes that a payer opens."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        for path in PATHS:
            application.router.add_get(path, self._show)
            application.router.add_post(path, self._decide)

    async def _show(self, request: web.Request) -> web.Response:
        return await self._page(request, "")

    async def _decide(self, request: web.Request) -> web.Response:
        decision = read_decision(str((await request.post()).get("decision", "")))
        return await self._page(request, decision)

    async def _page(self, request: web.Request, decision: str) -> web.Response:
        entry = await self._office.opened(request.match_info["token"], decision=decision)
        if entry is None:
            return _written(_PAGE.format(title="Nothing to pay", text=_GONE, note="", form="", back=""), status=404)
        view = _view(entry, decision, can_pay=self._office.payments.may_be_paid(entry))
        return _written(_page(entry, view, request.query.get("redirect_url", "")))


def _view(entry: Transaction, decision: str, *, can_pay: bool) -> _View:
    """Return what the payer is told of an order as it is now."""
    if entry.is_paid:
        return _View("Paid")
    if entry.trade_state == PAYERROR:
        return _View("Not paid", "This payment has failed. The shop has to ask for another one.")
    if entry.trade_state not in (NOTPAY, USERPAYING):
        return _View("Closed", "This order is closed; nothing can be paid any more.")
    if not can_pay:
        return _View("The time to pay is over", "The shop has to ask for the payment again.")
    waiting = _TYPED if entry.trade_state == USERPAYING else ""
    return _View(entry.description, _REFUSED if decision else waiting, can_pay=True)


def _page(entry: Transaction, view: _View, back: str) -> str:
    amount, what = f"{entry.total // 100}.{entry.total % 100:02} CNY", html.escape(entry.description, quote=True)
    is_left = not view.can_pay or view.note == _REFUSED
    is_web = back.startswith(("https://", "http://"))
    return _PAGE.format(
        title=html.escape(view.title),
        text=amount if view.can_pay else f"{what}, {amount}",
        note=_NOTE.format(note=view.note) if view.note else "",
        form=_FORM.format(amount=amount, what=what) if view.can_pay else "",
        back=_BACK.format(url=html.escape(back, quote=True)) if is_left and is_web else "",
    )


def _written(text: str, *, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=_POLICY)
