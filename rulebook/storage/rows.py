"""Statements at the driver's own speed, for the few that every webhook passes through.

Each is built by SQLAlchemy once, and the columns' own types make each value fit for storing and
for reading; what is left out is the work that it does anew for every row and every statement.

SQLite is handed whole groups in one statement: it lets other threads run between two rows, and
getting the turn back from a busy one takes longer than storing the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Executable,
    bindparam,
    false,
    literal_column,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from rulebook.storage import engine
from rulebook.storage.base import Base

_Fit = Callable[[Any], Any] | None
MOST_IN_ONE = 64  # rows of one statement, a power of two


def _fitted(fit: _Fit, value: Any) -> Any:
    return fit(value) if fit else value


@dataclass(frozen=True)
class _Statement:
    """A statement as the driver takes it. own: the values that stand in the statement itself."""

    sql: str
    columns: list[tuple[str, _Fit]]
    own: dict[str, Any]
    by_place: bool

    def values(self, row: Mapping[str, Any]) -> Any:
        """A row's values, each made fit for storing."""
        row = {**self.own, **row} if self.own else row
        if self.by_place:
            return [fit(row[name]) if fit else row[name] for name, fit in self.columns]
        return {name: fit(row[name]) if fit else row[name] for name, fit in self.columns}


class Many:
    """A statement with bound parameters, carried out for many rows at once."""

    def __init__(self, build: Callable[[Dialect], Executable]) -> None:
        self._build = build
        self._ready: dict[str, _Statement] = {}

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Carry it out in the caller's transaction; how many rows it changed in all."""
        if not rows:
            return 0
        connection = engine.connection()
        statement = self._ready.get(connection.dialect.name)
        if statement is None:
            statement = _statement(self._build(connection.dialect), connection.dialect)
            self._ready[connection.dialect.name] = statement
        values = [statement.values(row) for row in rows]
        if connection.dialect.name == "sqlite":
            return self._on_sqlite(connection, statement, values)
        done = connection.exec_driver_sql(statement.sql, values)
        return cast("CursorResult[Any]", done).rowcount

    def _on_sqlite(
        self, connection: Connection, statement: _Statement, values: Sequence[Sequence[Any]]
    ) -> int:
        count: int = _driven(connection, "executemany", statement.sql, values).rowcount
        return count


class Putting(Many):
    """The same for an INSERT with one row of VALUES; what stands after them is alike in all."""

    def _on_sqlite(
        self, connection: Connection, statement: _Statement, values: Sequence[Sequence[Any]]
    ) -> int:
        head, _, rest = statement.sql.partition(" VALUES ")
        end = rest.index(")") + 1  # our defaults have no bracket in them
        row, tail = rest[:end], rest[end:]
        each = row.count("?")
        changed = 0
        for some in _in_powers_of_two(values):
            sql = f"{head} VALUES {', '.join([row] * len(some))}{tail}"
            flat = [value for one in some for value in one[:each]] + list(some[0][each:])
            changed += _driven(connection, "execute", sql, flat).rowcount
        return changed


def _in_powers_of_two(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """The rows in few groups of few sizes, because the driver keeps prepared what it has seen."""
    groups, at = [], 0
    while at < len(rows):
        size = min(MOST_IN_ONE, 1 << (len(rows) - at).bit_length() - 1)
        groups.append(rows[at : at + size])
        at += size
    return groups


class Ask:
    """A statement that gives rows, with bound parameters. A parameter that is `expanding` takes a
    list, which must not be empty; the values of a list may reach the database more than once."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._ready: tuple[_Statement, list[_Fit]] | None = None

    def __call__(self, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows, in the caller's transaction."""
        connection = engine.connection(to_read=self._statement.is_select)
        if connection.dialect.name != "sqlite":
            return [tuple(row) for row in connection.execute(self._statement, asked)]
        if self._ready is None:
            self._ready = _statement(self._statement, connection.dialect), self._fits(connection)
        statement, fits = self._ready
        asked, sql, values = {**statement.own, **asked}, statement.sql, []
        for name, fit in statement.columns:
            value = asked[name]
            if isinstance(value, list):
                value = value + value[-1:] * ((1 << (len(value) - 1).bit_length()) - len(value))
                sql = sql.replace(f"__[POSTCOMPILE_{name}]", ", ".join("?" * len(value)), 1)
                values += [_fitted(fit, each) for each in value]
            else:
                values.append(_fitted(fit, value))
        rows = _driven(connection, "execute", sql, values).fetchall()
        return [
            tuple([fit(value) if fit else value for fit, value in zip(fits, row, strict=True)])
            for row in rows
        ]

    def _fits(self, connection: Connection) -> list[_Fit]:
        statement = self._statement
        columns = statement.selected_columns if statement.is_select else statement.exported_columns
        dialect = connection.dialect
        return [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]


def _statement(statement: Any, dialect: Dialect) -> _Statement:
    compiled: Any = statement.compile(dialect=dialect)
    names = compiled.positiontup or list(compiled.bind_names.values())
    fits = compiled._bind_processors
    own = {
        name: bind.effective_value
        for bind, name in compiled.bind_names.items()
        if not bind.required
    }
    columns = [(name, fits.get(name)) for name in names]
    return _Statement(str(compiled), columns, own, bool(compiled.positiontup))


def _driven(connection: Connection, how: str, sql: str, values: Sequence[Any]) -> Any:
    """What the driver's connection gives; its errors are told as SQLAlchemy tells them."""
    raw: Any = connection.connection.driver_connection
    dbapi: Any = connection.dialect.dbapi
    try:
        return getattr(raw, how)(sql, values)
    except dbapi.Error as problem:
        raise DBAPIError.instance(sql, None, problem, dbapi.Error) from problem


def inserting(
    noun: type[Base], or_leave: bool = False
) -> Callable[[Sequence[Mapping[str, Any]]], int]:
    """Puts rows, given by column name, into a noun's table; a column that a row leaves out gets
    its plain default, or nothing. or_leave: a row that is there already is left as it is."""
    table = cast(Any, noun.__table__)
    ready: dict[tuple[str, ...], Putting] = {}

    def putting(given: tuple[str, ...]) -> Putting:
        def build(dialect: Dialect) -> Executable:
            insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
            values: dict[str, Any] = {name: bindparam(name) for name in given}
            into = insert(table).values(values | _defaults(table, given))
            return into.on_conflict_do_nothing() if or_leave else into

        return Putting(build)

    def put(rows: Sequence[Mapping[str, Any]]) -> int:
        alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for row in rows:
            alike.setdefault(tuple(row), []).append(row)
        for given in alike.keys() - ready:
            ready[given] = putting(given)
        return sum(ready[given](some) for given, some in alike.items())

    return put


def _defaults(table: Any, given: Sequence[str]) -> dict[str, Any]:
    """What stands in the statement itself, so that it is not handed over with every row."""
    found: dict[str, Any] = {}
    for column in table.columns:
        if column.name not in given and column.default is not None and column.default.is_scalar:
            plain = column.default.arg
            found[column.name] = (
                (true() if plain else false()) if isinstance(plain, bool)
                else literal_column(f"'{plain}'" if isinstance(plain, str) else str(plain))
            )  # fmt: skip
    return found
