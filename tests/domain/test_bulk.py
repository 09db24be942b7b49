"""Many at once: previewed, done in steps, carried on after a worker died, stopped."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import bulk, deed
from rulebook.domain.chosen import Which
from rulebook.domain.deeds import DEEDS
from rulebook.domain.replay import retry
from rulebook.errors import Conflict, NotAllowed, NotFound
from rulebook.storage import audit, utcnow
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.ledger import RunFilter
from rulebook.storage.runs import Run
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import events_of, path_of, run_of, runs_of, send
from tests.web.seeing import runs_of as newest_first
from tests.web.seeing import set_runs
from tests.web.shop import sqlite_only
from tests.work import work

ALL = Which("replay", events=EventFilter(state="unmatched"))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine ends no step early."""
    monkeypatch.setattr(bulk, "STEP_SECONDS", 600)
    monkeypatch.setattr(bulk, "PREVIEW_SECONDS", 600)


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
        return bulk.carry_on(utcnow() + timedelta(seconds=later)).due


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
    found = DEEDS["replay"]
    done = 0

    def dies(*given: object) -> list[str]:
        nonlocal done
        if done == at:
            raise KeyboardInterrupt
        done += 1
        assert found.do
        return found.do(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setitem(DEEDS, "replay", replace(found, do=dies))
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
    monkeypatch.setitem(DEEDS, "replay", replace(DEEDS["replay"], step=2))
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
    assert vi.post("/together/replay", {"state": "unmatched", "fit": "yes"}).status_code == 403


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_the_pages_ask_begin_and_tell(app: Flask, ada: Person) -> None:
    page = ada.get("/together/replay?state=unmatched&fit=yes").get_data(as_text=True)
    assert "Send 4 SMS" in page
    assert ada.get("/together/replay").status_code == 303, "nothing chosen is not everything"
    assert ada.get("/together/dance").status_code == 404
    there = ada.post("/together/replay", {"state": "unmatched", "fit": "yes"}).location
    assert "Replaying: 0 runs planned" in ada.get(there).get_data(as_text=True)
    carry_on(app)
    part = ada.get(f"{there}?part=progress").get_data(as_text=True)
    assert "Done: 4 runs planned" in part and "hx-get" not in part
    assert 'name="id"' in ada.get("/events").get_data(as_text=True)


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_an_empty_preview_offers_nothing_to_send(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More fit than are looked at, and none of those that were would be sent."""
    monkeypatch.setattr(bulk, "PREVIEW_STEP", 1)
    monkeypatch.setattr(bulk, "PREVIEW_SECONDS", 0)
    page = ada.get("/together/replay?state=unmatched&fit=yes").get_data(as_text=True)
    assert "Of the newest 1, nothing would be sent" in page
    assert "Send them" not in page and 'method="post" action="/together' not in page
    further = re.search(r'name="upto" value="(\w+)"', page)
    assert further and "Look further" in page
    page = ada.get(f"/together/replay?state=unmatched&fit=yes&upto={further[1]}").text
    assert "Send them, step by step" in page


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_a_preview_looks_on_until_it_finds_some(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PREVIEW_STEP", 1)
    monkeypatch.setitem(DEEDS, "replay", replace(DEEDS["replay"], previewed=1))
    with app.app_context():
        found = bulk.preview(ada.actor, ALL)
        assert (found.looked, dict(found.would), found.more) == (2, {"sms": 1}, True)


def failed_ones(app: Flask, ada: Person) -> list[Run]:
    """Four runs that failed, newest first."""
    begin(app, ada)
    carry_on(app)
    set_runs(app, state="failed", finished_at=utcnow())
    return newest_first(app, ada)


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_a_preview_of_retries_promises_what_is_kept(app: Flask, ada: Person) -> None:
    first, second, third, fourth = failed_ones(app, ada)
    with app.app_context():
        again = retry(ada.actor, first.id)
    set_runs(app, again.id, state="failed")
    set_runs(app, second.id, may_repeat=True)
    set_runs(app, third.id, state="queued")
    which = Which("retry", (again.id, first.id, second.id, third.id, fourth.id, "run_0"))
    with app.app_context():
        found = bulk.preview(ada.actor, which)
    assert (found.would.total(), found.already_sent, found.looked) == (2, 1, 6)
    left_out = {
        "This was retried already; see the newer run.": 1,
        "Not sent again, because it may have arrived.": 1,
        "It waits, and is sent by itself.": 1,
        "It is no longer there.": 1,
    }
    assert dict(found.left_out) == left_out
    bulk_id = begin(app, ada, which)
    assert len(carry_on(app)) == found.would.total(), "as many as were promised"
    with app.app_context():
        ended = bulk.find_bulk(ada.actor, bulk_id)
        assert (ended.state, ended.sent, ended.looked) == ("done", 2, 6)
        assert sum(ended.left_out.values()) == 4


def test_held_runs_are_released_and_cancelled_together(
    app: Flask, ada: Person, cy: Person, shop: None
) -> None:
    later = utcnow() + timedelta(hours=1)
    one, off, late, fine = failed_ones(app, ada)
    held = {"state": "held", "held_for": "limit", "expires_at": later, "practice": False,
            "finished_at": None}  # fmt: skip
    for run in (one, fine):
        set_runs(app, run.id, **held)
    set_runs(app, off.id, **{**held, "held_for": "target"})
    set_runs(app, late.id, **{**held, "expires_at": utcnow()})
    which = Which("release", runs=RunFilter(states=("held",)))
    with app.app_context():
        found = bulk.preview(ada.actor, which)
        assert dict(found.would) == {"sms": 2} and found.cost > 0
        assert set(found.left_out) == {
            "What it is sent to is switched off.",
            "It has waited too long, so it is not sent any more.",
        }
        assert bulk.preview(cy.actor, which).looked == 0
    bulk_id = begin(app, ada, which)
    assert sorted(carry_on(app)) == sorted([one.id, fine.id])
    with app.app_context():
        assert sum(bulk.find_bulk(ada.actor, bulk_id).left_out.values()) == 2
    stolen = begin(app, cy, Which("cancel", (off.id, late.id)))
    carry_on(app)
    with app.app_context():
        assert bulk.find_bulk(cy.actor, stolen).sent == 0
    bulk_id = begin(app, ada, Which("cancel", runs=RunFilter(states=("held",))))
    assert carry_on(app) == []
    states = [run.state for run in newest_first(app, ada)]
    assert states == ["queued", "cancelled", "cancelled", "queued"]
    with app.app_context():
        assert bulk.find_bulk(ada.actor, bulk_id).sent == 2
        noted = [each.what for each in audit.entries(ada.workspace_id, 50)]
    assert noted.count("run.release") == 2 and noted.count("run.cancel") == 2
    assert "bulk.release" in noted and "bulk.cancel" in noted


@sqlite_only
@pytest.mark.usefixtures("shop")
def test_what_waits_is_cancelled_however_much_waits(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_ones(app, ada)
    set_runs(app, state="queued", finished_at=None)
    monkeypatch.setattr(deed, "MOST_REPLAYS", 1)
    begin(app, ada, Which("retry", runs=RunFilter(states=("queued",))))
    carry_on(app)
    begin(app, ada, Which("cancel", runs=RunFilter(states=("queued",))))
    carry_on(app)
    carry_on(app)
    assert {run.state for run in newest_first(app, ada)} == {"cancelled"}
