"""Statements at the driver's own speed say what SQLAlchemy's would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from rulebook.storage import db, deliveries, utcnow
from rulebook.storage.deliveries import Dedupe
from rulebook.storage.rows import Ask, inserting
from tests.people import Person, make_hook

NAMED = Ask(select(Dedupe.key, Dedupe.expires_at).where(
    Dedupe.key.in_(bindparam("keys", expanding=True)), Dedupe.event_id != bindparam("other"),
).order_by(Dedupe.key))  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 150])
def test_any_number_of_rows_is_stored_and_found(app: Flask, ada: Person, count: int) -> None:
    now = utcnow()
    keys = [f"key{number:04}" for number in range(count)]
    with app.app_context():
        hook_id = make_hook(ada).id
        claims = {f"evt_{key}": (hook_id, key) for key in keys}
        assert deliveries.claim_keys(claims, now, now + timedelta(hours=1)) == {
            event_id: event_id for event_id in claims
        }
        # The same again, and one that is new: only that one holds its key.
        again = {f"again_{key}": (hook_id, key) for key in [*keys, "new"]}
        held = deliveries.claim_keys(again, now, now + timedelta(hours=2))
        db.session.commit()
        found = NAMED({"keys": [*keys, "new", "unknown"], "other": "evt_key0000"})
    assert held == {**{f"again_{key}": f"evt_{key}" for key in keys}, "again_new": "again_new"}
    assert [key for key, _ in found] == sorted([*keys[1:], "new"])
    assert {until for key, until in found if key != "new"} <= {now + timedelta(hours=1)}


def test_one_key_twice_in_one_group_is_held_by_the_first(app: Flask, ada: Person) -> None:
    now = utcnow()
    with app.app_context():
        claims = dict.fromkeys(("evt_1", "evt_2", "evt_3"), (make_hook(ada).id, "same"))
        held = deliveries.claim_keys(claims, now, now + timedelta(hours=1))
    assert held == dict.fromkeys(claims, "evt_1")


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(app: Flask, ada: Person) -> None:
    with app.app_context():
        row = {"hook_id": make_hook(ada).id, "key": "k", "event_id": "e", "expires_at": utcnow()}
        with pytest.raises(IntegrityError):
            inserting(Dedupe)([row, row])
        db.session.rollback()
