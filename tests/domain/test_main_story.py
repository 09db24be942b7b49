"""A payload arrives, a rule is met, a message is kept: the main story, verb by verb."""

from flask import Flask

from rulebook.storage import attempts, connections, event_lists, events, ledger
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.ledger import RunFilter
from tests.people import Person, make_hook, make_rule
from tests.work import work


def test_a_payment_above_the_limit_texts_me(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
        url = _path(hook)
    body = b'{"amount": 99.5, "note": "caf\\u00e9"}'
    sent = app.test_client().post(url, data=body, content_type="application/json")
    assert (sent.status_code, sent.data) == (200, b"")
    work(app)
    with app.app_context():
        [event] = event_lists.page_of_events(ada.workspace_id, EventFilter(), 10)
        assert (event.state, event.matched) == ("done", 1)
        assert events.body_of(event.id) == body
        [run] = ledger.page_of_runs(ada.workspace_id, RunFilter(), 10)
        assert (run.state, run.practice) == ("succeeded", True)
        [message] = connections.page_of_messages(ada.workspace_id, 10)
        assert (message.to, message.text) == ("+14155550123", "Paid: 99.5")
        [attempt] = attempts.attempts_of([run.id])[run.id]
        assert attempt.outcome == "yes"


def _path(hook) -> str:
    from rulebook.domain.hooks import hook_url

    return "/in/" + hook_url(hook).rpartition("/")[2]
