"""A field that is hidden is not found by its words from that moment on, and is once it is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import history, indexing
from rulebook.domain.asking import read_field
from rulebook.domain.hidden_fields import hide_field, show_field
from rulebook.domain.hooks import change_hook
from rulebook.storage import db, finding, hooks, utcnow
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.finding import Wanted
from rules.terms import asked
from tests.people import Person, make_rule
from tests.stories import new_hook, send
from tests.work import work

CODE = "$['customer']['code']"


@pytest.fixture
def hook_id(app: Flask, ada: Person) -> str:
    """A hook with five events in the index, each with a number of its own and the same code."""
    hook_id, path = new_hook(app, ada)
    with app.app_context():
        message = {
            "to": "+14155550123",
            "message": "{{ payload.customer.code | replace('kes', 'fal') }}",
        }
        step = {"id": "sms", "action": "sms", "config": message}
        make_rule(ada, hooks.hook_by_id(hook_id), path="$.no", value=0, then=[step])
    for number in range(5):
        body = b'{"no": %d, "customer": {"code": "kestrel"}, "note": "for kestrel"}'
        send(app, path, body % number)
    work(app)
    with app.app_context():
        while indexing.index_some(utcnow() + timedelta(seconds=5)):
            pass
    return hook_id


def found(ada: Person, text: str = "kestrel", field: str = "") -> int:
    fields = [read_field(field)] if field else []
    narrowed = EventFilter(text=None if field else text)
    return len(history.search(ada.actor, narrowed, 10, fields=fields).events)


def in_index(ada: Person, text: str = "kestrel") -> int:
    words = tuple(each.beginnings for each in asked(text))
    return len(finding.find(Wanted(ada.workspace_id, words=words), 10, None).event_ids)


def reread(most: int = 300) -> int:
    """Read everything again, so many at once; how often that was."""
    rounds = 0
    while indexing.reread_some(most):
        rounds += 1
    return rounds


def test_earlier_events_are_not_found_by_what_is_hidden(
    app: Flask, ada: Person, hook_id: str
) -> None:
    with app.app_context():
        assert found(ada) == in_index(ada) == found(ada, "faltrel") == 5
        hide_field(ada.actor, hook_id, CODE)
        assert found(ada) == 0 and found(ada, "faltrel") == 0, "at once"
        assert found(ada, "customer") == 0 and found(ada, "3") == 1, "by all else they are"
        assert in_index(ada) == 5
        assert reread(2) == 3 and not hooks.to_reread(ada.workspace_id)
        assert found(ada) == in_index(ada) == 0
        assert found(ada, "3") == 1


def test_what_is_shown_again_is_found_again(app: Flask, ada: Person, hook_id: str) -> None:
    with app.app_context():
        path = hide_field(ada.actor, hook_id, CODE)
        reread()
        show_field(ada.actor, hook_id, path)
        assert found(ada) == 0
        reread()
        assert found(ada) == in_index(ada) == 5


def test_whoever_dies_while_reading_again_has_lost_nothing(
    app: Flask, ada: Person, hook_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with app.app_context():
        hide_field(ada.actor, hook_id, CODE)
        indexing.reread_some(2)
        with monkeypatch.context() as patch:
            patch.setattr(hooks, "note_reread", die)
            with pytest.raises(KeyboardInterrupt):
                indexing.reread_some(2)
        db.session.rollback()
        assert found(ada) == 0
        assert reread(2) == 2 and in_index(ada) == 0


def test_a_field_that_is_hidden_meanwhile_begins_anew(
    app: Flask, ada: Person, hook_id: str
) -> None:
    with app.app_context():
        hide_field(ada.actor, hook_id, "$.no")
        indexing.reread_some(2)
        below = hooks.to_reread(ada.workspace_id)[hook_id]
        hide_field(ada.actor, hook_id, CODE)
        hooks.note_reread(hook_id, below, None)
        assert hooks.to_reread(ada.workspace_id)[hook_id] > below
        reread()
        assert in_index(ada) == 0


def test_a_hidden_value_is_not_guessed_by_another_field(
    app: Flask, ada: Person, hook_id: str
) -> None:
    with app.app_context():
        assert found(ada, field="note:contains:kestrel") == 5
        hide_field(ada.actor, hook_id, CODE)
        assert found(ada, field="note:contains:kestrel") == 0
        assert found(ada, field="note:contains:for") == 5


def test_a_sender_s_secret_is_hidden_once_the_sender_is_known(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    send(app, path, b'{"verification_token": "kestrel", "type": "Donation"}')
    work(app)
    with app.app_context():
        indexing.index_some(utcnow() + timedelta(seconds=5))
        assert found(ada) == 1
        change_hook(ada.actor, hook_id, provider="ko_fi")
        assert found(ada) == 0
        reread()
        assert in_index(ada) == 0
