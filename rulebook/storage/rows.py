"""Many rows at the driver's own speed, for the few statements that every webhook passes through.

The statement is built by SQLAlchemy once and the columns' own types make each value fit for
storing; what is left out is the work that it does anew for every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, Dialect, Executable, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from rulebook.storage.base import Base
from rulebook.storage.engine import db

_Fit = Callable[[Any], Any] | None


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
            return tuple([fit(row[name]) if fit else row[name] for name, fit in self.columns])
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
        connection = db.session.connection()
        statement = self._statement(connection.dialect)
        values = [statement.values(row) for row in rows]
        done = connection.exec_driver_sql(statement.sql, values)
        return cast("CursorResult[Any]", done).rowcount

    def _statement(self, dialect: Dialect) -> _Statement:
        found = self._ready.get(dialect.name)
        if found is None:
            compiled: Any = cast(Any, self._build(dialect)).compile(dialect=dialect)
            names = compiled.positiontup or list(compiled.bind_names.values())
            fits = compiled._bind_processors
            own = {
                name: bind.effective_value
                for bind, name in compiled.bind_names.items()
                if not bind.required
            }
            columns = [(name, fits.get(name)) for name in names]
            found = _Statement(str(compiled), columns, own, bool(compiled.positiontup))
            self._ready[dialect.name] = found
        return found


def inserting(
    noun: type[Base], or_leave: bool = False
) -> Callable[[Sequence[Mapping[str, Any]]], int]:
    """Puts rows, given by column name, into a noun's table; a column that a row leaves out gets
    its plain default, or nothing. or_leave: a row that is there already is left as it is."""
    table = cast(Any, noun.__table__)
    plain = {
        column.name: column.default.arg if column.default and column.default.is_scalar else None
        for column in table.columns
    }

    def build(dialect: Dialect) -> Executable:
        insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        putting = insert(table).values({name: bindparam(name) for name in plain})
        return putting.on_conflict_do_nothing() if or_leave else putting

    put = Many(build)
    return lambda rows: put([{**plain, **row} for row in rows])
