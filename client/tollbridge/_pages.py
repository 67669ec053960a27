"""Walks through the pages of a list, each fetched when it is needed; it keeps no page that was given out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar


class Page(Protocol):
    """What a list RPC answers, as far as the way to the next page goes."""

    next_page_token: str


PageT = TypeVar("PageT", bound=Page)
ItemT = TypeVar("ItemT")


class Pager(Generic[ItemT, PageT]):
    """An iterator over the items of all pages; `pages()` iterates over the responses instead.

    Draw from one of the two, once. Every step may raise TollbridgeError.
    """

    def __init__(self, fetch: Callable[[str], PageT], items: Callable[[PageT], Iterable[ItemT]], token: str) -> None:
        self._fetch = fetch
        self._items = items
        self._token = token
        self._walk = self._iterate()

    def __iter__(self) -> Iterator[ItemT]:
        return self

    def __next__(self) -> ItemT:
        return next(self._walk)

    def pages(self) -> Iterator[PageT]:
        """Yield each response. Its `next_page_token`, given as `page_token` to the same list, resumes after it."""
        token = self._token
        while True:
            page = self._fetch(token)
            yield page
            if not page.next_page_token:
                return
            token = _step(token, page)

    def _iterate(self) -> Iterator[ItemT]:
        for page in self.pages():
            yield from self._items(page)


class AsyncPager(Generic[ItemT, PageT]):
    """An asynchronous iterator over the items of all pages; `pages()` iterates over the responses instead.

    Draw from one of the two, once. Every step may raise TollbridgeError.
    """

    def __init__(
        self, fetch: Callable[[str], Awaitable[PageT]], items: Callable[[PageT], Iterable[ItemT]], token: str
    ) -> None:
        self._fetch = fetch
        self._items = items
        self._token = token
        self._walk = self._iterate()

    def __aiter__(self) -> AsyncIterator[ItemT]:
        return self

    async def __anext__(self) -> ItemT:
        return await anext(self._walk)

    async def pages(self) -> AsyncIterator[PageT]:
        """Yield each response. Its `next_page_token`, given as `page_token` to the same list, resumes after it."""
        token = self._token
        while True:
            page = await self._fetch(token)
            yield page
            if not page.next_page_token:
                return
            token = _step(token, page)

    async def _iterate(self) -> AsyncIterator[ItemT]:
        async for page in self.pages():
            for item in self._items(page):
                yield item


def _step(token: str, page: Any) -> str:
    following: str = page.next_page_token
    if following == token:
        raise RuntimeError("the server answers with the page token that it was given, which would never end")
    return following
