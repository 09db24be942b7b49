"""Home tells a newcomer the next step, and everybody else what needs them."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from rulebook.domain import replay
from rulebook.storage import db, utcnow
from rulebook.storage.events import Event
from tests.people import Person, make_hook, make_rule
from tests.web.seeing import ON_SQLITE, found, runs_of, send, set_runs, text_of
from tests.work import work


@ON_SQLITE
def test_the_first_steps_tick_themselves(app: Flask, ada: Person) -> None:
    def current() -> str:
        return found(r'aria-current="step">.*?<h2>(.*?)</h2>', ada.get("/").text)

    assert current() == "Make a hook"
    with app.app_context():
        hook = make_hook(ada)
    assert current() == "Let an event arrive"
    assert f'action="/hooks/{hook.id}/sample"' in ada.get("/").text
    send(app, hook)
    assert current() == "Say what should happen"
    with app.app_context():
        make_rule(ada, hook)
    assert current() == "See the message"
    send(app, hook)
    work(app)
    assert "It runs. That was all." in text_of(ada.get("/?first=1"))
    assert "Everything ran by itself today." in text_of(ada.get("/"))


@ON_SQLITE
def test_a_rule_that_is_off_is_not_yet_something_that_happens(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook, mode="off")
    send(app, hook)
    page = ada.get("/")
    assert "Switch it to Watch or Live" in text_of(page)
    assert f"/rules/{rule.id}" in page.get_data(as_text=True)


def test_a_day_in_figures_never_calls_practice_sent(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    send(app, hook)
    send(app, hook, '{"amount": 1}')
    work(app)
    page = text_of(ada.get("/"))
    assert "2 received, 1 matched, 0 sent, 1 kept by the Practice outbox" in page
    assert "Text me big payments" in page and "1 hit in 24 hours" in page
    assert "When amount is at least 50" in page


def test_failures_stand_together_until_they_are_retried(
    app: Flask, ada: Person, bo: Person
) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    for _ in range(2):
        send(app, hook)
    work(app)
    set_runs(app, state="failed", sentence="The password was refused.", fix="Replace it.")
    page = bo.get("/")
    assert "One thing needs you." in text_of(page)
    assert "2 failed Text me big payments : The password was refused. Replace it." in text_of(page)
    assert f"/runs/retry?rule={rule.id}" in page.get_data(as_text=True)
    for run in runs_of(app, ada):
        with app.app_context():
            replay.retry(bo.actor, run.id)
    work(app)
    assert "needs you" not in text_of(bo.get("/"))


@ON_SQLITE
def test_failures_can_be_dealt_with_but_new_ones_count_again(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    send(app, hook)
    work(app)
    set_runs(app, state="failed", sentence="Refused.")
    assert ada.post("/dismiss", {"thing": rule.id}).status_code == 303
    assert "needs you" not in text_of(ada.get("/"))
    send(app, hook)
    work(app)
    [newest, _] = runs_of(app, ada)
    set_runs(app, newest.id, state="failed", finished_at=utcnow())
    assert "1 failed" in text_of(ada.get("/"))


@ON_SQLITE
def test_doubt_is_counted_in_the_masthead_of_every_page(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    send(app, hook)
    work(app)
    set_runs(app, state="unknown", sentence="The answer was lost.", practice=False)
    assert "May have been sent SMS to +1 415 555 0123 : The answer was lost." in text_of(
        ada.get("/")
    )
    assert ", waiting for you: 1" in text_of(ada.get("/settings"))


def test_late_held_and_unjudged_work_is_told(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    for _ in range(3):
        send(app, hook)
    work(app)
    held, late, _ = runs_of(app, ada)
    set_runs(app, held.id, state="held", finished_at=None)
    overdue = utcnow() - timedelta(minutes=5)
    set_runs(app, late.id, state="queued", finished_at=None, next_attempt_at=overdue)
    with app.app_context():
        broken = update(Event).where(Event.id == held.event_id)
        db.session.execute(broken.values(state="poison", reason="Judging failed three times."))
        db.session.commit()
    page = text_of(ada.get("/"))
    assert "Three things need you." in page
    assert "Late Work is late. What is due is not being done." in page
    assert "1 held Text me big payments" in page
    assert "1 not judged Payments : Judging failed three times." in page
    assert "Oldest waiting work" in page and "SMS to +1 415 555 0123" in page
    ada.post("/dismiss", {"thing": hook.id})
    assert "not judged" not in text_of(ada.get("/"))
    assert "need you" not in text_of(cy.get("/settings"))


@ON_SQLITE
def test_a_stranger_sees_nothing_of_it(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    send(app, hook)
    work(app)
    assert "Text me" not in text_of(cy.get("/"))
    assert cy.post("/dismiss", {"thing": rule.id}).status_code == 404


@ON_SQLITE
def test_charts_show_what_one_asks_for(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    send(app, hook)
    send(app, hook, '{"amount": 1}')
    work(app)
    page = text_of(ada.get("/?days=30"))
    assert "Last 30 days" in page and "1 hit in 30 days" in page
    page = text_of(ada.get(f"/?days=7&of={hook.id}"))
    assert "Last 7 days" in page
    assert re.search(r"from \d\d:00 2 1 0 1 0 Times are", page), "the last row of the numbers"
    page = ada.get(f"/?of={rule.id}&part=charts").get_data(as_text=True)
    assert "Received" not in page and '<th scope="col" class="num">Matched</th>' in page
    assert ada.get("/?days=5&of=rule_nobody").status_code == 200
    assert "Text me" not in text_of(cy.get(f"/?of={rule.id}"))


@ON_SQLITE
def test_rows_stay_where_they_are_while_somebody_reads(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    send(app, hook)
    work(app)
    [run] = runs_of(app, ada)
    set_runs(app, state="failed", sentence="Refused.")
    asks = html.unescape(found(r'hx-get="([^"]*part=now[^"]*)"', ada.get("/").text))
    assert asks.endswith(f"known=failed-{rule.id}")
    set_runs(app, run.id, state="unknown", sentence="The answer was lost.")
    later = text_of(ada.get(asks))
    assert "Settled This does not need anybody any more." in later
    assert "One more thing needs you: show it" in later and "The answer was lost" not in later
    assert "The answer was lost" in text_of(ada.get("/"))
