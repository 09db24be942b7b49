"""What most stories begin with: a hook, something sent to it, a run that is planned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from rulebook.domain.act import act
from rulebook.domain.hooks import hook_url
from rulebook.domain.judge import judge
from rulebook.storage import attempts, db, event_lists, ledger
from rulebook.storage.attempts import Attempt
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.ledger import RunFilter
from rulebook.storage.runs import Run
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule

BODY = b'{"amount": 60}'


def path_of(hook: Hook) -> str:
    """The path that senders call (inside an app context)."""
    return "/in/" + hook_url(hook).rpartition("/")[2]


def new_hook(app: Flask, person: Person, **more: Any) -> tuple[str, str]:
    """The id and the path of a new hook."""
    with app.app_context():
        hook = make_hook(person, **more)
        return hook.id, path_of(hook)


def send(app: Flask, path: str, body: bytes = BODY, **more: Any) -> TestResponse:
    """A sender's POST, JSON unless said otherwise."""
    more = {"content_type": "application/json", "method": "POST", **more}
    return app.test_client().open(path, data=body, **more)


@contextmanager
def said() -> Iterator[list[str]]:
    """The statements of the session's transaction from here on, as the database hears them; on
    SQLite with their values. Within an app context."""
    heard: list[str] = []
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(heard.append)
        yield heard
        driver.set_trace_callback(None)
    else:
        event.listen(connection, "before_cursor_execute", lambda *call: heard.append(call[2]))
        yield heard


def events_of(app: Flask, person: Person, **narrowed: Any) -> list[Event]:
    """The person's events, newest first."""
    with app.app_context():
        return event_lists.page_of_events(person.workspace_id, EventFilter(**narrowed), 100)


def runs_of(app: Flask, person: Person, **narrowed: Any) -> list[Run]:
    """The person's runs, oldest first."""
    with app.app_context():
        return ledger.page_of_runs(person.workspace_id, RunFilter(**narrowed), 100)[::-1]


def run_of(app: Flask, run_id: str) -> Run:
    with app.app_context():
        return db.session.get_one(Run, run_id)


def attempts_of(app: Flask, run_id: str) -> list[Attempt]:
    with app.app_context():
        return attempts.attempts_of([run_id])[run_id]


def call(sink: Sink, step_id: str = "call", **config: Any) -> dict[str, Any]:
    """A step that calls the sink."""
    return {
        "id": step_id,
        "action": "http",
        "config": {"url": f"{sink.url}/orders", "body": '{"paid": {{ payload.amount }}}', **config},
    }


def sent_and_judged(app: Flask, path: str, body: bytes = BODY, **more: Any) -> list[str]:
    """The ids of the runs that an event made due."""
    event_id = None
    assert send(app, path, body, **more).status_code == 200
    with app.app_context():
        from sqlalchemy import func, select

        event_id = db.session.scalar(select(func.max(Event.id)))
        db.session.rollback()
        return judge(event_id or "")


def planned(app: Flask, person: Person, *steps: dict[str, Any], **more: Any) -> list[str]:
    """A hook, a rule with these steps, an event: the ids of the runs that are due."""
    with app.app_context():
        hook = make_hook(person)
        make_rule(person, hook, then=list(steps), **more)
        path = path_of(hook)
    return sent_and_judged(app, path)


def act_on(app: Flask, run_id: str, now: datetime | None = None) -> Run:
    """The run after one call of `act`."""
    with app.app_context():
        act(run_id, now)
    return run_of(app, run_id)


def act_when_due(app: Flask, run_id: str) -> Run:
    """The run after it was tried at the moment for which it is planned."""
    return act_on(app, run_id, run_of(app, run_id).next_attempt_at)
