"""Many at once: previewed, done in steps, carried on after a worker died, stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import bulk
from rulebook.domain.bulk import Which
from rulebook.errors import Conflict, NotAllowed, NotFound
from rulebook.storage import utcnow
from rulebook.storage.events import EventFilter
from rulebook.storage.runs import RunFilter
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import events_of, path_of, run_of, runs_of, send
from tests.web.shop import sqlite_only
from tests.work import work

ALL = Which("replay", events=EventFilter(state="unmatched"))


@pytest.fixture
def shop(app: Flask, ada: Person) -> None:
    """Five events that no rule knew, and now a rule that four of them meet."""
    with app.app_context():
        hook = make_hook(ada)
        path = path_of(hook)
    for n in (60, 70, 80, 90, 1):
        send(app, path, b'{"amount": %d}' % n)
    work(app)
    with app.app_context():
        make_rule(ada, hook)


def carry_on(app: Flask, later: int = 0) -> list[str]:
    with app.app_context():
        return bulk.carry_on(utcnow() + timedelta(seconds=later))


def begin(app: Flask, person: Person, which: Which = ALL) -> str:
    with app.app_context():
        return bulk.begin(person.actor, which).id


@pytest.mark.usefixtures("shop")
def test_all_that_fit_are_replayed_once(app: Flask, ada: Person) -> None:
    with app.app_context():
        found = bulk.preview(ada.actor, ALL)
        assert (dict(found.would), found.looked, found.more) == ({"sms": 4}, 5, False)
        assert dict(found.left_out) == {"No rule of today matches it.": 1}
    assert runs_of(app, ada) == []
    bulk_id = begin(app, ada)
    due = carry_on(app)
    assert len(due) == 4 and carry_on(app) == []
    assert [run.state for run in runs_of(app, ada)] == ["queued"] * 4
    with app.app_context():
        ended = bulk.find_bulk(ada.actor, bulk_id)
        assert (ended.state, ended.looked, ended.sent) == ("done", 5, 4)
        assert sum(ended.left_out.values()) == 1
        with pytest.raises(Conflict):
            bulk.stop(ada.actor, bulk_id)
    everything = Which("replay", tuple(event.id for event in events_of(app, ada)))
    with app.app_context():
        found = bulk.preview(ada.actor, everything)
        assert (found.already_sent, dict(found.would)) == (4, {})
    begin(app, ada, everything)
    assert carry_on(app) == [], "what was sent is not sent again"
    begin(app, ada, Which("replay", (events_of(app, ada)[1].id,), again=True))
    assert len(carry_on(app)) == 1


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("at", [0, 2])
def test_a_worker_that_dies_sends_nothing_twice(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    bulk_id = begin(app, ada, Which("replay", tuple(e.id for e in events_of(app, ada)), again=True))
    really: Callable[..., list[str]] = bulk._send
    done = 0

    def dies(*given: object) -> list[str]:
        nonlocal done
        if done == at:
            raise KeyboardInterrupt
        done += 1
        return really(*given)

    with monkeypatch.context() as patched:
        patched.setattr(bulk, "_send", dies)
        with pytest.raises(KeyboardInterrupt):
            carry_on(app)
    assert carry_on(app) == [], "its lease is not over"
    carry_on(app, later=61)
    carry_on(app, later=61)
    assert len(runs_of(app, ada)) == 4
    assert len({run.event_id for run in runs_of(app, ada)}) == 4
    with app.app_context():
        assert bulk.find_bulk(ada.actor, bulk_id).state == "done"


@pytest.mark.usefixtures("shop")
def test_it_can_be_stopped_and_comes_in_steps(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP", 2)
    bulk_id = begin(app, ada)
    carry_on(app)
    with app.app_context():
        assert bulk.find_bulk(ada.actor, bulk_id).looked == 2
        assert bulk.stop(ada.actor, bulk_id).state == "stopped"
    assert carry_on(app) == [] and len(runs_of(app, ada)) < 4


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_what_failed_is_retried_together(app: Flask, ada: Person) -> None:
    begin(app, ada)
    carry_on(app)
    for run in runs_of(app, ada):
        with app.app_context():
            from rulebook.domain.replay import cancel

            cancel(ada.actor, run.id)
    which = Which("retry", runs=RunFilter(states=("cancelled",)))
    with app.app_context():
        assert dict(bulk.preview(ada.actor, which).would) == {"sms": 4}
    begin(app, ada, which)
    due = carry_on(app)
    assert len(due) == 4 and all(run_of(app, each).state == "queued" for each in due)
    begin(app, ada, which)
    assert carry_on(app) == [], "retried already"


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_strangers_and_viewers_begin_nothing(app: Flask, ada: Person, cy: Person) -> None:
    vi = make_person(app, "vi", workspace_of=ada, role="viewer")
    bulk_id = begin(app, ada)
    with app.app_context():
        with pytest.raises(NotAllowed):
            bulk.begin(vi.actor, ALL)
        with pytest.raises(NotAllowed):
            bulk.stop(vi.actor, bulk_id)
        with pytest.raises(NotFound):
            bulk.find_bulk(cy.actor, bulk_id)
        with pytest.raises(NotFound):
            bulk.stop(cy.actor, bulk_id)
        assert bulk.preview(cy.actor, ALL).looked == 0
    stolen = begin(app, cy, Which("replay", tuple(event.id for event in events_of(app, ada))))
    for _ in range(3):
        carry_on(app)
    with app.app_context():
        assert bulk.find_bulk(cy.actor, stolen).sent == 0
    assert len(runs_of(app, ada)) == 4, "only what ada asked for"
    assert cy.get(f"/bulks/{bulk_id}").status_code == 404
    assert cy.post(f"/bulks/{bulk_id}/stop").status_code == 404
    assert vi.post("/together/replay", {"state": "unmatched"}).status_code == 403


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_the_pages_ask_begin_and_tell(app: Flask, ada: Person) -> None:
    page = ada.get("/together/replay?state=unmatched").get_data(as_text=True)
    assert "Send 4 SMS" in page
    assert ada.get("/together/replay").status_code == 303, "nothing chosen is not everything"
    assert ada.get("/together/dance").status_code == 404
    there = ada.post("/together/replay", {"state": "unmatched"}).location
    assert "Replaying: 0 runs planned" in ada.get(there).get_data(as_text=True)
    carry_on(app)
    part = ada.get(f"{there}?part=progress").get_data(as_text=True)
    assert "Done: 4 runs planned" in part and "hx-get" not in part
    assert 'name="id"' in ada.get("/events").get_data(as_text=True)
