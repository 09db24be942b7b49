"""The Practice outbox shows messages as they would look, and says that none was sent."""

from __future__ import annotations

from flask import Flask

from tests.people import Person, make_hook, make_rule
from tests.web.seeing import ON_SQLITE, runs_of, send, text_of
from tests.work import work

LETTER = {
    "id": "mail", "action": "email",
    "config": {"to": "bo@shop.example", "subject": "Paid {{ payload.amount }}",
               "html": "<p>Thank you, <b>{{ payload.name }}</b></p>"},
}  # fmt: skip


@ON_SQLITE
def test_an_empty_outbox_says_that_it_is_ready(ada: Person) -> None:
    assert "it keeps messages, sends nothing" in text_of(ada.get("/outbox"))


def test_messages_look_as_they_would_and_lead_to_run_and_event(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
        make_rule(ada, hook, name="Thank them", then=[LETTER])
    send(app, hook, '{"amount": 99, "name": "<img src=x>"}')
    work(app)
    page = ada.get("/outbox")
    said = text_of(page)
    assert "To +14155550123 Paid: 99 1 segment, 8 letters" in said
    assert "To bo@shop.example Subject Paid 99" in said and "Thank you, <img src=x>" in said
    assert said.count("Not sent") == 2
    assert "<img" not in page.text and "&lt;b&gt;&amp;lt;img src=x&amp;gt;&lt;/b&gt;" in page.text
    for run in runs_of(app, ada):
        assert f"/runs/{run.id}" in page.text and f"/events/{run.event_id}" in page.text


@ON_SQLITE
def test_new_messages_wait_behind_a_bar(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    send(app, hook, '{"amount": 60}')
    work(app)
    first = ada.get("/outbox").text.split("upto=")[1].split('"')[0]
    send(app, hook, '{"amount": 70}')
    work(app)
    page = text_of(ada.get(f"/outbox?upto={first}"))
    assert "1 new message: show it" in page and "Paid: 60" in page and "Paid: 70" not in page


@ON_SQLITE
def test_a_stranger_reads_nothing(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    send(app, hook)
    work(app)
    assert "Paid: 99" not in text_of(cy.get("/outbox"))
