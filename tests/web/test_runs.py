"""Runs say honestly what became of them, and every button does what it says, once."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from rulebook.storage import utcnow
from rulebook.storage.runs import Run
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.seeing import ON_SQLITE, runs_of, send, set_runs, text_of
from tests.work import work


@pytest.fixture
def run(app: Flask, ada: Person) -> Run:
    """One practice text message, kept."""
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    send(app, hook)
    work(app)
    return runs_of(app, ada)[0]


def test_a_practice_run_is_never_called_sent(ada: Person, run: Run) -> None:
    line = text_of(ada.get("/runs"))
    assert "SMS to +1 415 555 0123 Text me big payments, version 1" in line
    page = text_of(ada.get(f"/runs/{run.id}"))
    assert "Kept, not sent" in page and "Paid: 99" in page and "1 segment" in page
    assert "SMS to" not in text_of(ada.get("/runs?state=sent"))
    assert "SMS to" in text_of(ada.get("/runs?state=kept"))


@ON_SQLITE
def test_lists_narrow_by_hook_rule_and_state(app: Flask, ada: Person, run: Run) -> None:
    for query, shown in (
        (f"hook={run.hook_id}", True), (f"rule={run.rule_id}", True), ("hook=hook_0", False),
        ("rule=rule_0", False), ("state=failed", False), ("state=nonsense", True),
    ):  # fmt: skip
        assert (f"/runs/{run.id}" in ada.get(f"/runs?{query}").text) is shown, query


@ON_SQLITE
def test_new_runs_wait_behind_a_bar_and_move_nothing(app: Flask, ada: Person, run: Run) -> None:
    assert f"top={run.id}" in ada.get("/runs").text
    with app.app_context():
        hook = make_hook(ada, "Second")
        make_rule(ada, hook, name="Another rule")
    send(app, hook)
    work(app)
    page = text_of(ada.get(f"/runs?top={run.id}"))
    assert "1 new run: show it" in page and "Another rule, version" not in page
    assert "Another rule, version" in text_of(ada.get("/runs"))


@ON_SQLITE
def test_older_runs_are_a_page_further(app: Flask, ada: Person, monkeypatch) -> None:
    monkeypatch.setattr("web.runlist.SHOWN", 2)
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
    for _ in range(3):
        send(app, hook)
    work(app)
    seen, there = [], "/runs"
    while there:
        page = ada.get(there).text
        seen += re.findall(r'<li class="run" id="(\w+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        there = older[1] if older else ""
    assert seen == [each.id for each in runs_of(app, ada)]


def test_a_failed_run_is_retried_as_a_run_of_its_own(app: Flask, bo: Person, run: Run) -> None:
    set_runs(app, run.id, state="failed", sentence="Twilio refused it.", fix="Correct the number.")
    page = text_of(bo.get(f"/runs/{run.id}"))
    assert "Twilio refused it. Correct the number." in page
    answer = bo.post(f"/runs/{run.id}/retry")
    fresh = runs_of(app, bo)[0]
    assert answer.status_code == 303 and answer.location == f"/runs/{fresh.id}" != f"/runs/{run.id}"
    work(app)
    assert "Retried as a run of its own." in text_of(bo.get(answer.location))
    bo.post(f"/runs/{run.id}/retry")
    assert len(runs_of(app, bo)) == 2
    assert "This was retried already" in text_of(bo.get(f"/runs/{run.id}"))


def test_a_retry_rings_the_bell(app: Flask, ada: Person, run: Run) -> None:
    set_runs(app, run.id, state="failed")
    ada.post(f"/runs/{run.id}/retry")
    queue = app.extensions["bell"].queue
    fresh = runs_of(app, ada)[0]
    rung = [task.args for task in queue.pending()]
    assert (fresh.id,) in rung


@ON_SQLITE
@pytest.mark.parametrize(
    ("how", "state", "said"),
    [
        ("arrived", "succeeded", "A person said that it arrived."),
        ("not_arrived", "failed", "A person said that it did not arrive."),
        ("send_again", "queued", "it may arrive twice"),
    ],
)
def test_doubt_is_settled_by_a_person(
    app: Flask, ada: Person, run: Run, how: str, state: str, said: str
) -> None:
    set_runs(app, run.id, state="unknown", sentence="The answer was lost.", practice=False)
    page = ada.get(f"/runs/{run.id}")
    assert "Send it again only if a second one does no harm" in text_of(page)
    assert ada.post(f"/runs/{run.id}/resolve", {"how": how}).location == f"/runs/{run.id}"
    assert said in text_of(ada.get(f"/runs/{run.id}"))
    assert runs_of(app, ada)[0].state == state
    ada.post(f"/runs/{run.id}/resolve", {"how": how})
    assert "not in doubt any more" in text_of(ada.get(f"/runs/{run.id}"))


@ON_SQLITE
def test_what_waits_can_be_cancelled(app: Flask, ada: Person, run: Run) -> None:
    set_runs(app, run.id, state="queued", finished_at=None, next_attempt_at=utcnow(), attempts=1)
    assert "Next attempt" in text_of(ada.get("/"))
    answer = ada.post(f"/runs/{run.id}/cancel", {"next": "/runs?state=waiting"})
    assert answer.location == "/runs?state=waiting"
    assert "Cancelled: nothing is sent for it." in text_of(ada.get("/runs"))
    ada.post(f"/runs/{run.id}/cancel")
    assert "too late to cancel" in text_of(ada.get("/runs"))


@ON_SQLITE
def test_a_retry_of_many_shows_first_what_would_be_sent(app: Flask, ada: Person, run: Run) -> None:
    with app.app_context():
        hook = make_hook(ada, "Second")
        make_rule(ada, hook, name="Another rule")
    send(app, hook)
    work(app)
    other = runs_of(app, ada)[0]
    set_runs(app, state="failed", sentence="Refused.")
    set_runs(app, other.id, may_repeat=True)
    page = ada.get("/runs/retry")
    assert "Retry 2 failed runs" in text_of(page) and "each needs its own tick" in text_of(page)
    assert f'value="{run.id}" checked' in page.text and f'value="{other.id}">' in page.text
    assert len(runs_of(app, ada)) == 2, "a preview sends nothing"
    only = text_of(ada.get(f"/runs/retry?rule={run.rule_id}"))
    assert "Retry 1 failed run of Text me big payments" in only and "Another rule" not in only
    ada.post("/runs/retry", {"run": [run.id]})
    assert "Retried 1 run." in text_of(ada.get("/runs"))
    assert len(runs_of(app, ada)) == 3
    ada.post("/runs/retry", {"run": [run.id]})
    assert "1 left out" in text_of(ada.get("/runs"))


@ON_SQLITE
def test_secrets_in_what_was_sent_stay_masked(app: Flask, ada: Person, run: Run) -> None:
    set_runs(app, run.id, action="http", message=None, config={
        "url": "https://books.example/in", "method": "POST", "body": "<b>amount</b> 99",
    })  # fmt: skip
    page = ada.get(f"/runs/{run.id}")
    assert "https://books.example/in" in text_of(page)
    assert "&lt;b&gt;amount&lt;/b&gt; 99" in page.text


@ON_SQLITE
def test_a_viewer_looks_and_a_stranger_finds_nothing(
    app: Flask, ada: Person, cy: Person, run: Run
) -> None:
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    set_runs(app, run.id, state="failed")
    assert "you may look" in text_of(vic.get(f"/runs/{run.id}"))
    assert cy.get(f"/runs/{run.id}").status_code == 404
    assert cy.get(f"/runs/retry?rule={run.rule_id}").status_code == 404
    for verb in ("retry", "cancel", "resolve"):
        assert vic.post(f"/runs/{run.id}/{verb}", {"how": "arrived"}).status_code == 403
        assert cy.post(f"/runs/{run.id}/{verb}", {"how": "arrived"}).status_code == 404
    assert vic.post("/runs/retry", {"run": [run.id]}).status_code == 403
    assert cy.post("/runs/retry", {"run": [run.id]}).status_code == 404
    assert "SMS to" not in text_of(cy.get("/runs"))
    assert len(runs_of(app, ada)) == 1
