"""No statement that a request or the resolver runs reads a whole table, and no page is sorted."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tollbridge_server.storage.pages import Pages
from tollbridge_server.storage.queries import Statements
from tollbridge_server.storage.statements import Statement

_ALL = Statements("sqlite")
_SQL = {
    name: value.sql if isinstance(value, Statement) else value
    for name, value in vars(_ALL).items()
    if isinstance(value, str | Statement)
}


def _page(pages: Pages, *, words: tuple[str, ...] = (), bounds: bool = False, states: tuple[str, ...] = ()) -> str:
    edge = 1 if bounds else 0
    sql, _ = pages.page(
        "m",
        states=states,
        words=dict.fromkeys(words, "x"),
        created_from_us=edge,
        created_to_us=edge,
        before_id="x" if bounds else "",
        limit=10,
    )
    return sql


_PAGES = {
    f"{table}: {name}": sql
    for table, pages in (("payments", _ALL.payment_pages), ("refunds", _ALL.refund_pages))
    for name, sql in {
        "newest": _page(pages),
        "next page": _page(pages, bounds=True),
        "by state": _page(pages, states=("SUCCEEDED", "FAILED")),
        "by provider": _page(pages, words=("provider", "provider_account_id")),
        "by reference": _page(pages, words=("merchant_reference",)),
        "by all": _page(pages, words=("merchant_reference", "provider"), bounds=True, states=("FAILED",)),
    }.items()
} | {
    "payments by provider reference": _ALL.payment_pages.by_provider_reference("m", "x", 1)[0],
    "refunds by provider reference": _ALL.refund_pages.by_provider_reference("m", "x", 1)[0],
    "refunds of a payment": _page(_ALL.refund_pages, words=("payment_id",)),
}


@pytest.fixture
def connection(sqlite_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(sqlite_path)
    yield opened
    opened.close()


def _plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    arguments = ("x",) * sql.count("?")
    return [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, arguments)]


def _scans(plan: list[str]) -> list[str]:
    """Return the steps that read a table from its beginning; a common table expression is not a table."""
    return [step for step in plan if re.match(r"SCAN (?!due\b)", step)]


@pytest.mark.parametrize("name", sorted(name for name in _SQL if not name.endswith(("_insert", "_put"))))
def test_a_statement_searches_an_index(connection: sqlite3.Connection, name: str) -> None:
    plan = _plan(connection, _SQL[name])
    assert any(step.startswith("SEARCH") for step in plan), plan
    assert _scans(plan) == []
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


@pytest.mark.parametrize("name", sorted(_PAGES))
def test_a_page_searches_an_index_in_its_order(connection: sqlite3.Connection, name: str) -> None:
    plan = _plan(connection, _PAGES[name])
    assert any(step.startswith("SEARCH") for step in plan), plan
    assert _scans(plan) == []
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("attempts_due", "attempts_claim"),
        ("attempts_by_reference", "attempt_by_reference"),
        ("operations_by_payment", "operations_of_payment"),
        ("payments_waiting", "payment_expired"),
    ],
)
def test_without_its_index_a_statement_scans(connection: sqlite3.Connection, index: str, name: str) -> None:
    connection.execute(f"DROP INDEX {index}")
    assert _scans(_plan(connection, _SQL[name])) != []
