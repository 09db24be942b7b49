"""A real test sends one marked message, to its author or to whom the author vouches for."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from rulebook.domain.replay import replay
from rulebook.domain.trials import send_test
from rulebook.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from rulebook.storage import connections, held
from tests.fakes import Sink
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import act_on, call, events_of, path_of, run_of, runs_of, send, sent_and_judged

MAIL = {"id": "mail", "action": "email", "config": {
    "to": "{{ payload.email }}", "cc": "boss@shop.example", "subject": "Paid", "text": "Thanks",
}}  # fmt: skip


def on_event(app: Flask, person: Person, *steps: dict[str, Any], **more: Any) -> tuple[str, str]:
    """The ids of a rule that is off and of an event of its hook."""
    with app.app_context():
        hook = make_hook(person)
        rule = make_rule(person, hook, "off", **({"then": list(steps)} if steps else {}), **more)
        path, rule_id = path_of(hook), rule.id
    sent_and_judged(app, path)
    return rule_id, events_of(app, person)[0].id


def test(app: Flask, person: Person, ids: tuple[str, str], step: str = "sms", **more: Any) -> str:
    """The id of the run that a test became."""
    said = {"to": "+14155550123", "vouched": True, "key": "one", **more}
    with app.app_context():
        return send_test(person.actor, ids[0], ids[1], step, **said).id


test.__test__ = False  # type: ignore[attr-defined]


def test_one_marked_message_and_a_run_that_says_so(app: Flask, ada: Person):
    ids = on_event(app, ada)
    run = act_on(app, test(app, ada, ids))
    assert (run.state, run.test, run.rule_id) == ("succeeded", True, ids[0])
    assert run.message and run.message["text"] == "[Test] Paid: 60"
    with app.app_context():
        [kept] = connections.page_of_messages(ada.workspace_id, 9)
        assert (kept.to, kept.text) == ("+14155550123", "[Test] Paid: 60")
    told = ada.api("GET", f"/runs/{run.id}").json
    assert told["test"] is True and told["rule_version"] == 1


def test_an_e_mail_goes_to_its_author_alone_whatever_is_typed(app: Flask, ada: Person):
    ids = on_event(app, ada, MAIL)
    run = run_of(app, test(app, ada, ids, "mail", to="boss@shop.example", vouched=False))
    assert run.config["to"] == "ada@shop.example" and "cc" not in run.config
    assert run.config["subject"] == "[Test] Paid"


def test_a_receiver_that_is_not_known_has_to_be_vouched_for(app: Flask, ada: Person, sink: Sink):
    ids = on_event(app, ada, call(sink))
    with app.app_context(), pytest.raises(Invalid, match="Nobody has said"):
        send_test(ada.actor, *ids, "call", "", False, "one")
    assert not sink.requests and not runs_of(app, ada)
    act_on(app, test(app, ada, ids, "call", to=""))
    [request] = sink.requests
    assert request.headers["rulebook-test"] == "yes"


@pytest.mark.parametrize(("to", "said"), [("", "Nobody is named"), ("12", "not a phone number")])
def test_a_wrong_receiver_gets_nothing(app: Flask, ada: Person, to: str, said: str):
    ids = on_event(app, ada)
    with app.app_context(), pytest.raises(Invalid) as wrong:
        send_test(ada.actor, *ids, "sms", to, True, "one")
    assert said in wrong.value.problems[0].message
    assert not runs_of(app, ada)


def test_two_presses_send_one_message(app: Flask, ada: Person):
    ids = on_event(app, ada)
    test(app, ada, ids)
    with app.app_context(), pytest.raises(Conflict, match="asked for already"):
        send_test(ada.actor, *ids, "sms", "+14155550123", True, "one")
    for key in range(19):
        test(app, ada, ids, key=str(key))
    with app.app_context(), pytest.raises(TooMany):
        send_test(ada.actor, *ids, "sms", "+14155550123", True, "last")
    assert len(runs_of(app, ada)) == 20


def test_a_test_is_no_reason_to_leave_a_replay_out(app: Flask, ada: Person):
    ids = on_event(app, ada)
    act_on(app, test(app, ada, ids))
    with app.app_context():
        from rulebook.domain.rules import switch_rule

        switch_rule(ada.actor, ids[0], "live")
        replayed = replay(ada.actor, ids[1])
        assert [run.test for run in replayed.runs] == [False] and not replayed.already_sent


def test_a_test_counts_in_what_may_be_spent(app: Flask, ada: Person):
    with app.app_context():
        from rulebook.domain.connections import make_connection

        config = {"account_sid": "AC1", "auth_token": "t" * 32, "from": "+14155550100"}
        twilio = make_connection(ada.actor, "twilio", "Twilio", config).id
    step = {"id": "sms", "action": "sms", "connection": twilio,
            "config": {"to": "+14155550123", "message": "Paid"}}  # fmt: skip
    ids = on_event(app, ada, step)
    run = run_of(app, test(app, ada, ids))
    assert run.costs_at is not None
    with app.app_context():
        since = run.costs_at.replace(year=2000)
        assert held.count_costing("rule", ids[0], "sms", since) == 1


def test_who_may_not_send_sends_no_test(app: Flask, ada: Person, cy: Person):
    ids = on_event(app, ada)
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    for person, refused in ((eve, NotAllowed), (cy, NotFound)):
        with app.app_context(), pytest.raises(refused):
            send_test(person.actor, *ids, "sms", "+14155550123", True, "one")
    with app.app_context(), pytest.raises(NotFound):
        send_test(ada.actor, *ids, "gone", "+14155550123", True, "one")
    assert not runs_of(app, ada)


def test_a_test_of_another_hooks_event_is_refused(app: Flask, ada: Person):
    rule_id, _ = on_event(app, ada)
    with app.app_context():
        path = path_of(make_hook(ada, "Other"))
    send(app, path)
    with app.app_context(), pytest.raises(NotFound):
        send_test(ada.actor, rule_id, events_of(app, ada)[0].id, "sms", "+1", True, "one")
