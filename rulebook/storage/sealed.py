"""Every sealed secret, wherever it is kept: each column whose name ends in `sealed`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, select, update

from rulebook.storage.base import Base
from rulebook.storage.engine import change, db

PAGE = 500


@dataclass(frozen=True)
class Sealed:
    """One sealed text and the row that it belongs to."""

    table: str
    column: str
    owner: str
    text: str


def sealed_texts() -> Iterator[list[Sealed]]:
    """All that is sealed, in pages; a page may be changed and committed before the next."""
    for table, column in columns():
        after = ""
        while rows := _page(table, column, after):
            after = rows[-1].id
            yield [Sealed(table.name, column.name, row.id, row.text) for row in rows]


def columns() -> list[tuple[Table, Column[str]]]:
    """The columns that hold sealed texts."""
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("sealed")
    ]


def seal_again(sealed: Sealed, text: str) -> bool:
    """Put another sealed text in its place; False when somebody changed it meanwhile."""
    table = Base.metadata.tables[sealed.table]
    column = table.columns[sealed.column]
    here = (table.c.id == sealed.owner, column == sealed.text)
    return change(update(table).where(*here).values({sealed.column: text})) == 1


def _page(table: Table, column: Column[str], after: str) -> list[Any]:
    found = select(table.c.id, column.label("text")).where(table.c.id > after, column != "")
    return list(db.session.execute(found.order_by(table.c.id).limit(PAGE)).all())
