"""The intake while the database is in other hands: told at once, and nothing done for who left."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest
from flask import Flask

from rulebook.domain.receive import Delivery
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from web.intake import Intake

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


@pytest.fixture
def locked(app: Flask, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that can hold the database until it says ROLLBACK."""
    foreign = sqlite3.connect(tmp_path / "rulebook.db", isolation_level=None)
    yield foreign
    foreign.close()


def test_a_locked_database_is_waited_for_once_by_all(
    app: Flask, ada: Person, locked: sqlite3.Connection
) -> None:
    with app.app_context():
        token = path_of(make_hook(ada)).removeprefix("/in/")
    intake = Intake(app, app.extensions["bell"], 10_000)
    locked.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    futures = [intake.take(Delivery(token, "POST", [], b"%d" % n)) for n in range(20)]
    left = intake.take(Delivery(token, "POST", [], b"gone"))
    left.cancel()
    wait(futures, 60)
    assert [future.result().status for future in futures] == [503] * 20
    assert time.monotonic() - began < 15  # not 20 times as long
    locked.execute("ROLLBACK")
    assert intake.take(Delivery(token, "POST", [], b"again")).result(10).status == 200
    assert len(events_of(app, ada)) == 1
