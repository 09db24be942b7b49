"""Many rows at the driver's own speed, for the few statements that every webhook passes through.

The statement is built by SQLAlchemy once and the columns' own types make each value fit for
storing; what is left out is the work that it does anew for every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Dialect, Executable, bindparam, insert

from rulebook.storage.base import Base
from rulebook.storage.engine import db

_Column = tuple[str, Callable[[Any], Any] | None]


class Many:
    """A statement with bound parameters, carried out for many rows at once."""

    def __init__(self, build: Callable[[Dialect], Executable]) -> None:
        self._build = build
        self._ready: dict[str, tuple[str, list[_Column], bool]] = {}

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Carry it out in the caller's transaction; how many rows it changed in all."""
        if not rows:
            return 0
        connection = db.session.connection()
        sql, columns, by_place = self._statement(connection.dialect)
        if by_place:
            values: list[Any] = [
                tuple([fit(row[name]) if fit else row[name] for name, fit in columns])
                for row in rows
            ]
        else:
            values = [
                {name: fit(row[name]) if fit else row[name] for name, fit in columns}
                for row in rows
            ]
        done = connection.exec_driver_sql(sql, values)
        return cast("CursorResult[Any]", done).rowcount

    def _statement(self, dialect: Dialect) -> tuple[str, list[_Column], bool]:
        found = self._ready.get(dialect.name)
        if found is None:
            compiled: Any = cast(Any, self._build(dialect)).compile(dialect=dialect)
            names = compiled.positiontup or list(compiled.binds)
            fits = compiled._bind_processors
            columns = [(name, fits.get(name)) for name in names]
            found = str(compiled), columns, bool(compiled.positiontup)
            self._ready[dialect.name] = found
        return found


def inserting(noun: type[Base]) -> Callable[[Sequence[Mapping[str, Any]]], int]:
    """Puts rows, given by column name, into a noun's table; a column that a row leaves out gets
    its plain default, or nothing."""
    table = cast(Any, noun.__table__)
    plain = {
        column.name: column.default.arg if column.default and column.default.is_scalar else None
        for column in table.columns
    }
    put = Many(lambda dialect: insert(table).values({name: bindparam(name) for name in plain}))
    return lambda rows: put([{**plain, **row} for row in rows])
