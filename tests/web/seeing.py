"""What tests of pages share: send an event, change runs, read a page as a reader does."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from rulebook.domain import hooks
from rulebook.storage import db, ledger
from rulebook.storage.hooks import Hook
from rulebook.storage.ledger import RunFilter
from rulebook.storage.runs import Run
from tests.people import Person, make_hook, make_rule
from tests.work import work

# For stories in which the kind of database cannot matter.
ON_SQLITE = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def send(app: Flask, hook: Hook, body: str = '{"amount": 99}') -> None:
    """A sender calls the hook's address."""
    with app.app_context():
        path = "/in/" + hooks.hook_url(hook).rpartition("/")[2]
    sent = app.test_client().post(path, data=body, content_type="application/json")
    assert sent.status_code == 200


def text_of(page: TestResponse) -> str:
    """What a reader sees, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True))).split())


def set_runs(app: Flask, run_id: str | None = None, **values: object) -> None:
    """Runs as something that takes long to happen would have left them."""
    with app.app_context():
        changed = update(Run).values(**values)
        db.session.execute(changed.where(Run.id == run_id) if run_id else changed)
        db.session.commit()


def runs_of(app: Flask, person: Person) -> list[Run]:
    """The runs of the person's workspace, newest first."""
    with app.app_context():
        return ledger.page_of_runs(person.workspace_id, RunFilter(), 100)


def three_messages(app: Flask, person: Person) -> list[Run]:
    """Three practice messages of one rule, newest first."""
    with app.app_context():
        hook = make_hook(person)
        make_rule(person, hook)
    for _ in range(3):
        send(app, hook)
    work(app)
    return runs_of(app, person)


def found(pattern: str, page: str) -> str:
    """The first group of the pattern in a page that must have it."""
    match = re.search(pattern, page, re.S)
    assert match, f"{pattern} is not in the page"
    return match[1]
