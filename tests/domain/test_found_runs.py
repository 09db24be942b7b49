"""Runs are found by whom they went to, unless that is hidden: then nobody finds out by asking."""

from __future__ import annotations

import pytest
from flask import Flask

from rulebook.domain import bulk, found_runs
from rulebook.domain.chosen import Which
from rulebook.domain.hidden_fields import hide_field
from rulebook.domain.hiding import Hiding
from rulebook.storage import hooks
from rulebook.storage.hooks import HookSeen
from rulebook.storage.ledger import RunFilter
from tests.people import Person, make_rule
from tests.stories import new_hook, send
from tests.work import work

TO = RunFilter(to="555 01")


@pytest.fixture
def hook_id(app: Flask, ada: Person) -> str:
    """A hook with five texts to +1 415 555 0120 and on, the last one to a number that is written
    in the rule."""
    hook_id, path = new_hook(app, ada)
    with app.app_context():
        hook = hooks.hook_by_id(hook_id)
        for which, to in (("theirs", "{{ payload.phone }}"), ("ours", "+14155550199")):
            step = {"id": "sms", "action": "sms", "config": {"to": to, "message": "Hello"}}
            make_rule(ada, hook, path="$.which", test="text.is", value=which, then=[step])
    for number in range(5):
        whose = b"ours" if number == 4 else b"theirs"
        send(app, path, b'{"which": "%s", "phone": "+1415555012%d"}' % (whose, number))
    work(app)
    return hook_id


def test_a_hidden_receiver_is_not_guessed(
    app: Flask, ada: Person, hook_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_runs, "STEP", 2)
    with app.app_context():
        page = found_runs.page(ada.workspace_id, TO, 3)
        assert len(page.runs) == 3 and page.next == page.runs[-1].id
        assert len(found_runs.page(ada.workspace_id, TO, 3, page.next).runs) == 2
        assert found_runs.count_newer(ada.workspace_id, TO, page.runs[-1].id) == 2
        hide_field(ada.actor, hook_id, "$.phone")
        page = found_runs.page(ada.workspace_id, TO, 3)
        assert [run.summary for run in page.runs] == ["SMS to +1 415 555 0199"]
        assert page.next is None and not page.unfinished
        assert found_runs.count_newer(ada.workspace_id, TO, "run_0") == 1
        assert bulk.preview(ada.actor, Which("retry", runs=TO)).looked == 1
    right, wrong = ("/runs?to=415+555+0122", "/runs?to=415+555+0177")
    assert ada.api("GET", right).get_json() == ada.api("GET", wrong).get_json()
    assert ada.get(right).text.replace("0122", "0177").count("SMS to") == 0
    assert ada.get("/runs/export.csv?to=415+555+0122").text.count("SMS to") == 0
    assert ada.api("GET", "/runs?to=555+0199").get_json()["items"] != []


NUMBERS = [
    ("+14155550123", "to +1 415-555-0123.", "to ••••••."),
    ("(415) 555-0123", "to +1 415-555-0123.", "to ••••••."),
    ("020 7946 0958", "to +44 20 7946 0958", "to ••••••"),
    (731944, "up to 731,944.00 or 1731944", "up to ••••••.00 or 1••••••"),
    (12345, "12345, 12.345 and 912345", "••••••, •••••• and 912345"),
    ("4417", "4417 or 44-17", "•••••• or 44-17"),
]


@pytest.mark.parametrize(("value", "said", "shown"), NUMBERS)
def test_a_hidden_number_is_hidden_however_it_is_written(
    value: object, said: str, shown: str
) -> None:
    hook = HookSeen("hook", "unknown", {"hidden": ["$.a"]}, None)
    hiding = Hiding(hook, (), "", {"a": value}, b'{"a": 1}')
    assert hiding.text(said) == shown
