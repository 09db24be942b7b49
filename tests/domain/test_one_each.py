"""One per person: of the runs held for one receiver the newest is sent, the older ones cancelled;
and steps of many that nobody can catch half done."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import bulk, deed
from rulebook.domain.chosen import Which
from rulebook.domain.deeds import DEEDS
from rulebook.domain.heldback import FOR_A_NEWER, HIDDEN_PERSON, NO_PERSON, ONE_EACH
from rulebook.domain.hidden_fields import hide_field
from rulebook.storage import audit, utcnow
from rulebook.storage.ledger import RunFilter
from rulebook.storage.runs import Run
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import path_of, run_of, send
from tests.web.seeing import ON_SQLITE, runs_of, set_runs, text_of
from tests.work import work

HELD = Which("one_each", runs=RunFilter(states=("held",)))
SMS = {"id": "sms", "action": "sms", "config": {"to": "{{ payload.to }}", "message": "Order"}}
CALL = {"id": "call", "action": "http",
        "config": {"url": "https://books.example/", "method": "POST"}}  # fmt: skip
JENNY, TOM = "+14155550101", "+14155550102"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine ends no preview early."""
    monkeypatch.setattr(bulk, "PREVIEW_SECONDS", 600)


class Shop:
    """A hook with a rule that texts whoever is named, and one that calls the books."""

    def __init__(self, app: Flask, ada: Person) -> None:
        self.app, self.ada = app, ada
        with app.app_context():
            hook = make_hook(ada)
            self.rule = make_rule(ada, hook, name="Tell them", then=[SMS])
            self.path = path_of(hook)
            self.hook = hook

    def holds(self, *receivers: str) -> list[Run]:
        """One event after the other, whose runs are held; oldest first."""
        for to in receivers:
            send(self.app, self.path, json.dumps({"amount": 99, "to": to}).encode())
        work(self.app)
        later = utcnow() + timedelta(hours=1)
        set_runs(self.app, state="held", held_for="limit", expires_at=later, practice=False,
                 finished_at=None)  # fmt: skip
        return runs_of(self.app, self.ada)[::-1]

    def ends(self, which: Which = HELD) -> tuple[str, list[str]]:
        """The bulk that this was, and what came to be due by it."""
        due: list[str] = []
        with self.app.app_context():
            made = bulk.begin(self.ada.actor, which)
            while bulk.find_bulk(self.ada.actor, made.id).state == "going":
                due += bulk.carry_on().due
        return made.id, due


@pytest.fixture
def shop(app: Flask, ada: Person) -> Shop:
    return Shop(app, ada)


def states(app: Flask, ada: Person) -> list[str]:
    return [run.state for run in runs_of(app, ada)[::-1]]


def test_the_newest_for_each_is_sent_and_the_older_ones_say_why(
    app: Flask, ada: Person, cy: Person, shop: Shop
) -> None:
    held = shop.holds(JENNY, TOM, JENNY, "+1 415 555 0101", TOM, JENNY)
    with app.app_context():
        found = bulk.preview(ada.actor, HELD)
        assert (dict(found.would), found.cancelled, found.looked) == ({"sms": 2}, 4, 6)
        assert not found.left_out and bulk.preview(cy.actor, HELD).looked == 0
    assert states(app, ada) == ["held"] * 6
    bulk_id, due = shop.ends()
    assert sorted(due) == [held[4].id, held[5].id]
    assert states(app, ada) == ["cancelled"] * 4 + ["queued"] * 2
    assert run_of(app, held[0].id).sentence == ONE_EACH
    with app.app_context():
        ended = bulk.find_bulk(ada.actor, bulk_id)
        assert (ended.looked, ended.sent, ended.left_out) == (6, 2, {FOR_A_NEWER: 4})
        noted = Counter(each.what for each in audit.entries(ada.workspace_id, 50))
    assert (noted["run.release"], noted["run.cancel"], noted["bulk.one_each"]) == (2, 4, 1)


def test_it_is_the_same_step_by_step_and_after_a_worker_died(
    app: Flask, ada: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = shop.holds(JENNY, TOM, JENNY, TOM, JENNY)
    one = replace(DEEDS["one_each"], step=2)
    monkeypatch.setitem(DEEDS, "one_each", one)
    with app.app_context():
        made = bulk.begin(ada.actor, HELD)
        first = bulk.carry_on().due

        def dies(*given: object) -> None:
            one.together(*given)  # type: ignore[misc,arg-type]
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setitem(DEEDS, "one_each", replace(one, together=dies))  # type: ignore[arg-type]
            with pytest.raises(KeyboardInterrupt):
                bulk.carry_on()
    with app.app_context():
        assert bulk.carry_on().due == [], "its lease is not over"
        later = utcnow() + timedelta(seconds=61)
        rest = [bulk.carry_on(later).due for _ in range(4)]
        assert bulk.find_bulk(ada.actor, made.id).state == "done"
    assert sorted([*first, *sum(rest, [])]) == [held[3].id, held[4].id]
    assert states(app, ada) == ["cancelled"] * 3 + ["queued"] * 2


def test_another_rule_tells_something_else_and_who_is_nobody_stays(
    app: Flask, ada: Person, shop: Shop
) -> None:
    with app.app_context():
        make_rule(ada, shop.hook, name="Warn them", then=[SMS])
        make_rule(ada, shop.hook, name="Note it", then=[CALL])
    shop.holds(JENNY, JENNY)
    with app.app_context():
        found = bulk.preview(ada.actor, HELD)
        assert (dict(found.would), found.cancelled) == ({"sms": 2}, 2)
        assert dict(found.left_out) == {NO_PERSON: 2}
    bulk_id, due = shop.ends()
    assert len(due) == 2 and Counter(states(app, ada)) == {"queued": 2, "cancelled": 2, "held": 2}
    with app.app_context():
        assert bulk.find_bulk(ada.actor, bulk_id).left_out == {FOR_A_NEWER: 2, NO_PERSON: 2}


@ON_SQLITE
def test_one_that_cannot_be_sent_takes_no_other_with_it(
    app: Flask, ada: Person, shop: Shop
) -> None:
    older, newer, off = shop.holds(JENNY, JENNY, JENNY)
    set_runs(app, newer.id, expires_at=utcnow())
    set_runs(app, off.id, held_for="target")
    _, due = shop.ends()
    assert due == [older.id]
    assert states(app, ada) == ["queued", "held", "held"]


@ON_SQLITE
def test_what_comes_later_is_none_of_its_business(app: Flask, ada: Person, shop: Shop) -> None:
    first = shop.holds(JENNY)
    with app.app_context():
        made = bulk.begin(ada.actor, HELD)
    both = shop.holds(JENNY)
    with app.app_context():
        while bulk.find_bulk(ada.actor, made.id).state == "going":
            bulk.carry_on()
    assert len(both) == 2 and run_of(app, first[0].id).state == "queued"
    assert run_of(app, both[1].id).state == "held"


@ON_SQLITE
def test_a_step_that_lost_its_bulk_has_done_nothing(
    app: Flask, ada: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.holds(JENNY, TOM)
    with app.app_context():
        made = bulk.begin(ada.actor, Which("release", runs=RunFilter(states=("held",))))
        monkeypatch.setattr("rulebook.storage.bulks.move_bulk", lambda *given: False)
        assert bulk.carry_on().due == []
        assert bulk.find_bulk(ada.actor, made.id).looked == 0
    assert states(app, ada) == ["held", "held"]


@ON_SQLITE
def test_many_wait_for_those_before_them_and_go_on_soon(
    app: Flask, ada: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.holds(JENNY, TOM)
    with app.app_context():
        bulk.begin(ada.actor, Which("release", runs=RunFilter(states=("held",))))
        monkeypatch.setattr(deed, "MOST_DUE", 0)
        assert bulk.carry_on() == ([], bulk.LOOK_AGAIN)
        monkeypatch.setattr(deed, "MOST_DUE", 10)
        due, again = bulk.carry_on()
        assert len(due) == 2 and again == 0
        assert bulk.carry_on() == ([], None)


@ON_SQLITE
def test_the_pages_and_the_api_say_how_many(app: Flask, ada: Person, shop: Shop) -> None:
    shop.holds(JENNY, JENNY, TOM)
    listed = ada.get("/runs?state=held").get_data(as_text=True)
    asked = "/together/one_each?fit=yes&amp;state=held"
    assert asked in listed
    page = ada.get(asked.replace("&amp;", "&"))
    told = text_of(page)
    assert "Send one per person of 3 held runs" in told
    assert "about $0.02 , and cancel 1 older one for the same people" in told
    assert "Send 2 SMS, about $0.02; cancel 1" in told
    wanted = {"what": "one_each", "filter": {"state": "held"}}
    found = ada.api("POST", "/bulks/preview", wanted).json
    assert (found["would"], found["cancelled"]) == ([{"action": "sms", "count": 2}], 1)
    there = ada.post("/together/one_each", {"state": "held", "fit": "yes"}).location
    with app.app_context():
        bulk.carry_on()
    assert "Done: 2 runs released, 1 older one cancelled" in text_of(ada.get(there))
    assert "Sent one per person of held runs : 2 runs released, 1 older" in text_of(
        ada.get("/bulks")
    )
    ended = ada.api("GET", f"/bulks/{there.rpartition('/')[2]}").json
    assert (ended["done"], ended["cancelled"], ended["left_out"]) == (2, 1, [])


def test_a_hidden_receiver_is_not_told_apart_by_counting(
    app: Flask, ada: Person, bo: Person, shop: Shop
) -> None:
    """Whoever only looks learns from no pair of runs whether both go to one person; an editor, who
    could write a rule that tells it, decides."""
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    held = [run.id for run in shop.holds(JENNY, JENNY, TOM)]
    with app.app_context():
        assert bulk.preview(vic.actor, HELD).cancelled == 1
        hide_field(ada.actor, shop.hook.id, "$.to")
        for ids in (held, held[:2], held[1:]):
            found = bulk.preview(vic.actor, Which("one_each", tuple(ids)))
            assert (dict(found.would), found.cancelled) == ({}, 0)
            assert dict(found.left_out) == {HIDDEN_PERSON: len(ids)}
        assert bulk.preview(bo.actor, HELD).cancelled == 1
        only_reads = replace(ada.actor, scopes=frozenset({"read"}))
        assert bulk.preview(only_reads, HELD).cancelled == 0
    told = text_of(vic.get("/together/one_each?fit=yes&state=held"))
    assert "is hidden from you" in told and "cancel 1" not in told
