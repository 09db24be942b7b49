"""Targets and held runs on the pages and in the API: shown with their reason, decided by button."""

from __future__ import annotations

import pytest
from flask import Flask

from rulebook.storage import db, utcnow
from rulebook.storage.runs import Run
from tests.domain.test_breaker import tell
from tests.fakes import Sink
from tests.people import Person, make_person
from tests.stories import call, planned, run_of
from tests.work import work

WHY = "It answered 410: gone."


@pytest.fixture
def off(app: Flask, ada: Person) -> Run:
    """A run that is held, because its target was switched off."""
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
    target = run_of(app, run_id).target
    tell(app, ada, utcnow(), "no_for_good", target=target, gone=True, sentence=WHY)
    return run_of(app, run_id)


@pytest.fixture
def costly(app: Flask, ada: Person) -> Run:
    """A run that is held because of what it costs."""
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
    with app.app_context():
        run = db.session.get_one(Run, run_id)
        run.state, run.held_for = "held", "limit"
        run.sentence = "Held: 20 texts in an hour."
        db.session.commit()
    return run_of(app, run_id)


def test_every_page_says_that_a_target_is_off(app: Flask, ada: Person, off: Run) -> None:
    planned(app, ada, {"id": "sms", "action": "sms",
                       "config": {"to": "+14155550123", "message": "Hi"}})  # fmt: skip
    work(app)
    pages = {
        "/": "1 run is held",
        "/connections": "Switch on, send 1",
        "/runs?state=held": "is switched off",
        f"/runs/{off.id}": "See the targets that are off",
        f"/events/{off.event_id}": "Switch the target on again",
    }
    for path, words in pages.items():
        page = ada.get(path).text
        assert WHY in page and words in page, path
    assert ada.api("GET", f"/runs/{off.id}").json["target"] == off.target


def test_without_trouble_there_is_no_word_of_it(app: Flask, ada: Person) -> None:
    assert "Targets in trouble" not in ada.get("/connections").text


def test_a_target_that_waits_is_shown_without_a_switch(app: Flask, ada: Person) -> None:
    tell(app, ada, utcnow(), *["not_sent"] * 10, target="a.example:443")
    page = ada.get("/connections").text
    assert "Left alone" in page and "one run tries again" in page and "Switch on" not in page


@pytest.mark.parametrize(("how", "state"), [("send", "queued"), ("cancel", "cancelled")])
def test_the_switch(app: Flask, ada: Person, bo: Person, off: Run, how: str, state: str) -> None:
    done = bo.post("/connections/targets/on", {"name": off.target, "held": how})
    assert done.status_code == 303
    assert run_of(app, off.id).state == state
    assert "Targets in trouble" not in ada.get("/connections").text
    again = ada.post("/connections/targets/on", {"name": off.target, "held": how})
    assert "not switched off" in ada.get(again.location).text


def test_a_viewer_has_no_switch(app: Flask, ada: Person, off: Run, costly: Run) -> None:
    di = make_person(app, "di", workspace_of=ada, role="viewer")
    assert "Switch on," not in di.get("/connections").text
    assert (
        di.post("/connections/targets/on", {"name": off.target, "held": "send"}).status_code == 403
    )
    assert di.post(f"/runs/{costly.id}/release").status_code == 403
    answer = di.post("/together/release", {"id": costly.id})
    assert answer.status_code == 403
    reads = {"Authorization": f"Bearer {ada.token('read')}"}
    client = app.test_client()
    for path in ("targets/switch-on", f"runs/{costly.id}/release"):
        assert client.post(f"/api/v1/{path}", json={}, headers=reads).status_code == 403
    assert {run_of(app, run.id).state for run in (off, costly)} == {"held"}


def test_the_api_lists_and_switches(app: Flask, ada: Person, cy: Person, off: Run) -> None:
    tell(app, ada, utcnow(), *["not_sent"] * 10, target="zebra.example:443")
    first = ada.api("GET", "/targets?limit=1").json
    [one] = first["items"]
    assert (one["name"], one["state"], one["held"], one["reason"]) == (off.target, "off", 1, WHY)
    [two] = ada.api("GET", f"/targets?cursor={first['next']}").json["items"]
    assert (two["state"], two["failures"]) == ("waiting", 10) and two["until"]
    assert cy.api("GET", "/targets").json["items"] == []
    body = {"name": off.target, "held": "send"}
    assert cy.api("POST", "/targets/switch-on", body).status_code == 409
    assert ada.api("POST", "/targets/switch-on", {**body, "held": "x"}).status_code == 422
    assert ada.api("POST", "/targets/switch-on", body).json == {"sent": 1, "cancelled": 0}
    assert ada.api("POST", "/targets/switch-on", body).status_code == 409
    assert run_of(app, off.id).state == "queued"


def test_what_costs_money_is_released_one_by_one(app: Flask, ada: Person, costly: Run) -> None:
    assert "Release" in ada.get(f"/events/{costly.event_id}").text
    assert "Release" in ada.get(f"/runs/{costly.id}").text
    assert ada.post(f"/runs/{costly.id}/release").status_code == 303
    assert run_of(app, costly.id).state == "queued"
    assert ada.api("POST", f"/runs/{costly.id}/release").status_code == 409


def test_a_run_of_a_target_that_is_off_is_not_released(app: Flask, ada: Person, off: Run) -> None:
    assert ada.api("POST", f"/runs/{off.id}/release").status_code == 409
    assert run_of(app, off.id).state == "held"
