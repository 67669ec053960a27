"""SQL built with SQLAlchemy Core from the tables, compiled once for a dialect and kept as text.

Compiling costs a hundred times what SQLite takes to run a point statement, so no request ever compiles. Refuses a
statement whose parameters are not all named by whoever runs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ClauseElement, Dialect, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import SQLModel

DialectName = Literal["sqlite", "postgresql"]
Value = int | str | bytes
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """Compiled SQL with positional parameters: their names in order, and those that the compiler fixed itself."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def arguments(self, **values: Value) -> tuple[Value, ...]:
        """Return the values in the order of the SQL's placeholders."""
        return tuple(values[name] if name in values else self.fixed[name] for name in self.names)


def dialect_of(name: DialectName) -> Dialect:
    """Return a dialect with positional placeholders, as the raw drivers take them."""
    if name == "sqlite":
        return sqlite.dialect(paramstyle="qmark")
    return postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]


def compile_statement(element: ClauseElement, dialect: Dialect) -> Statement:
    """Compile one Core statement."""
    compiled = element.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("only statements that read or change rows are compiled here")
    fixed = {name: bound.effective_value for name, bound in compiled.binds.items() if not bound.required}
    return Statement(str(compiled), tuple(compiled.positiontup or ()), fixed)


def table_of(model: type[SQLModel]) -> Table:
    """Return the Core table of a SQLModel class."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


def columns_of(model: type[SQLModel]) -> tuple[str, ...]:
    """Return the names of a table's columns, in the order in which rows are written and read."""
    return tuple(column.name for column in table_of(model).columns)


class TableStatements:
    """The statements that every table needs: insert a row, read rows by columns, update a row by its key."""

    def __init__(self, model: type[SQLModel], dialect: Dialect) -> None:
        self._dialect = dialect
        self.table = table_of(model)
        self.insert = compile_statement(
            insert(self.table).values({column.name: bindparam(column.name) for column in self.table.columns}), dialect
        )

    def select_by(self, *names: str, order_by: str = "", is_locking: bool = False) -> Statement:
        """Return all columns of the rows whose `names` equal the parameters of the same names."""
        query = select(self.table).where(*(self.table.c[name] == bindparam(name) for name in names))
        if order_by:
            query = query.order_by(self.table.c[order_by])
        if is_locking:
            query = query.with_for_update()
        return compile_statement(query, self._dialect)

    def update_by(self, key: str, *names: str, expects: str = "") -> Statement:
        """Set `names` in the row with `key`; with a column in `expects`, only if it has the value `old_<column>`."""
        change = update(self.table).where(self.table.c[key] == bindparam(f"old_{key}"))
        if expects:
            change = change.where(self.table.c[expects] == bindparam(f"old_{expects}"))
        return compile_statement(change.values({name: bindparam(name) for name in names}), self._dialect)

    def compile(self, element: ClauseElement) -> Statement:
        """Compile a statement that only this table has."""
        return compile_statement(element, self._dialect)
