"""What the payer sees: one page for a scanned code or a browser's cashier, with both decisions on it."""

from __future__ import annotations

import html

from aiohttp import web

from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.rows import NOTPAY, USERPAYING, Transaction

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>WeChat Pay simulator</title>
<style>body{{font:16px system-ui;max-width:28rem;margin:4rem auto}}button{{font:inherit;padding:.5rem 1rem}}</style>
<h1>{title}</h1><p>{text}</p>{form}</html>"""
_FORM = """<form method="post"><button name="decision" value="approve">Pay</button>
<button name="decision" value="refuse">Not now</button></form>"""
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}


class PayerPages:
    """The routes under /qr/ and /h5/."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        for prefix in ("qr", "h5"):
            application.router.add_get(f"/{prefix}/{{token}}", self._show)
            application.router.add_post(f"/{prefix}/{{token}}", self._decide)

    async def _show(self, request: web.Request) -> web.Response:
        return await self._page(request, "")

    async def _decide(self, request: web.Request) -> web.Response:
        decision = str((await request.post()).get("decision", ""))
        if decision not in ("approve", "refuse"):
            return web.Response(status=400, text="decision has to be approve or refuse")
        return await self._page(request, decision)

    async def _page(self, request: web.Request, decision: str) -> web.Response:
        entry = await self._office.opened(request.match_info["token"], decision=decision)
        if entry is None:
            return web.Response(status=404, text="There is no such order, or a newer code took its place.")
        return _page(entry, request.query.get("redirect_url", ""))


def _page(entry: Transaction, back: str) -> web.Response:
    amount = f"{entry.total // 100}.{entry.total % 100:02} CNY"
    title, form = html.escape(entry.description), _FORM
    if entry.trade_state not in (NOTPAY, USERPAYING):
        title, amount = "Paid" if entry.is_paid else "Closed", f"{title}, {amount}"
        is_web = back.startswith(("https://", "http://"))
        form = f'<p><a href="{html.escape(back, quote=True)}">Back to the shop</a></p>' if is_web else ""
    text = _PAGE.format(title=title, text=amount, form=form)
    return web.Response(text=text, content_type="text/html", headers=_POLICY)
