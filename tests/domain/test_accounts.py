"""People: the first account, signing in, one-time links, passwords, tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from rulebook.domain import accounts, tokens
from rulebook.domain.actor import Actor
from rulebook.errors import Invalid, NotAllowed, NotFound, TooMany
from rulebook.storage import db, utcnow
from rulebook.storage.audit import entries
from rulebook.storage.users import OnceLink, Session, User
from rulebook.storage.workspaces import Membership
from tests.people import Person, make_person

GOOD = "four words only ada joins"


def actor_of(text: str) -> Actor | None:
    found = tokens.bearer(text, "")
    return found.actor if found else None


def first(app: Flask, token: str, **more: str) -> str:
    given = {"email": "ada@shop.example", "password": GOOD, "workspace": "Books", "zone": "UTC"}
    with app.app_context():
        return accounts.create_first_account(token, **{**given, **more})


def link(app: Flask, purpose: str = "setup", **more) -> str:
    with app.app_context():
        return accounts.make_link(purpose, **more)


def test_the_first_account_by_a_link_that_works_once(app: Flask) -> None:
    old, token = link(app), link(app)
    with app.app_context():
        assert not accounts.link_works(old, "setup")  # a newer one voids it
        assert not accounts.link_works(token, "password")
        for _ in range(3):
            assert accounts.link_works(token, "setup")  # looking uses nothing up
    session = first(app, token)
    with app.app_context():
        here = accounts.signed_in(session)
        assert here is not None
        assert (here.user.email, here.role) == ("ada@shop.example", "owner")
        assert accounts.signed_in(session + "x") is None
    for used in (token, old, "x"):
        with pytest.raises(NotFound):
            first(app, used)


def test_nobody_is_first_twice(app: Flask, ada: Person) -> None:
    with pytest.raises(NotFound):
        first(app, link(app))


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        ({"password": "aaaaaaaaaaaaaaaaaaaa"}, "/password"),
        ({"password": "ada.books@shop.example", "email": "ada.books@shop.example"}, "/password"),
        ({"email": "ada"}, "/email"),
        ({"zone": "Mars/Base"}, "/zone"),
        ({"workspace": "  "}, "/workspace"),
        ({"workspace": "x" * 101}, "/workspace"),
    ],
)
@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_an_account_needs(app: Flask, given: dict[str, str], pointer: str) -> None:
    token = link(app)
    with pytest.raises(Invalid) as wrong:
        first(app, token, **given)
    assert [problem.pointer for problem in wrong.value.problems] == [pointer]
    assert wrong.value.problems[0].fix
    first(app, token)  # the link was not used up


def test_signing_in_says_the_same_whatever_is_wrong_and_not_too_often(app: Flask) -> None:
    first(app, link(app))
    said = set()
    with app.app_context():
        assert accounts.sign_in(" Ada@Shop.example", GOOD, "10.0.0.1")
        for email in ("ada@shop.example", "nobody@shop.example"):
            with pytest.raises(Invalid) as wrong:
                accounts.sign_in(email, "not her password at all", "10.0.0.2")
            said.add(str(wrong.value))
        assert len(said) == 1
        for _ in range(8):
            with pytest.raises(Invalid):
                accounts.sign_in("ada@shop.example", "wrong", f"10.0.1.{_}")
        with pytest.raises(TooMany) as often:
            accounts.sign_in("ada@shop.example", GOOD, "10.0.0.9")
        assert 0 < often.value.retry_after <= 301
        db.session.execute(text("DELETE FROM throttle"))
        db.session.commit()
        assert accounts.sign_in("ada@shop.example", GOOD, "10.0.0.9")


def test_sessions_end(app: Flask, ada: Person) -> None:
    with app.app_context():
        user = db.session.get_one(User, ada.user_id)
        one, two = (accounts._open_session(user, "", utcnow()) for _ in range(2))
        idle = utcnow() + timedelta(hours=12, minutes=1)
        assert accounts.signed_in(one, idle) is None
        assert accounts.signed_in(one) is not None
        accounts.sign_out(one)
        assert accounts.signed_in(one) is None
        assert accounts.signed_in(two) is not None
        password = accounts.make_link("password", ada.user_id)
        three = accounts.set_password(password, GOOD)
        assert accounts.signed_in(two) is None
        assert accounts.signed_in(three) is not None
        with pytest.raises(NotFound):
            accounts.set_password(password, GOOD)
        session = db.session.query(Session).filter_by(id_hash=accounts.digest(three)).one()
        session.seen_at = session.expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
        assert accounts.signed_in(three) is None
        assert accounts.sign_in("ada@shop.example", GOOD, "")


def test_a_link_that_is_over_or_somebody_elses_does_nothing(app: Flask, ada: Person) -> None:
    late = link(app, "password", user_id=ada.user_id, lasts=timedelta(seconds=-1))
    setup = link(app)
    with app.app_context():
        for token in (late, setup, ""):
            with pytest.raises(NotFound):
                accounts.set_password(token, GOOD)
        good = accounts.make_link("password", ada.user_id)
        with pytest.raises(Invalid):
            accounts.set_password(good, "short")
        assert accounts.link_works(good, "password")


def test_no_usable_secret_is_in_the_tables(app: Flask, ada: Person) -> None:
    token = link(app, "password", user_id=ada.user_id)
    api = ada.token()
    with app.app_context():
        hashes = [row.token_hash for row in db.session.query(OnceLink)]
        assert token not in hashes
        rows = db.session.execute(text("SELECT * FROM api_token")).all()
        assert api not in repr(rows)
        rows = db.session.execute(text("SELECT * FROM user_account")).all()
        assert GOOD not in repr(rows)


def test_a_token_never_reaches_further_than_its_maker(app: Flask, ada: Person) -> None:
    bo = make_person(app, "bo", workspace_of=ada, role="editor")
    text_of = bo.token("read", "write")
    with app.app_context():
        actor = actor_of(text_of)
        assert actor is not None
        assert actor.workspace_id == ada.workspace_id
        rights = {right for right in ("read", "write", "send", "own") if actor.may(right)}
        assert rights == {"read", "write"}
        with pytest.raises(NotAllowed, match="token may not send"):
            actor.must("send")
        membership = db.session.get_one(Membership, (ada.workspace_id, bo.user_id))
        membership.role = "viewer"
        db.session.commit()
        demoted = actor_of(text_of)
        assert demoted is not None
        assert not demoted.may("write")
        with pytest.raises(NotAllowed):
            tokens.make_token(demoted, "more")
        db.session.delete(membership)
        db.session.commit()
        assert actor_of(text_of) is None


def test_a_revoked_token_is_dead(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        token, word = tokens.make_token(ada.actor, "ci")
        assert actor_of(word) is not None
        with pytest.raises(NotFound):
            tokens.revoke_token(cy.actor, token.id)
        tokens.revoke_token(ada.actor, token.id)
        assert actor_of(word) is None
        with pytest.raises(NotFound):
            tokens.revoke_token(ada.actor, token.id)
        for wrong in ("", "rbk_", word + " ", "\0", "\ud800"):
            assert actor_of(wrong) is None
        with pytest.raises(Invalid):
            tokens.make_token(ada.actor, " ")
        with pytest.raises(Invalid):
            tokens.make_token(ada.actor, "x", ["everything"])
        assert [e.what for e in entries(ada.workspace_id, 2)] == ["token.revoke", "token.create"]


def test_the_command_line_adds_people_once(app: Flask) -> None:
    with app.app_context():
        user = accounts.add_user("bo@shop.example")
        assert user.password is None
        with pytest.raises(Invalid, match="already"):
            accounts.add_user("BO@shop.example ")
        with pytest.raises(Invalid):
            accounts.sign_in("bo@shop.example", "", "")
