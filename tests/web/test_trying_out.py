"""Trying a rule out: a test that sends nothing, a real test, and Watch mode that says what it
would have sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from rulebook.storage import rules
from tests.fakes import Sink
from tests.people import Person, make_person
from tests.stories import runs_of
from tests.web.shop import Shop, sqlite_only
from tests.web.test_builder import Builder, words
from tests.work import work

BIG = {"amount": 60, "name": "Jenny"}


@pytest.fixture
def silent() -> Iterator[Sink]:
    """A receiver that must hear nothing."""
    with Sink() as sink:
        yield sink
        assert not sink.requests


def test_a_test_of_every_action_is_heard_by_nobody(app: Flask, ada: Person, silent: Sink):
    shop = Shop(app, ada)
    url = f"{silent.url}/orders"
    steps = [
        {"id": "call", "action": "http", "config": {"url": url, "body": "{}"}},
        {"id": "sms", "action": "sms", "config": {"to": "+14155550123", "message": "Paid"}},
        {"id": "mail", "action": "email", "config": {"to": "ada@shop.example", "subject": "Paid",
                                                     "text": "Thanks"}},
    ]  # fmt: skip
    rule = shop.rule("off", then=steps)
    shop.sends(BIG)
    builder = Builder(ada, f"/rules/{rule.id}").press("test")
    said = words(builder.page)
    assert "Nothing was sent" in said and "POST 127.0.0.1" in said
    assert "SMS to +1 415 555 0123" in said and "E-mail to ada@shop.example" in said
    work(app)
    assert not runs_of(app, ada)


@sqlite_only
def test_a_test_judges_the_event_that_was_chosen(app: Flask, ada: Person):
    shop = Shop(app, ada)
    rule = shop.rule("off")
    small = shop.sends({"amount": 1}).rpartition("/")[2]
    shop.sends(BIG)
    builder = Builder(ada, f"/rules/{rule.id}").press("test")
    assert "It would do this:" in words(builder.page)
    builder = Builder(ada, f"/rules/{rule.id}?event={small}").press("test")
    assert "Were it met, it would do this:" in words(builder.page)


def test_a_real_test_is_sent_once_the_rule_is_saved(app: Flask, ada: Person):
    shop = Shop(app, ada)
    shop.sends(BIG)
    builder = Builder(ada, "/rules/new").press("field payload $.amount").press("trial")
    assert "A test sends what is saved." in words(builder.page) and not runs_of(app, ada)
    builder.fill("/then/0/config/to", "+14155550123").press("save trial")
    rule_id = re.search(r"/rules/(rule_\w+)\?trial=1", builder.answer.location)
    assert rule_id
    with app.app_context():
        rule = rules.rule(ada.workspace_id, rule_id[1])
        assert rule and rule.mode == "off", "only the test is sent"
    builder = Builder(ada, builder.answer.location.partition("#")[0])
    assert "Keep 1 test in the Practice outbox" in words(builder.page)
    builder.press("try sms")
    assert builder.answer.location.startswith("/runs/run_")
    work(app)
    page = words(ada.get(builder.answer.location).text)
    assert "[Test]" in page and "a test, asked for" in page
    assert "A test of " in words(ada.get("/runs").text)
    assert "[Test]" in words(ada.get("/outbox").text)


@sqlite_only
def test_a_test_that_is_not_sent_says_why(app: Flask, ada: Person, silent: Sink):
    shop = Shop(app, ada)
    step = {"id": "call", "action": "http", "config": {"url": silent.url}}
    rule = shop.rule("off", then=[step])
    shop.sends(BIG)
    builder = Builder(ada, f"/rules/{rule.id}?trial=1").press("try call")
    assert builder.answer.status_code == 422
    assert "Nothing was sent. Nobody has said yet" in words(builder.page)
    builder.fill("/name", "Another name").press("trial")
    assert "Save your changes first" in words(builder.page)
    answer = ada.post(f"/rules/{rule.id}", {**builder.form, "do": "try call",
                                            "trial-sure call": "yes"})  # fmt: skip
    assert "A test sends what is saved" in words(answer.text)
    assert not runs_of(app, ada)


@sqlite_only
def test_a_viewer_and_a_stranger_send_no_test(app: Flask, ada: Person, cy: Person):
    shop = Shop(app, ada)
    rule = shop.rule("off")
    shop.sends(BIG)
    form = Builder(ada, f"/rules/{rule.id}?trial=1").form
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    assert "Send a real test" not in eve.get(f"/rules/{rule.id}").text
    for do in ("trial", "try sms"):
        assert eve.post(f"/rules/{rule.id}", {**form, "do": do}).status_code == 403
        assert cy.post(f"/rules/{rule.id}", {**form, "do": do}).status_code == 404
    assert eve.get(f"/rules/{rule.id}?trial=1").status_code == 403
    assert not runs_of(app, ada)


@sqlite_only
def test_a_rule_that_watches_says_what_it_would_have_sent_and_is_turned_on(app: Flask, ada: Person):
    shop = Shop(app, ada)
    rule = shop.rule("watch")
    assert "Nothing has met version 1" in words(ada.get("/rules").text)
    for _ in range(9):
        page = shop.sends(BIG)
    shop.sends({"amount": 1})
    said = words(ada.get("/rules").text)
    assert "Would have sent for 9 events by version 1." in said and "turn it on" not in said
    page = shop.sends(BIG)
    assert "If they were right, turn it on." in words(ada.get("/rules").text)
    assert len(runs_of(app, ada, states=("watched",))) == 10
    assert "Turn on version 1" in words(ada.get(f"/rules/{rule.id}").text)
    assert "Turn on" in words(ada.get(page).text)
    assert "Would have sent" in words(ada.get(f"/runs?rule={rule.id}&state=watched").text)
    answer = ada.post(f"/rules/{rule.id}/mode", {"mode": "live", "next": page})
    assert answer.location == page
    assert "Turn on" not in words(ada.get(page).text)
    shop.sends(BIG)
    work(app)
    assert len(runs_of(app, ada, state="succeeded")) == 1


@sqlite_only
def test_the_rule_page_turns_on_what_is_saved_and_keeps_the_draft(app: Flask, ada: Person):
    shop = Shop(app, ada)
    rule = shop.rule("watch")
    shop.sends(BIG)
    builder = Builder(ada, f"/rules/{rule.id}").fill("/name", "Another name").press("turn on")
    assert builder.form["/name"] == "Another name" and builder.form["mode"] == "live"
    with app.app_context():
        now = rules.rule(ada.workspace_id, rule.id)
        assert now and (now.mode, now.version) == ("live", 1)
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    assert eve.post(f"/rules/{rule.id}", {**builder.form, "do": "turn on"}).status_code == 403
