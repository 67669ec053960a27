"""The shop's own site: where the payer comes from and returns to, at another address than any provider's pages."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title></head><body>{body}</body></html>'
)
_WELCOME = "<h1>Back at the shop</h1>"
_FORM = (
    '<form method="post" accept-charset="utf-8" action="{action}">{fields}</form>'
    "<script>document.forms[0].submit()</script>"
)
_FIELD = '<input type="hidden" name="{name}" value="{value}">'


@dataclass(frozen=True, slots=True)
class Page:
    """What the site shows under a path."""

    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Shop:
    """The site, while it is open."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.pages: dict[str, Page] = {"/back": Page(_WELCOME)}
        self.returns: list[dict[str, str]] = []
        """The parameters with which payers came back, the latest last."""

    @property
    def back(self) -> str:
        return f"{self.address}/back"

    def show(self, path: str, page: Page) -> str:
        """Show a page from now on; return its address."""
        self.pages[path] = page
        return f"{self.address}{path}"

    def form_for(self, url: str) -> str:
        """Return the address of a page that sends the parameters of `url` as a form by itself, as SDKs make them."""
        action, _, query = url.partition("?")
        fields = "".join(
            _FIELD.format(name=html.escape(name), value=html.escape(value)) for name, value in parse_qsl(query)
        )
        return self.show("/checkout", Page(_FORM.format(action=html.escape(action), fields=fields)))


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Serve a shop's site on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = urlsplit(self.path)
            page = shop.pages.get(target.path)
            if target.path == "/back":
                shop.returns.append(dict(parse_qsl(target.query)))
            body = _PAGE.format(body=page.body).encode() if page else b""
            # A browser asks for an icon, too, and a shop without one is no error.
            self.send_response(200 if page else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in page.headers.items() if page else ():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        shop = Shop(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()
