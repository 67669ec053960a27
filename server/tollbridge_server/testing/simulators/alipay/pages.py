"""What the payer sees: the cashier's page for an opened page or a scanned code, with both decisions on it."""

from __future__ import annotations

import html

from aiohttp import web

from tollbridge_server.testing.simulators.alipay import bills
from tollbridge_server.testing.simulators.alipay.book import AUTHORIZED, INIT, PAID, WAITING, Trade
from tollbridge_server.testing.simulators.alipay.fields import yuan
from tollbridge_server.testing.simulators.alipay.office import Office

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Alipay simulator</title>
<style>body{{font:16px system-ui;max-width:28rem;margin:4rem auto}}button{{font:inherit;padding:.5rem 1rem}}</style>
<h1>{title}</h1><p>{text}</p>{form}</html>"""
_FORM = """<form method="post"><button name="decision" value="approve">Pay</button>
<button name="decision" value="refuse">Not now</button></form>"""
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}
_DECISIONS = ("", "approve", "refuse")


class Pages:
    """The routes outside the gateway: the payer's under /qr/, and the files of bills."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/qr/{token}", self._show)
        application.router.add_post("/qr/{token}", self._decide)
        application.router.add_get(bills.PATH, self._bill)

    async def _show(self, request: web.Request) -> web.Response:
        return await serve(self._office, request.match_info["token"], "")

    async def _decide(self, request: web.Request) -> web.Response:
        decision = str((await request.post()).get("decision", ""))
        return await serve(self._office, request.match_info["token"], decision)

    async def _bill(self, request: web.Request) -> web.Response:
        content = await self._office.bill(request.query.get("token", ""))
        if content is None:
            return web.Response(status=403, text="The link is unknown, or older than 30 seconds; ask for a new one.")
        return web.Response(body=content, content_type="application/zip")


async def serve(office: Office, token: str, decision: str) -> web.Response:
    """Let the payer open what `token` stands for, and decide; return the page that follows."""
    if decision not in _DECISIONS:
        return web.Response(status=400, text="decision has to be approve or refuse")
    found = await office.opened(token, decision=decision)
    if found is None:
        return web.Response(status=404, text="There is no such order.")
    title = html.escape(found.subject if isinstance(found, Trade) else found.title)
    amount = f"{yuan(found.amount)} CNY"
    if found.state in (WAITING, INIT):
        return _page(title, amount, _FORM)
    paid = "Paid" if found.state in (PAID, AUTHORIZED) else "Closed"
    return _page(paid, f"{title}, {amount}", _back(found.return_url) if isinstance(found, Trade) else "")


def error(code: str, message: str) -> web.Response:
    """Return the page that a payer sees when the merchant's request is wrong."""
    return _page("错误代码 " + html.escape(code), html.escape(message), "")


def _back(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        return ""
    return f'<p><a href="{html.escape(url, quote=True)}">Back to the shop</a></p>'


def _page(title: str, text: str, form: str) -> web.Response:
    content = _PAGE.format(title=title, text=text, form=form)
    return web.Response(text=content, content_type="text/html", headers=_POLICY)
