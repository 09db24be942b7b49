"""The intake while the database is in other hands, and while too much comes in."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import func, select

from rulebook.domain.delivery import Delivery, Receipt
from rulebook.domain.receive import receive_all
from rulebook.jobs.queue import Bell
from rulebook.storage import db, kept
from rulebook.storage.events import Event
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from web import intake as intake_file
from web.intake import Intake

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


@pytest.fixture
def locked(app: Flask, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that can hold the database until it says ROLLBACK."""
    foreign = sqlite3.connect(tmp_path / "rulebook.db", isolation_level=None)
    yield foreign
    foreign.close()


@pytest.fixture
def token(app: Flask, ada: Person) -> str:
    with app.app_context():
        return path_of(make_hook(ada)).removeprefix("/in/")


def taken(app: Flask, *deliveries: Delivery) -> list[Receipt]:
    """What the senders of these are answered, who all come at the same moment."""

    async def at_once() -> list[Receipt]:
        intake = Intake(app, app.extensions["bell"], 10_000)
        return list(await asyncio.gather(*(intake.take(each) for each in deliveries)))

    return asyncio.run(at_once())


def test_a_locked_database_is_waited_for_once_by_all(
    app: Flask, ada: Person, token: str, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    store = receive_all

    def counted(deliveries: list[Delivery], max_body: int, **more: Any) -> list[Receipt]:
        tries.append(len(deliveries))
        return store(deliveries, max_body, **more)

    monkeypatch.setattr(intake_file, "receive_all", counted)
    locked.execute("BEGIN IMMEDIATE")
    receipts = taken(app, *(Delivery(token, "POST", [], b"%d" % n) for n in range(20)))
    assert [receipt.status for receipt in receipts] == [503] * 20
    assert tries == [20, 20]  # once at once, and once by the thread that waits
    locked.execute("ROLLBACK")
    assert taken(app, Delivery(token, "POST", [], b"again"))[0].status == 200
    assert len(events_of(app, ada)) == 1


def test_who_was_told_503_is_not_stored_later(
    app: Flask, ada: Person, token: str, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_file, "COMMIT_SECONDS", 0.2)
    monkeypatch.setattr(intake_file, "MOST_AT_ONCE", 1)  # so that the second waits for the first
    locked.execute("BEGIN IMMEDIATE")

    async def three() -> list[Receipt]:
        intake = Intake(app, app.extensions["bell"], 10_000)
        sent = [Delivery(token, "POST", [], body) for body in (b"1", b"22", b"333")]
        told = await asyncio.gather(intake.take(sent[0]), intake.take(sent[1]))
        locked.execute("ROLLBACK")
        return [*told, await intake.take(sent[2])]

    assert [receipt.status for receipt in asyncio.run(three())] == [503, 503, 200]
    # The first was being stored when its sender left; the second was only waiting.
    assert sorted(event.size for event in events_of(app, ada)) == [1, 3]


def test_the_busiest_hook_is_asked_to_slow_down_first(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_file, "MOST_WAITING", 20)
    with app.app_context():
        calm = path_of(make_hook(ada)).removeprefix("/in/")
    busy = [Delivery(token, "POST", [], b"busy")] * 15
    receipts = taken(app, *busy, Delivery(calm, "POST", [], b"calm"), *busy)
    statuses = [receipt.status for receipt in receipts]
    assert statuses[:10] == [200] * 10
    assert statuses[10:15] == [429] * 5
    assert statuses[15] == 200
    assert statuses[16:] == [429] * 15


def test_what_waits_is_bounded(app: Flask, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_file, "MOST_WAITING_BYTES", 2000)
    receipts = taken(app, *[Delivery(token, "POST", [], b"x" * 900)] * 3)
    assert [receipt.status for receipt in receipts] == [200, 429, 429]
    [large] = taken(app, Delivery(token, "POST", [], b"x" * 2001))
    assert large.status == 503


def test_a_disk_nearly_full_takes_nothing_more(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = app.extensions["rulebook"].config
    settings = {**config, "DISK_FLOOR": 500}
    monkeypatch.setattr(type(config), "__getitem__", lambda _, name: settings[name])
    free = 499 * 1024 * 1024
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert taken(app, Delivery(token, "POST", [], b"1"))[0].status == 503
    assert events_of(app, ada) == []
    free = 500 * 1024 * 1024
    assert taken(app, Delivery(token, "POST", [], b"1"))[0].status == 200


@pytest.mark.parametrize(("each", "thread_from"), [(0.001, None), (0.05, 4)])
def test_a_disk_that_is_always_slow_does_not_hold_up_the_loop(
    app: Flask, token: str, monkeypatch: pytest.MonkeyPatch, each: float, thread_from: int | None
) -> None:
    now, stored_by = [1000.0], list[str]()
    store = receive_all

    def slowly(deliveries: list[Delivery], max_body: int, **more: Any) -> list[Receipt]:
        stored_by.append(threading.current_thread().name)
        now[0] += 0.5 if len(stored_by) == 3 else each  # any disk takes its time now and then
        return store(deliveries, max_body, **more)

    monkeypatch.setattr(intake_file, "receive_all", slowly)
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: None)
    monkeypatch.setattr(intake_file, "time", clock)

    async def one_by_one() -> None:
        intake = Intake(app, app.extensions["bell"], 10_000)
        for number in range(12):
            assert (await intake.take(Delivery(token, "POST", [], b"%d" % number))).status == 200

    asyncio.run(one_by_one())
    by_thread = [number for number, name in enumerate(stored_by) if name == "intake"]
    assert by_thread == ([] if thread_from is None else list(range(thread_from, 12)))


@pytest.mark.parametrize("each", [127, 128])
def test_a_group_of_many_events_is_stored_apart_from_the_loop(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch, each: int
) -> None:
    """Whole, and as if the loop had not begun: a secret that came along is taken, once."""
    with app.app_context():
        many = path_of(make_hook(ada, provider="sendgrid")).removeprefix("/in/")
        asana = path_of(make_hook(ada, provider="asana")).removeprefix("/in/")
    stored_by, store = list[str](), receive_all

    def noted(deliveries: list[Delivery], max_body: int, **more: Any) -> list[Receipt]:
        receipts = store(deliveries, max_body, **more)
        stored_by.append(threading.current_thread().name)
        return receipts

    monkeypatch.setattr(intake_file, "receive_all", noted)
    batches = [json.dumps([{"sg_event_id": f"{n}-{k}"} for k in range(each)]) for n in range(2)]
    receipts = taken(
        app,
        Delivery(asana, "POST", [("X-Hook-Secret", "0123456789abcdef0123456789abcdef")], b""),
        *(Delivery(many, "POST", [], body.encode()) for body in batches),
        Delivery(token, "POST", [], b"plain"),
    )
    assert [receipt.status for receipt in receipts] == [200] * 4
    here = threading.main_thread().name
    # The thread may begin with the first while the others are still handed over.
    assert set(stored_by) == {here if each * 2 + 2 <= intake_file.MOST_EVENTS else "intake"}
    with app.app_context():
        assert db.session.scalar(select(func.count(Event.id))) == each * 2 + 2


class HangingBell:
    """A bell of which every ring hangs until it is let go; it is not prompt, as it says."""

    is_prompt = False

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def events(self, event_ids: list[str]) -> bool:
        return not self.let_go.wait(30)


def test_nobody_waits_for_a_bell_that_hangs(app: Flask, ada: Person, token: str) -> None:
    bell = HangingBell()

    async def one_after_the_other() -> list[Receipt]:
        intake = Intake(app, cast(Bell, bell), 10_000)
        sent = [Delivery(token, "POST", [], body) for body in (b"1", b"22", b"333")]
        return [await intake.take(each) for each in sent]

    try:
        told = asyncio.run(one_after_the_other())
        assert [receipt.status for receipt in told] == [200, 200, 200]
        assert not bell.let_go.is_set()
    finally:
        bell.let_go.set()
    assert len(events_of(app, ada)) == 3


def test_each_of_a_group_is_answered_for_itself(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the one that cannot be stored takes more along, such as what takes it back."""
    store = receive_all

    def spoilt(deliveries: list[Delivery], max_body: int, **more: Any) -> list[Receipt]:
        patch.setattr(db.session, "remove", broken)
        if any(each.body == b"bad" for each in deliveries):
            raise RuntimeError("a bug of ours")
        return store(deliveries, max_body, **more)

    def broken() -> None:
        raise RuntimeError("nothing can be taken back")

    sent = [Delivery(token, "POST", [], body) for body in (b"1", b"bad", b"333", b"4444")]
    with monkeypatch.context() as patch:
        patch.setattr(intake_file, "receive_all", spoilt)
        patch.setattr(intake_file, "rollback", broken)
        receipts = taken(app, *sent)
    assert [receipt.status for receipt in receipts] == [200, 503, 200, 200]
    assert sorted(event.size for event in events_of(app, ada)) == [1, 3, 4]


def test_nothing_fails_between_the_commit_and_the_answer(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulebook.domain.receive._receipt", lambda one: 1 / 0)
    assert taken(app, Delivery(token, "POST", [], b"1"))[0].status == 503
    assert events_of(app, ada) == []


def test_an_answer_that_cannot_be_given_is_kept_from_nobody_else(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_file, "COMMIT_SECONDS", 0.5)

    def broken(receipt: Receipt) -> None:
        raise RuntimeError("a bug of ours")

    async def both() -> Receipt:
        intake = Intake(app, app.extensions["bell"], 10_000)
        intake.begin(Delivery(token, "POST", [], b"1"), broken)
        return await intake.take(Delivery(token, "POST", [], b"22"))

    assert asyncio.run(both()).status == 200
    assert sorted(event.size for event in events_of(app, ada)) == [1, 2]


def test_a_commit_that_fails_in_the_loop_is_made_anew_by_the_thread(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, failed = kept.Kept._do, list[str]()

    def failing(self: kept.Kept, sql: str) -> None:
        if sql == "COMMIT" and not failed:
            failed.append(threading.current_thread().name)
            tell(self, "PRAGMA defer_foreign_keys=ON")
            tell(self, "UPDATE event SET hook_id = 'hook_0'")  # which COMMIT refuses
        tell(self, sql)

    monkeypatch.setattr(kept.Kept, "_do", failing)
    receipts = taken(app, *(Delivery(token, "POST", [], b"x" * n) for n in (1, 2)))
    assert [receipt.status for receipt in receipts] == [200, 200]
    assert failed == [threading.main_thread().name]
    assert sorted(event.size for event in events_of(app, ada)) == [1, 2]


def test_a_lock_that_fails_is_answered_503_and_kept_from_nobody(
    app: Flask, ada: Person, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", refused)
        assert taken(app, Delivery(token, "POST", [], b"1"))[0].status == 503
    assert taken(app, Delivery(token, "POST", [], b"22"))[0].status == 200
    assert [event.size for event in events_of(app, ada)] == [2]
