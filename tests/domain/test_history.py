"""Events are found by words, by fields and by what became of them, before and after indexing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from rulebook import storage
from rulebook.domain import history, indexing
from rulebook.domain.asking import read_field
from rulebook.domain.sweep import prune
from rulebook.storage import base, db, event_lists, finding, search, search_cards, utcnow
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.users import User
from tests.people import Person, make_hook, make_rule
from tests.stories import new_hook, path_of, send
from tests.work import work

BODIES = (
    b'{"id": "a", "type": "paid", "amount": 129.00, '
    b'"customer": {"email": "jenny.rosen@x.example"}}',
    b'{"id": "b", "type": "lost", "amount": 1, '
    b'"who": "Gr\xc3\xbcn \xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd"}',
    b'{"id": "c", "type": "paid", "amount": 70, "phone": "+1 (503) 555-0180", "ok": true}',
)
LATER = timedelta(seconds=5)


def index(app: Flask) -> None:
    with app.app_context():
        while indexing.index_some(utcnow() + LATER):
            pass


@pytest.fixture(params=["fresh", "indexed"])
def shop(request: pytest.FixtureRequest, app: Flask, ada: Person) -> str:
    """Three events at ada's, two of them matched, in the index or not yet; her rule's id."""
    with app.app_context():
        hook = make_hook(ada, provider="stripe")
        rule = make_rule(ada, hook)
        path = path_of(hook)
    for body in BODIES:
        send(app, path, body)
    work(app)
    if request.param == "indexed":
        index(app)
    return rule.id


Find = Callable[..., str]


@pytest.fixture
def find(app: Flask, ada: Person, shop: str) -> Find:
    def find(person: Person = ada, field: str = "", **narrowed: object) -> str:
        """The ids that the senders gave to what is found, newest first."""
        with app.app_context():
            fields = [read_field(field)] if field else []
            page = history.search(person.actor, EventFilter(**narrowed), 10, fields=fields)  # type: ignore[arg-type]
            return "".join(event.provider_id or "?" for event in page.events)

    return find


WORDS = [
    ("jenny.rosen@x.example", "a"), ("JENNY ros", "a"), ("129", "a"), ("129.00", "a"),
    ("grun", "b"), ("GRÜN", "b"), ("東京", "b"), ("京都", "b"), ("東", "b"),
    ("503-555-0180", "c"), ("+15035550180", "c"), ("paid", "ca"), ("Paid: 70", "c"),
    ("nothing like it", ""), ("%", ""), ("\0", ""), ("\ud800", ""), ("jenny lost", ""),
]  # fmt: skip


def test_words_find_events_and_what_was_sent_for_them(find: Find) -> None:
    assert [(text, find(text=text)) for text, _ in WORDS] == WORDS


def test_cards_find_events(find: Find, shop: str, app: Flask, cy: Person) -> None:
    assert find(state="matched") == "ca" and find(state="unmatched") == "b"
    assert find(state="done") == "cba" and find(state="refused") == ""
    assert find(event_type="paid") == "ca" and find(event_type="never") == ""
    assert find(verification="none") == "cba" and find(verification="verified") == ""
    assert find(rule_id=shop) == "ca" and find(rule_id="rule_x") == ""
    assert find(run_states=("succeeded",)) == "ca" and find(run_states=("failed",)) == ""
    assert find(run_states=("succeeded",), text="jenny") == "a"
    assert find(before=utcnow() - timedelta(hours=1)) == ""
    assert find(after=utcnow() - timedelta(hours=1)) == "cba"
    assert find(state="matched", text="paid", event_type="paid", rule_id=shop) == "ca"
    for narrowed in ({"text": "paid"}, {"state": "matched"}, {"rule_id": shop},
                     {"run_states": ("succeeded",)}, {"verification": "none"}):  # fmt: skip
        assert find(cy, **narrowed) == ""


FIELDS = [
    ("customer.email:is:JENNY.rosen@x.example", "a"), ("$.amount:is:129", "a"),
    ("amount:is_not:1", "ca"), ("amount:more_than:60", "ca"), ("amount:less_than:70", "b"),
    ("who:contains:RÜN", "b"), ("phone:is_there", "c"), ("phone", "c"), ("ok:is:true", "c"),
    ("customer.email:is_not:nobody", "a"), ("customer.*:contains:rosen", "a"),
    ("nowhere", ""), ("amount:is:jenny", ""),
]  # fmt: skip


def test_fields_find_events(find: Find, cy: Person) -> None:
    assert [(field, find(field=field)) for field, _ in FIELDS] == FIELDS
    assert not any(find(cy, field=field) for field, _ in FIELDS)


def test_what_came_since_is_found_with_what_is_indexed(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path, b'{"who": "jenny", "n": 1}')
    index(app)
    send(app, path, b'{"who": "jenny", "n": 2}')
    work(app)  # both are judged now: the card of the first says that it waits
    asked = EventFilter(state="unmatched", text="jenny")

    def find(limit: int, before: str | None = None, upto: str | None = None) -> list[str]:
        page = history.search(ada.actor, asked, limit, before, upto_id=upto)
        return [event.id for event in page.events]

    with app.app_context():
        [fresh] = find(10)
    index(app)
    with app.app_context():
        both = find(10)
        assert both == [fresh, both[1]]
        assert history.count_fresh(ada.actor, asked, both[1]) == 1
        assert history.count_all(ada.actor) == 2
        assert find(1) == [history.search(ada.actor, asked, 1).next] == [fresh]
        assert find(1, fresh) == find(9, upto=both[1]) == both[1:]
        [found] = history.search(ada.actor, EventFilter(text=fresh), 9).events
        assert found.id == fresh


def test_an_event_that_was_stored_late_is_found(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path, b'{"who": "early"}')
    with app.app_context():
        [early] = event_lists.page_of_events(ada.workspace_id, EventFilter(), 1)
    send(app, path, b'{"who": "late"}')
    index(app)
    with app.app_context(), search.writing_index() as connection:
        assert connection is not None
        for table in (search.cards, search.met_table):
            connection.execute(table.delete())
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DELETE FROM search_words_1")
    asked = EventFilter(text="early")
    with app.app_context():
        assert history.search(ada.actor, asked, 9).events == []
        assert indexing.catch_up(utcnow() + LATER) == 1
        assert [event.id for event in history.search(ada.actor, asked, 9).events] == [early.id]
        assert indexing.catch_up(utcnow() + LATER) == 0


def test_a_bounded_look_says_where_to_go_on(app: Flask, ada: Person, monkeypatch) -> None:
    monkeypatch.setattr(history, "STEP", 2)
    monkeypatch.setattr(history, "MOST_JUDGED", 2)
    monkeypatch.setattr(history, "SECONDS_IN_FIELDS", 60)
    _, path = new_hook(app, ada)
    for n in range(5):
        send(app, path, b'{"n": %d}' % n)
    index(app)
    with app.app_context():
        fields = [read_field("n:less_than:1")]
        page = history.search(ada.actor, EventFilter(), 10, fields=fields)
        assert (page.events, page.unfinished, page.judged) == ([], True, 2)
        page = history.search(ada.actor, EventFilter(), 10, page.next, fields)
        assert (page.events, page.unfinished) == ([], True)
        page = history.search(ada.actor, EventFilter(), 10, page.next, fields)
        assert (len(page.events), page.unfinished, page.next) == (1, False, None)


@pytest.mark.parametrize(("field", "most"), [("n:is:1", 3), ("", 15)])
def test_the_index_has_no_more_time_than_the_page(
    app: Flask, ada: Person, monkeypatch, field: str, most: float
) -> None:
    _, path = new_hook(app, ada)
    send(app, path, b'{"n": 1}')
    index(app)
    given: list[float] = []

    def find(*asked: object) -> finding.Found:
        given.append(asked[-1])  # type: ignore[arg-type]
        return finding.Found([])

    monkeypatch.setattr(finding, "find", find)
    monkeypatch.setattr(history, "SECONDS", 15)
    monkeypatch.setattr(history, "SECONDS_IN_FIELDS", 3)
    with app.app_context():
        fields = [read_field(field)] if field else []
        history.search(ada.actor, EventFilter(text="1"), 10, fields=fields)
    assert len(given) == 1 and 0 < given[0] <= most


@pytest.mark.parametrize("newest", [(1, 1), (2, 1), (1, 9), (9, 9)])
def test_the_newest_come_first_wherever_they_are_found(
    app: Flask, ada: Person, monkeypatch, newest: tuple[int, int]
) -> None:
    monkeypatch.setattr(finding, "NEWEST", newest)
    monkeypatch.setattr(history, "SECONDS", 60)  # however busy the machine is
    _, path = new_hook(app, ada)
    for n in range(6):
        send(app, path, b'{"n": "%s%d"}' % (b"odd" if n % 2 else b"even", n))
    index(app)
    with app.app_context():
        every = [event.id for event in history.search(ada.actor, EventFilter(), 9).events]
        for words, wanted in (("odd", every[::2]), ("even", every[1::2]), ("n", [])):
            asked = EventFilter(text=words)
            found = history.search(ada.actor, asked, 2)
            assert [event.id for event in found.events] == wanted[:2]
            older = history.search(ada.actor, asked, 2, found.next).events if found.next else []
            assert [event.id for event in older] == wanted[2:]


@pytest.mark.parametrize("seconds", [0, 60])
def test_words_for_which_the_index_takes_too_long_are_found_part_by_part(
    app: Flask, ada: Person, monkeypatch, seconds: int
) -> None:
    monkeypatch.setattr(finding, "NEWEST", (1, 2))
    monkeypatch.setattr(finding, "within", lambda *asked: None)
    monkeypatch.setattr(history, "SECONDS", seconds)
    _, path = new_hook(app, ada)
    for n in range(8):
        send(app, path, b'{"n": "%s%d"}' % (b"odd" if n % 4 == 1 else b"even", n))
    index(app)
    with app.app_context():
        every = [event.id for event in history.search(ada.actor, EventFilter(), 9).events]
        for words, wanted in (("odd", every[2::4]), ("odd even", []), ("n", [])):
            found, cursor, pages = list[str](), None, 0
            while pages == 0 or cursor:
                page = history.search(ada.actor, EventFilter(text=words), 1, cursor)
                found += [event.id for event in page.events]
                cursor, pages = page.next, pages + 1
                assert page.unfinished or len(page.events) == 1 or cursor is None
            assert found == wanted


@pytest.mark.parametrize(("limit", "together"), [(1, 4_096), (2, 4_096), (9, 4_096), (2, 4)])
def test_a_look_that_goes_on_shows_each_event_once(
    app: Flask, ada: Person, cy: Person, monkeypatch, limit: int, together: int
) -> None:
    """Also where its parts meet between events of one millisecond, however many these are."""
    monkeypatch.setattr(search_cards, "SAME_MOMENT", together)
    clock = count(int(utcnow().timestamp()) * 10**9, 1_000)
    monkeypatch.setattr(base, "time", SimpleNamespace(time_ns=clock.__next__))
    monkeypatch.setattr(search_cards, "BLOCK", 2)
    monkeypatch.setattr(finding, "NEWEST", (1, 2))
    monkeypatch.setattr(finding, "within", lambda *asked: None)
    monkeypatch.setattr(history, "SECONDS", 0)
    (_, mine), (_, strange) = new_hook(app, ada), new_hook(app, cy)
    for n in range(10):
        send(app, strange if 3 <= n <= 5 else mine, b'{"who": "jenny"}')
        index(app)
    with app.app_context():
        every = [event.id for event in history.search(ada.actor, EventFilter(), 9).events]
        found, cursor, pages = list[str](), None, 0
        while pages == 0 or (cursor and pages < 20):
            page = history.search(ada.actor, EventFilter(text="jenny"), limit, cursor)
            found += [event.id for event in page.events]
            assert page.next is None or page.next != cursor
            cursor, pages = page.next, pages + 1
        assert len({event_id[:16] for event_id in every}) == 1 < pages
    assert found == every and len(every) == 7


@pytest.mark.parametrize(("seconds", "parts"), [(0, 1), (60, 3)])
def test_the_newest_are_read_through_as_long_as_there_is_time(
    app: Flask, ada: Person, monkeypatch, seconds: int, parts: int
) -> None:
    monkeypatch.setattr(finding, "NEWEST", (2, 2, 2))
    monkeypatch.setattr(finding, "within", lambda *asked: None)
    _, path = new_hook(app, ada)
    for n in range(8):
        send(app, path, b'{"n": %d}' % n)
    index(app)
    with app.app_context():
        if db.session.connection().dialect.name != "postgresql":
            pytest.skip("SQLite's index is asked in blocks")
        every = [event.id for event in history.search(ada.actor, EventFilter(), 9).events]
        wanted = finding.Wanted(ada.workspace_id, words=(("nowhere",),))
        found = finding.find(wanted, 9, None, seconds)
    assert (found.event_ids, found.unseen) == ([], every[2 * parts])


def test_what_takes_too_long_is_cut_short_and_harms_nothing(app: Flask, ada: Person) -> None:
    with app.app_context(), storage.reading():
        connection = db.session.connection()
        if connection.dialect.name != "postgresql":
            pytest.skip("SQLite's index is asked in blocks")
        settings = ("statement_timeout", "work_mem")
        before = [connection.scalar(text(f"SHOW {name}")) for name in settings]
        sleep = select(func.pg_sleep(60))
        assert finding.within(connection, sleep, 0.01) is None
        assert finding.within(connection, select(User.email), 60) == ["ada@shop.example"]
        assert [connection.scalar(text(f"SHOW {name}")) for name in settings] == before
        with pytest.raises(ProgrammingError):
            finding.within(connection, select(text("1 FROM nowhere")), 60)
        assert connection.scalar(select(User.email)) == "ada@shop.example"


def test_only_payloads_with_the_whole_words_of_a_value_are_looked_into(
    app: Flask, ada: Person
) -> None:
    _, path = new_hook(app, ada)
    for order in (b"LT-1", b"LT-12", b"LTX-1"):
        send(app, path, b'{"order": "%s"}' % order)
    index(app)
    with app.app_context():
        asked = [read_field("order:is:lt-1")]
        page = history.search(ada.actor, EventFilter(), 10, fields=asked)
        assert (len(page.events), page.judged) == (1, 1)


def test_words_are_gone_from_the_disk_after_pruning(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path, b'{"who": "Wilhelmine"}')
    send(app, path, b'{"who": "Ottokar"}')
    work(app)
    index(app)
    asked = EventFilter(text="wilhelmine")
    with app.app_context():
        assert len(history.search(ada.actor, asked, 9).events) == 1
        assert prune(utcnow() + timedelta(days=31)) == 2
        indexing.purge_some()
        assert history.search(ada.actor, asked, 9).events == []
        assert len(history.search(ada.actor, EventFilter(state="unmatched"), 9).events) == 2
        engine = search.engine()
        if engine.dialect.name == "sqlite":
            engine.dispose()
            for file in Path(engine.url.database or "").parent.glob("*.search.db*"):
                assert b"wilhelmine" not in file.read_bytes().lower()


def test_an_index_of_another_version_is_made_anew(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path, b'{"who": "jenny"}')
    index(app)
    with app.app_context():
        with search.writing_index() as connection:
            assert connection is not None
            connection.execute(search.mark_table.update().values(version=0))
        asked = EventFilter(text="jenny")
        assert len(history.search(ada.actor, asked, 9).events) == 1
    index(app)
    with app.app_context():
        assert len(history.search(ada.actor, asked, 9).events) == 1
        with search.reading_index() as connection:
            assert connection is not None


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_an_index_that_cannot_be_opened_is_done_without(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path, b'{"who": "jenny"}')
    file = app.extensions["rulebook.search"].url.database
    Path(file).mkdir()  # as where the disk is full before there is one
    with app.app_context():
        assert len(history.search(ada.actor, EventFilter(text="jenny"), 9).events) == 1
    assert ada.get("/events").status_code == 200
