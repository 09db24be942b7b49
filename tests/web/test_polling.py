"""Polls: nothing is drawn while nothing is new, and whatever is new is in the very next answer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, event

from rulebook.domain import rules as rule_verbs
from rulebook.domain.alerts import NO_WAY
from rulebook.domain.attention import Worry, noted
from rulebook.domain.hooks import change_hook
from rulebook.domain.indexing import catch_up
from rulebook.storage import alerts, changed, db, notices, search, utcnow
from rulebook.storage.workspaces import Membership
from tests.people import Person, make_hook, make_rule
from tests.web.seeing import ON_SQLITE, runs_of, send, set_runs
from tests.work import work
from web import polling


class Part:
    """A part of a page as the browser keeps it up to date."""

    def __init__(self, person: Person, page: str, nth: int = 0) -> None:
        self.person = person
        drawn = person.get(page).get_data(as_text=True)
        found = re.findall(r'hx-get="([^"]+)" hx-trigger="every', drawn)
        self.url, self.seen, self.shows = html.unescape(found[nth]), "nothing", ""
        assert self.poll()

    def poll(self) -> bool:
        """Ask as the browser does; whether there was something new."""
        headers = {"HX-Request": "true", polling.SEEN: self.seen}
        answer = self.person.get(self.url, headers=headers)
        assert answer.status_code in (200, 204), answer.status_code
        self.seen = answer.headers[polling.SEEN]
        if answer.status_code == 204:
            assert not answer.data
            return False
        self.shows = answer.get_data(as_text=True)
        return True


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """The minute that polls are told apart by stands still, but for what is added to this list."""
    began, passed = utcnow(), [timedelta()]
    monkeypatch.setattr(polling, "utcnow", lambda: began + sum(passed, timedelta()))
    return passed


class Shop:
    """Ada's shop with a hook, a rule, and one event that was sent for."""

    def __init__(self, app: Flask, ada: Person) -> None:
        self.app, self.ada = app, ada
        with app.app_context():
            self.hook = make_hook(ada)
            self.rule = make_rule(ada, self.hook)
        send(app, self.hook)
        work(app)

    def event_page(self) -> str:
        return f"/events/{runs_of(self.app, self.ada)[0].event_id}"


@pytest.fixture
def shop(app: Flask, ada: Person) -> Shop:
    return Shop(app, ada)


def arrives(shop: Shop, bo: Person) -> None:
    send(shop.app, shop.hook)


def is_judged(shop: Shop, bo: Person) -> None:
    work(shop.app)


def a_run_fails(shop: Shop, bo: Person) -> None:
    set_runs(shop.app, runs_of(shop.app, shop.ada)[0].id, state="failed", sentence="No such number")


def an_alert_fails(shop: Shop, bo: Person) -> None:
    row = {"action": "email", "to": "ada@shop.example", "subject": "A", "text": "B",
           "state": "failed", "sentence": NO_WAY, "finished_at": utcnow()}  # fmt: skip
    with shop.app.app_context():
        alerts.plan_alerts([{"workspace_id": shop.ada.workspace_id, **row}])
        db.session.commit()


def falls_silent(shop: Shop, bo: Person) -> None:
    now = utcnow()
    worry = Worry("silent", shop.hook.id, 1, "Payments", "Usually 14 a day.", "Look.", now)
    with shop.app.app_context():
        notices.open_notice(shop.ada.workspace_id, noted(worry, now))
        db.session.commit()


def bo_pauses_the_hook(shop: Shop, bo: Person) -> None:
    with shop.app.app_context():
        change_hook(bo.actor, shop.hook.id, paused=True)


def bo_renames_the_hook(shop: Shop, bo: Person) -> None:
    with shop.app.app_context():
        change_hook(bo.actor, shop.hook.id, name="Shop in Ulm")


def bo_switches_the_rule_off(shop: Shop, bo: Person) -> None:
    with shop.app.app_context():
        rule_verbs.switch_rule(bo.actor, shop.rule.id, "off")


def bo_cancels_the_run(shop: Shop, bo: Person) -> None:
    assert bo.post(f"/runs/{runs_of(shop.app, shop.ada)[0].id}/cancel").status_code == 303


SEES = [
    ("/", 0, arrives), ("/", 0, a_run_fails), ("/", 0, an_alert_fails), ("/", 0, falls_silent),
    ("/", 1, arrives), ("/", 1, bo_switches_the_rule_off),
    ("/events", 0, arrives), ("/events", 0, a_run_fails), ("/events", 0, bo_renames_the_hook),
    ("/runs", 0, a_run_fails),
    ("/hooks", 0, arrives), ("/hooks", 0, bo_pauses_the_hook), ("/hooks", 0, bo_renames_the_hook),
    ("hook", 0, bo_pauses_the_hook), ("hook", -1, arrives), ("hook", -1, a_run_fails),
]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "nth", "happens"), SEES, ids=lambda each: getattr(each, "__name__", str(each))
)
def test_what_happens_is_in_the_next_answer(
    shop: Shop, bo: Person, page: str, nth: int, happens: Callable[[Shop, Person], None]
) -> None:
    part = Part(shop.ada, f"/hooks/{shop.hook.id}" if page == "hook" else page, nth)
    assert not part.poll() and not part.poll()
    before = part.shows
    happens(shop, bo)
    assert part.poll() and part.shows != before
    assert not part.poll()


def test_an_event_is_followed_from_its_arrival_to_its_end(
    app: Flask, ada: Person, bo: Person, shop: Shop
) -> None:
    send(app, shop.hook)
    newest = re.search(r"/events/evt_\w+", ada.get("/events").get_data(as_text=True))
    assert newest
    event = Part(ada, newest[0])
    runs, listed = Part(ada, "/runs"), Part(ada, "/events")
    assert "waiting to be judged" in event.shows and not event.poll()
    is_judged(shop, bo)
    assert event.poll() and "Matched 1 of 1 rule" in event.shows
    assert runs.poll() and "1 new run" in runs.shows
    assert listed.poll() and listed.shows.count("1 kept, not sent") == 2
    assert not any(part.poll() for part in (event, runs, listed))
    set_runs(app, state="queued", next_attempt_at=utcnow() + timedelta(hours=1))
    waiting = Part(ada, f"/runs/{runs_of(app, ada)[0].id}")
    assert event.poll() and not waiting.poll()
    bo_cancels_the_run(shop, bo)
    assert waiting.poll() and "Cancelled" in waiting.shows
    assert event.poll() and "cancelled" in event.shows


def test_what_turns_with_the_clock_turns_within_a_minute(
    shop: Shop, one_minute: list[timedelta]
) -> None:
    part = Part(shop.ada, "/runs")
    drawn_by = part.seen
    one_minute.append(timedelta(minutes=1))
    assert not part.poll()  # it was drawn, and was as before
    assert part.seen != drawn_by and part.seen.partition(".")[2] == drawn_by.partition(".")[2]


def test_what_happens_elsewhere_is_looked_at_and_sends_nothing(
    app: Flask, shop: Shop, cy: Person
) -> None:
    part = Part(shop.ada, "/events")
    drawn_by = part.seen
    with app.app_context():
        make_hook(cy, "Somewhere else")
    assert not part.poll() and part.seen != drawn_by


def test_who_may_no_longer_look_is_told_so(app: Flask, shop: Shop, bo: Person) -> None:
    part, role = Part(bo, "/events"), Part(bo, "/hooks")
    assert not part.poll()
    with app.app_context():
        db.session.execute(delete(Membership).where(Membership.user_id == bo.user_id))
        db.session.commit()
    for each in (part, role):
        headers = {"HX-Request": "true", polling.SEEN: each.seen}
        answer = bo.get(each.url, headers=headers)
        assert (answer.status_code, polling.SEEN in answer.headers) == (204, False)
        assert "/sign-in" in answer.headers["HX-Redirect"]


def test_the_same_mark_says_nothing_about_another_address(shop: Shop) -> None:
    part = Part(shop.ada, "/events")
    part.url += "&state=failed"
    assert part.poll() and "The only event does not fit" in part.shows


@ON_SQLITE
def test_an_index_that_is_made_anew_is_another_one(app: Flask, shop: Shop) -> None:
    with app.app_context():
        first = changed.mark()
        catch_up()
        made = changed.mark()
        assert search.discard(RuntimeError("the file is malformed"))
        gone = changed.mark()
        catch_up()
        again = changed.mark()
        assert len({first, made, gone, again}) == 4
        assert changed.mark() == changed.mark()


def test_an_idle_poll_asks_who_it_is_and_no_more(app: Flask, shop: Shop) -> None:
    heard: list[str] = []
    with app.app_context():
        engine = db.engine
    parts = [Part(shop.ada, page) for page in ("/", "/events", "/runs", f"/hooks/{shop.hook.id}")]
    assert not any(part.poll() for part in parts)  # the first look into the index makes its file
    event.listen(engine, "before_cursor_execute", lambda *given: heard.append(given[2]))
    assert not any(part.poll() for part in parts)
    assert len(heard) == 2 * len(parts), heard  # SQLite's BEGIN or PostgreSQL's mark; the session


def test_only_polls_are_marked(shop: Shop) -> None:
    assert polling.SEEN not in shop.ada.get("/events").headers
    assert polling.SEEN not in shop.ada.get("/events?part=list").headers


@ON_SQLITE
def test_a_poll_of_a_whole_page_leaves_what_is_said_once_to_the_person(
    app: Flask, shop: Shop, ada: Person
) -> None:
    said = "Saved as “Big ones”."
    run_page = f"/runs/{runs_of(app, ada)[0].id}"
    set_runs(app, state="queued", finished_at=None)
    drawn = ada.get(run_page).text
    assert 'hx-select="#run"' in drawn, "the page polls itself"
    ada.post("/filters", {"of": "runs", "name": "Big ones", "query": "state=held"})
    for seen in ("nothing", "since.then"):
        poll = ada.get(run_page, headers={"HX-Request": "true", polling.SEEN: seen})
        assert poll.status_code == 200 and said not in poll.text
    assert said in ada.get("/runs?state=held").text
    assert said not in ada.get("/runs?state=held").text, "it is said once"
