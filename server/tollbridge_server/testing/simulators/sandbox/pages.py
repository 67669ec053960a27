"""What the payer sees: one page for a 3-D Secure challenge, a wallet's cashier, or a scanned QR code."""

from __future__ import annotations

import html

from aiohttp import web

from tollbridge_server.domain.money import Money
from tollbridge_server.testing.simulators.frame.decisions import APPROVE, read_decision
from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.book import PENDING, REQUIRES_ACTION, SUCCEEDED, ChargeEntry

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox acquirer</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem}}</style>
<h1>{title}</h1><p>{amount}</p>{form}</html>"""
_FORM = """<form method="post"><button name="decision" value="approve">Approve</button>
<button name="decision" value="refuse">Refuse</button></form>"""
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}

_TITLES = {SUCCEEDED: "Approved", PENDING: "Being processed"}


class PayerPages:
    """The routes under /pay/."""

    def __init__(self, acquirer: SandboxAcquirer) -> None:
        self._acquirer = acquirer

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/pay/{token}", self._show)
        application.router.add_post("/pay/{token}", self._decide)

    async def _show(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        charge = await self._acquirer.write(lambda ledger: ledger.charge_by_token(token))
        if charge is None:
            return web.Response(status=404, text="There is no such payment.")
        return _page(charge)

    async def _decide(self, request: web.Request) -> web.Response:
        decision = read_decision(str((await request.post()).get("decision", "")))
        token = request.match_info["token"]
        charge = await self._acquirer.decide_action(token, is_approved=decision == APPROVE)
        if charge is None:
            return web.Response(status=404, text="There is no such payment.")
        return _page(charge)


def _page(charge: ChargeEntry) -> web.Response:
    title = "3-D Secure challenge" if charge.method == "CARD" else "Pay with your wallet"
    form = _FORM
    if charge.state != REQUIRES_ACTION:
        title = _TITLES.get(charge.state, "Not approved")
        target = html.escape(charge.return_url, quote=True)
        is_web = charge.return_url.startswith(("https://", "http://"))
        back = f'<meta http-equiv="refresh" content="2;url={target}"><p><a href="{target}">Back to the shop</a></p>'
        form = back if is_web else ""
    amount = html.escape(str(Money(charge.amount_minor, charge.currency)))
    text = _PAGE.format(title=title, amount=amount, form=form)
    return web.Response(text=text, content_type="text/html", headers=_POLICY)
