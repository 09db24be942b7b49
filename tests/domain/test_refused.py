"""What is taken at the door, and what is refused."""

import pytest
from flask import Flask

from rulebook.domain.hooks import hook_url
from rulebook.storage import connections, event_lists, events
from rulebook.storage.event_lists import EventFilter
from tests.people import Person, make_hook, make_rule
from tests.work import work


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("headers", [{}, {"Stripe-Signature": "t=1,v1=00"}])
def test_a_forged_event_is_refused_kept_and_never_judged(
    app: Flask, ada: Person, headers: dict[str, str]
) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="stripe", secret="whsec_linden")
        make_rule(ada, hook)
        path = "/in/" + hook_url(hook).rpartition("/")[2]
    answer = app.test_client().post(path, json={"amount": 99}, headers=headers)
    assert answer.status_code == 401
    work(app)
    with app.app_context():
        [event] = event_lists.page_of_events(ada.workspace_id, EventFilter(), 10)
        assert (event.state, event.verification, event.matched) == ("refused", "refused", 0)
        assert "signature" in event.reason
        assert events.body_of(event.id) == b'{"amount": 99}'
        assert connections.page_of_messages(ada.workspace_id, 10) == []
