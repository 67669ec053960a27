"""What the payer sees: the cashier's page for an opened page or a scanned code, with a log-in and both decisions."""

from __future__ import annotations

import html

from aiohttp import web

from tollbridge_server.testing.simulators.alipay import bills, book
from tollbridge_server.testing.simulators.alipay.book import Freeze, Trade
from tollbridge_server.testing.simulators.alipay.fields import written_time, yuan
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.alipay.trades import is_code
from tollbridge_server.testing.simulators.frame.decisions import APPROVE, REFUSE

LOGIN = "login"
PATH = "/qr/{token}"

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Alipay simulator</title>
<style>body{{font:16px system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem;overflow-wrap:anywhere}}
button{{font:inherit;padding:.5rem 1rem}}</style></head><body><h1>{title}</h1>{paragraphs}{form}</body></html>"""
_FORM = """<form method="post" action="{action}">{buttons}</form>"""
_BUTTON = """<button name="decision" value="{value}">{label}</button> """
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}
_DECISIONS = ("", LOGIN, APPROVE, REFUSE)

_STAYS_OPEN = "Not paid. The order stays open; it can be paid {until}."
_NOT_WANTED = (
    "Not paid. The shop takes this payment only from somebody whose name, document or age it has given, and these are "
    "not the payer's. The order stays open."
)


class PayerPages:
    """The routes outside the gateway: the payer's under /qr/, and the files of bills."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get(PATH, self._show)
        application.router.add_post(PATH, self._decide)
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
        return web.Response(status=400, text="decision has to be login, approve or refuse")
    found = await office.opened(token, decision=decision)
    if found is None:
        return web.Response(status=404, text="There is no such order.")
    return _trade(found, decision) if isinstance(found, Trade) else _freeze(found, decision)


def error(code: str, message: str) -> web.Response:
    """Return the page that a payer sees when the merchant's request is wrong."""
    return _page(f"错误代码 {code}", message)


def _trade(trade: Trade, decision: str) -> web.Response:
    order = f"{yuan(trade.amount)} CNY"
    match trade.state:
        case book.WAITING:
            said = {REFUSE: _open_until(trade.expires_us), APPROVE: _NOT_WANTED}.get(decision, "")
            form = _form(trade.token, (APPROVE, "Pay"), (REFUSE, "Not now"))
            return _page(trade.subject, order, said, form=form + (_back(trade.quit_url) if said else ""))
        case book.PREPARED if not is_code(trade):
            return _page(trade.subject, order, form=_form(trade.token, (LOGIN, "Log in")))
        case book.PREPARED:
            return _page("Closed", f"{trade.subject}, {order}", "The time to scan this code is over; nothing was paid.")
        case book.CLOSED if trade.paid_us:
            return _page("Closed", f"{trade.subject}, {order}", "It was paid, and all of it was given back.")
        case book.CLOSED:
            return _page("Closed", f"{trade.subject}, {order}", _why_closed(trade), form=_back(trade.return_url))
        case _:
            said = "The payment is done; the shop is told of it. This page can be closed."
            return _page("Paid", f"{trade.subject}, {order}", said, form=_back(trade.return_url))


def _freeze(freeze: Freeze, decision: str) -> web.Response:
    order = f"{yuan(freeze.amount)} CNY"
    if freeze.state == book.INIT:
        held = "The amount is held, and not paid yet."
        said = {REFUSE: _open_until(freeze.expires_us), APPROVE: _NOT_WANTED}.get(decision, held)
        return _page(freeze.title, order, said, form=_form(freeze.token, (APPROVE, "Pay"), (REFUSE, "Not now")))
    if freeze.state in (book.AUTHORIZED, book.FINISHED):
        said = "The amount was held for the shop, which is told of it. This page can be closed."
        return _page("Paid", f"{freeze.title}, {order}", said)
    return _page("Closed", f"{freeze.title}, {order}", "The order is closed; nothing is held.")


def _open_until(expires_us: int) -> str:
    until = f"until {written_time(expires_us)} (GMT+8)" if expires_us else "until the shop closes it"
    return _STAYS_OPEN.format(until=until)


def _why_closed(trade: Trade) -> str:
    if 0 < trade.expires_us <= trade.closed_us:
        return "The time to pay is over; nothing was paid."
    return "The order is closed; nothing was paid."


def _form(token: str, *choices: tuple[str, str]) -> str:
    """Return a form that posts to the order's own page, wherever it is shown."""
    buttons = "".join(_BUTTON.format(value=value, label=label) for value, label in choices)
    return _FORM.format(action=html.escape(PATH.format(token=token), quote=True), buttons=buttons)


def _back(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        return ""
    return f'<p><a href="{html.escape(url, quote=True)}">Back to the shop</a></p>'


def _page(title: str, *paragraphs: str, form: str = "") -> web.Response:
    texts = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs if text)
    content = _PAGE.format(title=html.escape(title), paragraphs=texts, form=form)
    return web.Response(text=content, content_type="text/html", headers=_POLICY)
