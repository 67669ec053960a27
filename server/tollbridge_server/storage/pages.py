"""Lists, newest first, by any combination of filters; each combination is compiled once and kept.

A page starts below an id, never at an offset: ids sort by time, so a page costs the same however deep it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Dialect, bindparam, select, text
from sqlmodel import SQLModel

from tollbridge_server.storage.statements import Statement, Value, compile_statement, table_of

Query = tuple[str, tuple[Value, ...]]


class Pages:
    """The list statements of one table, whose key column sorts by time."""

    def __init__(self, model: type[SQLModel], key: str, dialect: Dialect) -> None:
        self._table = table_of(model)
        self._key = self._table.c[key]
        self._dialect = dialect
        self._compiled = lru_cache(maxsize=512)(self._compile)
        self._by_provider_reference = compile_statement(
            select(self._table)
            .where(
                self._table.c.merchant_id == bindparam("merchant_id"),
                self._table.c.provider_reference == bindparam("provider_reference"),
                text("provider_reference <> ''"),
            )
            .limit(bindparam("limit")),
            dialect,
        )

    def by_provider_reference(self, merchant_id: str, reference: str, limit: int) -> Query:
        """Return SQL and arguments for the rows with one provider reference."""
        statement = self._by_provider_reference
        arguments = statement.arguments(merchant_id=merchant_id, provider_reference=reference, limit=limit)
        return statement.sql, arguments

    def page(
        self,
        merchant_id: str,
        *,
        states: tuple[str, ...],
        words: Mapping[str, str],
        created_from_us: int,
        created_to_us: int,
        before_id: str,
        limit: int,
    ) -> Query:
        """Return SQL and arguments for one page; filters that are empty or 0 do not filter."""
        present: dict[str, Value] = {name: word for name, word in words.items() if word}
        bounds: dict[str, Value] = {}
        if created_from_us:
            bounds["created_from_us"] = created_from_us
        if created_to_us:
            bounds["created_to_us"] = created_to_us
        if before_id:
            bounds["before_id"] = before_id
        statement = self._compiled(tuple(sorted(present)), tuple(sorted(bounds)), len(states))
        by_place: dict[str, Value] = {f"state_{place}": state for place, state in enumerate(states)}
        arguments = statement.arguments(merchant_id=merchant_id, limit=limit, **present, **bounds, **by_place)
        return statement.sql, arguments

    def _compile(self, words: tuple[str, ...], bounds: tuple[str, ...], state_count: int) -> Statement:
        table = self._table
        query = select(table).where(table.c.merchant_id == bindparam("merchant_id"))
        for word in words:
            query = query.where(table.c[word] == bindparam(word))
            if word == "merchant_reference":
                query = query.where(text("merchant_reference <> ''"))  # Lets the partial index serve.
        if state_count:
            query = query.where(table.c.state.in_([bindparam(f"state_{place}") for place in range(state_count)]))
        if "created_from_us" in bounds:
            query = query.where(table.c.created_at_us >= bindparam("created_from_us"))
        if "created_to_us" in bounds:
            query = query.where(table.c.created_at_us < bindparam("created_to_us"))
        if "before_id" in bounds:
            query = query.where(self._key < bindparam("before_id"))
        return compile_statement(query.order_by(self._key.desc()).limit(bindparam("limit")), self._dialect)
