"""Passwords are hashed and compared while nobody waits for the database: not for writing to SQLite,
not for a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from rulebook.domain import accounts, passwords, people
from rulebook.errors import Invalid, NotFound
from rulebook.storage import db, users
from rulebook.storage.users import User
from tests.people import Person

OLD, NEW = "four words only ada joins", "another four words for ada"
FROM = "192.0.2.7"


class Watched:
    """A hasher that looks, whenever it is asked, whether somebody else may write."""

    def __init__(self, app: Flask) -> None:
        self.app, self.asked, self.during = app, 0, lambda: None
        self._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

    def _look(self) -> None:
        self.asked += 1
        assert not db.session().in_transaction(), "a connection is held"
        if db.engine.dialect.name == "sqlite":
            other = sqlite3.connect(db.engine.url.database or "", timeout=0, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            other.close()
            turn = self.app.extensions["rulebook.turn"]
            assert turn.take(0), "the turn to write is taken"
            turn.give()
        self.during()

    def hash(self, password: str) -> str:
        self._look()
        return self._hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        self._look()
        return self._hasher.verify(stored, password)

    def check_needs_rehash(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)


@pytest.fixture
def hasher(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(app)
    monkeypatch.setattr(passwords, "_hasher", watched)
    monkeypatch.setattr(passwords, "_nobody", PasswordHasher(1, 64, 1).hash("nobody"))
    return watched


def stores(person: Person, password: str | None) -> None:
    with person.app.app_context():
        db.session.get_one(User, person.user_id).password = password
        db.session.commit()


def link(app: Flask, purpose: str, user_id: str | None = None) -> str:
    with app.app_context():
        return accounts.make_link(purpose, user_id)


def signs_in(person: Person, password: str = OLD) -> str:
    with person.app.app_context():
        return accounts.sign_in(f"{person.name}@shop.example", password, FROM)


def test_the_first_account(app: Flask, hasher: Watched) -> None:
    token = link(app, "setup")
    with app.app_context():
        accounts.create_first_account(token, "ada@shop.example", OLD, "Books", "UTC")
    assert hasher.asked == 1
    with app.app_context():
        accounts.sign_in("ada@shop.example", OLD, FROM)
        with pytest.raises(Invalid):
            accounts.sign_in("ada@shop.example", NEW, FROM)
        with pytest.raises(Invalid):
            accounts.sign_in("nobody@shop.example", OLD, FROM)
    assert hasher.asked == 4, "also for who is not there"


def test_a_password_that_was_hashed_by_older_measures(
    app: Flask, ada: Person, hasher: Watched
) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(OLD)
    stores(ada, older)
    signs_in(ada)
    with app.app_context():
        assert db.session.get_one(User, ada.user_id).password != older
    signs_in(ada)
    assert hasher.asked == 3


def test_who_joins_with_and_without_an_account(
    app: Flask, ada: Person, cy: Person, hasher: Watched
) -> None:
    stores(cy, PasswordHasher(1, 64, 1).hash(OLD))
    for email in ("dee@shop.example", "cy@shop.example"):
        with app.app_context():
            token = people.invite(ada.actor, email, "editor")[1]
        for _press in range(2):
            with app.app_context():
                accounts.join(token, OLD, FROM)
    assert hasher.asked == 4


def test_one_s_own_password_and_the_one_of_a_link(app: Flask, ada: Person, hasher: Watched) -> None:
    stores(ada, None)
    once = link(app, "password", ada.user_id)
    with app.app_context():
        session = accounts.set_password(once, OLD, FROM)
    with app.app_context():
        accounts.prove(session, OLD, FROM)
    with app.app_context():
        accounts.change_password(session, OLD, NEW, FROM)
    signs_in(ada, NEW)
    assert hasher.asked == 5


class TestOpenSignUp:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"RULEBOOK_SIGNUP": "open"}

    def test_accounts_that_strangers_and_the_command_line_make(
        self, app: Flask, ada: Person, hasher: Watched
    ) -> None:
        with app.app_context():
            accounts.sign_up("dee@shop.example", OLD, "Books", "UTC", FROM)
        with app.app_context():
            accounts.add_user("eve@shop.example", OLD)
        assert hasher.asked == 2


def test_what_changes_while_a_password_is_reckoned_counts(
    app: Flask, ada: Person, hasher: Watched
) -> None:
    """A password that is changed meanwhile opens no session; an invitation that is taken back
    meanwhile makes no account; a link that is used meanwhile sets no password."""
    stores(ada, PasswordHasher(1, 64, 1).hash(OLD))
    newer = PasswordHasher(1, 64, 1).hash(NEW)
    meanwhile(
        hasher, app, lambda: setattr(db.session.get_one(User, ada.user_id), "password", newer)
    )
    with pytest.raises(Invalid):
        signs_in(ada)
    with app.app_context():
        invite, token = people.invite(ada.actor, "dee@shop.example", "editor")
    meanwhile(hasher, app, lambda: people.revoke_invite(ada.actor, invite.id))
    with app.app_context(), pytest.raises(NotFound):
        accounts.join(token, OLD, FROM)
    with app.app_context():
        assert users.user_by_email("dee@shop.example") is None
    once = link(app, "password", ada.user_id)
    meanwhile(hasher, app, lambda: users.void_links("password", ada.user_id))
    with app.app_context(), pytest.raises(NotFound):
        accounts.set_password(once, OLD, FROM)


def meanwhile(hasher: Watched, app: Flask, do: Callable[[], Any]) -> None:
    """Once, the next time that something is reckoned, somebody else does this."""

    def once() -> None:
        hasher.during = lambda: None
        with app.app_context():
            do()
            db.session.commit()

    hasher.during = once
