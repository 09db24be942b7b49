"""Every thread that asks the database finds a connection, so that none waits for another."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Flask

from rulebook.storage import db, reading
from web.door import THREADS

# Beside the pages: the intake, and the worker's own threads where one process does it all.
OTHERS = 6


def test_all_pages_at_once_leave_a_connection_to_the_door(app: Flask) -> None:
    with app.app_context(), reading(), ExitStack() as stack:
        for _ in range(THREADS + OTHERS):
            connection = stack.enter_context(db.engine.connect())
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
