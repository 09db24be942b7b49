"""Every thread that asks the database finds a connection, so that none waits for another."""

from __future__ import annotations

import gc
from contextlib import ExitStack

from flask import Flask

from rulebook.storage import db, reading
from rulebook.storage.engine import KEPT_STATEMENTS
from tests.web.seeing import ON_SQLITE
from web.door import THREADS

# Beside the pages: the intake, and the worker's own threads where one process does it all.
OTHERS = 6


def test_all_pages_at_once_leave_a_connection_to_the_door(app: Flask) -> None:
    with app.app_context(), reading(), ExitStack() as stack:
        for _ in range(THREADS + OTHERS):
            connection = stack.enter_context(db.engine.connect())
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def prepared() -> int:
    """How many statements SQLite's connections of this process keep prepared."""
    gc.collect()
    return sum(type(each).__name__ == "Statement" and type(each).__module__ == "sqlite3"
               for each in gc.get_objects())  # fmt: skip


@ON_SQLITE
def test_a_connection_keeps_few_statements_prepared(app: Flask) -> None:
    with app.app_context(), reading(), db.engine.connect() as connection:
        before = prepared()
        for number in range(2 * KEPT_STATEMENTS):
            connection.exec_driver_sql(f"SELECT {number}").scalar()
        assert KEPT_STATEMENTS // 2 < prepared() - before <= KEPT_STATEMENTS
