"""A request whose signature is wrong is kept, answered 401, and never judged."""

import time
from random import Random

import pytest
from flask import Flask

from rulebook.domain.hooks import hook_url
from rulebook.providers import PROVIDERS, deliver, fetching
from rulebook.storage import event_lists, events
from rulebook.storage.event_lists import EventFilter
from tests.people import Person, make_hook
from tests.work import work

SIGNED = sorted(name for name, provider in PROVIDERS.items() if provider.signature)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", SIGNED)
def test_a_wrong_signature_reaches_no_rule(app: Flask, ada: Person, name: str) -> None:
    provider, scheme = PROVIDERS[name], PROVIDERS[name].signature
    assert scheme is not None
    with app.app_context():
        right, wrong = (scheme.example(Random(seed)) for seed in (1, 2))
        hook = make_hook(ada, provider=name, secret=right.check)
        address = hook_url(hook)
        path = "/in/" + hook_url(hook).rpartition("/")[2]
    certificate = getattr(scheme, "certificate", None)
    if certificate:  # as if the one at the sender's address had been read
        fetching.keep(*certificate(right.sign))
    now = time.time()
    made = [deliver(provider, provider.samples[0], secret, now, url=address)
            for secret in (wrong.sign, "", right.sign)]  # fmt: skip
    answers = [app.test_client().post(path + each.url[len(address):], headers=each.headers,
                                      data=each.body).status_code for each in made]  # fmt: skip
    taken = provider.reply_to(made[2]) if provider.reply_to else provider.reply
    assert answers == [401, 401, taken.status]
    work(app)
    with app.app_context():
        found = event_lists.page_of_events(ada.workspace_id, EventFilter(), 10)
        good = [event for event in found if event.state == "done"]
        bad = [event for event in found if event not in good]
        assert good and all(event.verification == "verified" for event in good)
        assert len(bad) == 2
        for event in bad:
            assert (event.state, event.verification) == ("refused", "refused")
            assert event.reason and event.judged_at is None and events.body_of(event.id)
