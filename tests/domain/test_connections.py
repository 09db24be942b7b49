"""Connections and hooks: what is secret is sealed, and is nowhere else."""

from __future__ import annotations

import logging
import shutil

import pytest
from flask import Flask
from sqlalchemy import text

from rulebook.domain import connections, hooks
from rulebook.domain.replay import find_run
from rulebook.errors import Invalid, NotAllowed, NotFound
from rulebook.storage import Base, db
from rulebook.storage import connections as stored
from tests.fakes import Mail, Sink
from tests.people import Person, make_hook, make_person
from tests.stories import act_on, attempts_of, call, planned

CANARY = "canary-77d3-0b1e-4f"


def auth(person: Person, token: str = CANARY, name: str = "Shop"):
    config = {"type": "bearer", "token": token}
    return connections.make_connection(person.actor, "http_auth", name, config)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_a_secret_is_nowhere_but_sealed(
    app: Flask, ada: Person, tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hook_secret = "whsec_" + CANARY[::-1]
    with Sink() as sink:
        sink.echoes()
        with app.app_context():
            made = auth(ada)
            make_hook(ada, provider="stripe", secret=hook_secret)
        [run_id] = planned(app, ada, {**call(sink), "connection": made.id})
        assert act_on(app, run_id).state == "succeeded"
        assert sink.last.headers["authorization"] == f"Bearer {CANARY}"
    [attempt] = attempts_of(app, run_id)
    assert CANARY not in repr(vars(attempt))
    with app.app_context():
        assert CANARY not in repr(vars(find_run(ada.actor, run_id)))
    for secret in (CANARY, hook_secret):
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert any(path.name == "rulebook.db-wal" for path in files)
        for path in files:
            assert secret.encode() not in path.read_bytes(), path.name
        assert secret not in caplog.text
    pages = [ada.get(page) for page in ("/connections", "/hooks", f"/runs/{run_id}", "/runs")]
    answers = [ada.api("GET", path) for path in ("/connections", "/hooks", f"/runs/{run_id}")]
    for answer in pages + answers:
        assert CANARY not in answer.text
        assert hook_secret not in answer.text


@pytest.mark.postgres
@pytest.mark.parametrize("app", ["postgres"], indirect=True)
def test_a_secret_is_in_no_table(app: Flask, ada: Person) -> None:
    with app.app_context():
        auth(ada)
        for table in Base.metadata.tables:
            rows = db.session.execute(text(f"SELECT * FROM {table}")).all()
            assert CANARY not in repr(rows)


def test_a_sealed_secret_moved_to_another_row_stays_shut(app: Flask, ada: Person) -> None:
    from rulebook.errors import ConfigError

    with app.app_context():
        one, two = auth(ada), auth(ada, "another-token")
        two.sealed = one.sealed
        db.session.commit()
        with pytest.raises(ConfigError):
            connections.open_connection(ada.workspace_id, two.id)


def test_what_is_left_out_stays_what_is_given_replaces(app: Flask, ada: Person) -> None:
    with app.app_context():
        made = auth(ada)
        connections.change_connection(ada.actor, made.id, name="Till")
        found = connections.open_connection(ada.workspace_id, made.id)
        assert found is not None and found["token"] == CANARY
        connections.change_connection(ada.actor, made.id, config={"token": "new-token"})
        found = connections.open_connection(ada.workspace_id, made.id)
        assert found is not None and found["token"] == "new-token"
        assert connections.find_connection(ada.actor, made.id).name == "Till"
        assert "token" not in connections.find_connection(ada.actor, made.id).config


def test_a_mistyped_field_is_not_stored(app: Flask, ada: Person) -> None:
    with app.app_context(), pytest.raises(Invalid) as wrong:
        connections.make_connection(
            ada.actor, "http_auth", "x", {"type": "bearer", "token": "t", "tokn": CANARY}
        )
    assert wrong.value.problems[0].pointer == "/config/tokn"


@pytest.mark.parametrize(
    ("kind", "name", "config", "pointer"),
    [
        ("carrier_pigeon", "x", {}, "/kind"),
        ("http_auth", " ", {"type": "bearer", "token": "t"}, "/name"),
        ("http_auth", "x", {"type": "bearer"}, "/config/token"),
        ("http_auth", "x", {"type": "bearer", "token": "a\r\nb"}, "/config/token"),
    ],
)
@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_a_connection_needs(app: Flask, ada: Person, kind, name, config, pointer) -> None:
    with app.app_context(), pytest.raises(Invalid) as wrong:
        connections.make_connection(ada.actor, kind, name, config)
    assert wrong.value.problems[0].pointer == pointer


def test_one_in_use_is_not_deleted(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        with app.app_context():
            made, free = auth(ada), auth(ada)
        planned(app, ada, {**call(sink), "connection": made.id})
    with app.app_context():
        with pytest.raises(Invalid, match="sends through"):
            connections.delete_connection(ada.actor, made.id)
        connections.delete_connection(ada.actor, free.id)
        with pytest.raises(NotFound):
            connections.find_connection(ada.actor, free.id)
        assert connections.open_connection(ada.workspace_id, free.id) is None
        rows = db.session.execute(text("SELECT sealed FROM connection WHERE sealed <> ''")).all()
        assert len(rows) == 1


def test_a_test_says_whether_it_works_and_sends_nothing(app: Flask, ada: Person) -> None:
    with Mail() as mail:
        with app.app_context():
            made = connections.make_connection(ada.actor, "smtp", "Mail", mail.connection)
            assert connections.test_connection(ada.actor, made.id).kind == "yes"
            assert connections.find_connection(ada.actor, made.id).test_ok is True
        assert mail.letters == []
    with app.app_context():
        assert connections.test_connection(ada.actor, made.id).kind != "yes"
        tested = connections.find_connection(ada.actor, made.id)
        assert tested.test_ok is False
        assert tested.test_sentence


def test_only_owners_keep_connections_and_strangers_see_none(
    app: Flask, ada: Person, cy: Person
) -> None:
    bo = make_person(app, "bo", workspace_of=ada, role="editor")
    with app.app_context():
        made = auth(ada)
        with pytest.raises(NotAllowed):
            auth(bo)
        with pytest.raises(NotAllowed):
            connections.change_connection(bo.actor, made.id, name="mine")
        with pytest.raises(NotFound):
            connections.change_connection(cy.actor, made.id, name="mine")
        with pytest.raises(NotFound):
            connections.test_connection(cy.actor, made.id)
        with pytest.raises(NotFound):
            connections.delete_connection(cy.actor, made.id)
        assert connections.open_connection(cy.workspace_id, made.id) is None
        assert stored.connections(cy.workspace_id) == []


def test_a_hook_belongs_to_its_workspace(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        for verb in (
            lambda: hooks.find_hook(cy.actor, hook.id),
            lambda: hooks.change_hook(cy.actor, hook.id, name="mine"),
            lambda: hooks.rotate_hook(cy.actor, hook.id),
            lambda: hooks.release_hook(cy.actor, hook.id),
            lambda: hooks.delete_hook(cy.actor, hook.id),
        ):
            with pytest.raises(NotFound):
                verb()
        with pytest.raises(NotFound):
            hooks.find_hook(ada.actor, "\0\ud800")


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"provider": "telegraph"}, "/provider"),
        ({"secret": "x"}, "/secret"),
        ({"provider": "stripe", "secret": "x" * 501}, "/secret"),
        ({"settings": {"colour": "red"}}, "/settings"),
        ({"settings": [1]}, "/settings"),
    ],
)
@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_a_hook_needs(app: Flask, ada: Person, given, pointer) -> None:
    with app.app_context(), pytest.raises(Invalid) as wrong:
        make_hook(ada, **given)
    assert wrong.value.problems[0].pointer == pointer


def test_two_long_secrets_in_any_script_are_kept(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="stripe", secret="ключ" * 62)
        hooks.change_hook(ada.actor, hook.id, secret="鍵" * 166)
        db.session.expire_all()
        assert hooks.secrets_of(hooks.find_hook(ada.actor, hook.id)) == ["鍵" * 166, "ключ" * 62]


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_a_copied_database_opens_nothing_without_its_key(app: Flask, ada: Person, tmp_path) -> None:
    from rulebook import config
    from rulebook.errors import ConfigError
    from web import create_app

    with app.app_context():
        made = auth(ada)
    (tmp_path / "thief").mkdir()
    for file in tmp_path.glob("rulebook.db*"):
        shutil.copy(file, tmp_path / "thief" / file.name)
    thief = create_app(config.load({"RULEBOOK_INSTANCE": str(tmp_path / "thief")}))
    with thief.app_context():
        with pytest.raises(ConfigError):
            connections.open_connection(ada.workspace_id, made.id)
        db.session.remove()
        db.engine.dispose()
    thief.extensions["bell"].queue.storage.close()
