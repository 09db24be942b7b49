"""The reconciler finds what is wrong: every invariant is broken, in ledgers and in databases."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.book import Book, read_database, read_ledgers
from tests.faults.ledger import Ledger
from tests.faults.reconcile import check
from tests.faults.settling import left_to_do, let_time_pass
from tests.faults.weight import Weight, stray_files, too_heavy

NOW = 1_800_000_000.0


def body(**steps: int) -> bytes:
    return json.dumps({"put": 1, "post": 0, "mail": 0, "sms": 0, **steps}).encode()


def kept() -> Book:
    """Two events with three runs; one of them was sent twice, and the history says why."""
    book = Book(now=NOW)
    book.sent = {"d1": body(post=1), "d2": body(), "d3": body()}
    book.acked = {"d1", "d2"}
    event = {"state": "done", "duplicate_of": None, "lease_until": None, "tries": 1}
    book.events = [
        {"id": "e1", "provider_id": "d1", "body": body(post=1), **event},
        {"id": "e2", "provider_id": "d2", "body": body(), **event},
        {"id": "e3", "provider_id": "d2", "body": body(), **event, "state": "duplicate",
         "duplicate_of": "e2"},
    ]  # fmt: skip
    run = {"replay_no": 0, "state": "succeeded", "repeat_safe": True, "may_repeat": False,
           "attempts": 1, "next_attempt_at": NOW - 60, "lease_until": None,
           "sentence": "It answered 200.", "rule_version_id": "v"}  # fmt: skip
    book.runs = [
        {**run, "id": "r1", "event_id": "e1", "step_id": "put"},
        {**run, "id": "r2", "event_id": "e1", "step_id": "post", "repeat_safe": False},
        {**run, "id": "r3", "event_id": "e2", "step_id": "put", "may_repeat": True, "attempts": 2},
    ]
    book.attempts = [
        {"run_id": "r1", "n": 1, "outcome": "yes"},
        {"run_id": "r2", "n": 1, "outcome": "yes"},
        {"run_id": "r3", "n": 1, "outcome": None},
        {"run_id": "r3", "n": 2, "outcome": "yes"},
    ]
    book.verdicts = [
        {"event_id": "e1", "rule_id": "put", "met": True},
        {"event_id": "e1", "rule_id": "post", "met": True},
        {"event_id": "e2", "rule_id": "put", "met": True},
    ]
    book.arrived = [
        {"run": "r1", "step": "put", "delivery": "d1"},
        {"run": "r2", "step": "post", "delivery": "d1"},
        {"run": "r3", "step": "put", "delivery": "d2"},
        {"run": "r3", "step": "put", "delivery": "d2"},
    ]
    return book


def test_a_kept_book_has_no_violation_and_its_figures_are_right() -> None:
    verdict = check(kept())
    assert verdict.violations == []
    figures = (verdict.acked, verdict.lost, verdict.runs, verdict.duplicates, verdict.unexplained)
    assert figures == (2, 0, 3, 1, 0)


def change(rows: str, number: int, **values: object) -> Callable[[Book], None]:
    return lambda book: getattr(book, rows)[number].update(values)


def drop(rows: str, number: int) -> Callable[[Book], None]:
    return lambda book: getattr(book, rows).pop(number)


def copy(rows: str, number: int, **values: object) -> Callable[[Book], None]:
    return lambda book: getattr(book, rows).append({**getattr(book, rows)[number], **values})


def arrives(**values: str) -> Callable[[Book], None]:
    return lambda book: book.arrived.append(dict(values))


BREAKS: list[tuple[str, str, Callable[[Book], None]]] = [
    ("I1", "d3", lambda book: book.acked.add("d3")),  # acknowledged, not stored
    ("I1", "d2", drop("events", 1)),  # only the duplicate stands
    ("I1", "d1", change("events", 0, body=body(post=1) + b" ")),  # other bytes
    ("I1", "d1", change("events", 0, body=None)),
    ("I1", "d1", copy("events", 0, id="e9")),  # taken for new twice
    ("I1", "e9", copy("events", 0, id="e9", provider_id="d9")),  # nobody sent it
    ("I1", "e3", change("events", 2, duplicate_of="e1")),
    ("I1", "d1", lambda book: book.told.append(("d1", 500))),
    ("I2", "e1", drop("runs", 1)),  # a met step without a run
    ("I2", "e1", copy("runs", 0, id="r9")),  # a step with two runs
    ("I2", "e2", copy("runs", 2, id="r9", step_id="mail")),  # a run of a rule that was not met
    ("I2", "e3", copy("runs", 2, id="r9", event_id="e3")),  # a duplicate that was acted on
    ("I2", "r9", copy("runs", 0, id="r9", replay_no=1)),
    ("I2", "e1", drop("verdicts", 0)),
    ("I3", "e1", change("events", 0, state="received")),
    ("I3", "e1", change("events", 0, state="processing")),
    ("I3", "e1", change("events", 0, state="poison")),
    ("I3", "r1", change("runs", 0, state="sending", lease_until=NOW - 1)),
    ("I3", "r1", change("runs", 0, state="queued")),  # due, and left
    ("I3", "r1", change("runs", 0, state="unknown", sentence="")),
    ("I4", "r2", arrives(run="r2", step="post", delivery="d1")),  # unsafe, twice
    ("I4", "r2", lambda book: (arrives(run="r2", step="post", delivery="d1")(book),
                               change("runs", 1, may_repeat=True)(book))[0]),
    ("I4", "r3", change("runs", 2, may_repeat=False)),  # twice in silence
    ("I4", "r3", drop("attempts", 2)),  # twice, one attempt on record
    ("I4", "r1", arrives(run="r1", step="put", delivery="d1")),
    ("I5", "r1", drop("arrived", 0)),  # said yes, never arrived
    ("I5", "r1", change("runs", 0, state="failed")),  # said no, and it arrived
    ("I5", "r1", change("attempts", 0, outcome="not_sent")),
    ("I5", "r1", change("attempts", 0, outcome=None)),  # succeeded without an attempt that says so
    ("I5", "d1", change("arrived", 0, run="r3")),  # under the id of another run
    ("I5", "d9", arrives(run="", step="sms", delivery="d9")),  # nobody planned it
    ("I5", "r1", change("runs", 0, attempts=2)),  # an attempt that was not written down
    ("I6", "database", lambda book: book.damage.append("integrity_check: broken page")),
    ("I7", "process", lambda book: book.surprises.append("web0 ended with 1")),
    ("I8", "leftover", lambda book: book.stray.append("40 pipes in bell/")),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BREAKS)), ids=lambda n: f"{BREAKS[n][0]}-{n}")
def test_every_break_is_found_with_its_id(number: int) -> None:
    invariant, ids, breaks = BREAKS[number]
    book = kept()
    breaks(book)
    verdict = check(book)
    found = [(each.invariant, each.ids) for each in verdict.violations]
    assert (invariant, ids) in found, f"{verdict.violations}"
    assert all(each.why for each in verdict.violations)
    assert verdict.unexplained == sum(name == "I4" for name, _ in found)


def test_every_invariant_is_broken_here() -> None:
    assert {invariant for invariant, _, _ in BREAKS} == {f"I{n}" for n in range(1, 9)}


def test_a_lost_event_is_counted() -> None:
    book = kept()
    book.events = [event for event in book.events if event["id"] != "e1"]
    assert check(book).lost == 1


@pytest.mark.parametrize(
    "state, at",
    [("unknown", None), ("held", None), ("queued", NOW + 30)],
)
def test_unsure_held_and_due_later_are_at_rest(state: str, at: float | None) -> None:
    book = kept()
    book.runs[1].update(state=state, next_attempt_at=at)
    book.attempts[1].update(outcome=None)
    assert check(book).violations == []


def test_a_text_belongs_to_the_run_of_its_delivery() -> None:
    book = kept()
    book.events[1]["body"] = book.sent["d2"] = body(sms=1)
    book.runs.append({**book.runs[1], "id": "r4", "event_id": "e2", "step_id": "sms"})
    book.attempts.append({"run_id": "r4", "n": 1, "outcome": "yes"})
    book.verdicts.append({"event_id": "e2", "rule_id": "sms", "met": True})
    arrives(run="", step="sms", delivery="d2")(book)
    assert check(book).violations == []
    arrives(run="", step="sms", delivery="d2")(book)
    assert [each.ids for each in check(book).violations if each.invariant == "I4"] == ["r4"]


def test_a_text_may_be_settled_by_its_provider_and_nothing_else_may() -> None:
    book = kept()
    book.attempts[1].update(outcome=None)
    assert [each.ids for each in check(book).violations] == ["r2"]
    book.events[0]["body"] = book.sent["d1"] = body(sms=1)
    book.runs[1].update(step_id="sms")
    book.arrived[1].update(step="sms")
    assert check(book).violations == []
    book.arrived.pop(1)
    assert [each.ids for each in check(book).violations] == ["r2"]


def test_what_piles_up_is_told(tmp_path: Path) -> None:
    assert too_heavy("web0", Weight(64, 256, 256)) == []
    assert len(too_heavy("web0", Weight(65, 257, 257))) == 3
    (tmp_path / "bell").mkdir()
    for pid in range(4):
        (tmp_path / "bell" / str(pid)).touch()
    assert stray_files(tmp_path, workers=2) == []
    assert stray_files(tmp_path, workers=1) == ["4 pipes in bell/ for 1 workers"]


def test_ledgers_are_read_as_they_were_written(tmp_path: Path) -> None:
    sent, arrived = Ledger(tmp_path / "sent"), Ledger(tmp_path / "arrived")
    sent.write("sent", id="d1", body="ö\u0001")
    sent.write("unanswered", id="d1")
    sent.write("acked", id="d1")
    sent.write("told", id="d2", status=500)
    arrived.write("arrived", step="put", run="r1", delivery="d1")
    book = Book()
    read_ledgers(book, tmp_path / "sent", tmp_path / "arrived")
    assert (book.sent, book.acked) == ({"d1": "ö\u0001".encode()}, {"d1"})
    assert book.told == [("d2", 500)]
    assert [note["run"] for note in book.arrived] == ["r1"]


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database with an event whose worker died in the middle."""
    path = tmp_path / "rulebook.db"
    shutil.copy(sqlite_template, path)
    soon = datetime.fromtimestamp(datetime.now(UTC).timestamp() + 60, UTC)
    with closing(sqlite3.connect(path)) as connection:
        _row(connection, "workspace", id="w")
        _row(connection, "hook", id="h", workspace_id="w")
        _row(connection, "event", id="e1", workspace_id="w", hook_id="h", provider_id="d1",
             state="processing", lease_until=soon.strftime("%Y-%m-%d %H:%M:%S.%f"))  # fmt: skip
        _row(connection, "event_body", event_id="e1", body=b"\x00\xff")
        connection.commit()
    return path


def _row(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with these values, and something harmless in all that must not be empty."""
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    for _, name, kind, needed, default, _ in columns:
        if needed and name not in values and default is None:
            number = any(word in kind.upper() for word in ("INT", "BOOL"))
            moment = "DATETIME" in kind.upper()
            values[name] = 0 if number else "2026-01-01 00:00:00.000000" if moment else "[]"
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))


def test_a_database_is_read_byte_for_byte(database: Path) -> None:
    book = Book()
    read_database(book, database)
    assert book.damage == []
    [event] = book.events
    assert bytes(event["body"]) == b"\x00\xff"
    assert book.now < event["lease_until"] < book.now + 61


def test_a_row_without_what_it_belongs_to_is_damage(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM event")
        connection.commit()
    book = Book()
    read_database(book, database)
    assert any("body without an event" in damage for damage in book.damage)
    assert any("foreign_key_check" in damage for damage in book.damage)


def test_a_damaged_page_is_damage(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        [(page,)] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_duplicate_of'"
        ).fetchall()
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x0a" + bytes(7))  # an empty leaf: rows are missing from the index
    book = Book()
    read_database(book, database)
    assert any("integrity_check" in damage for damage in book.damage)


def test_time_that_passes_ends_leases_and_nothing_else(database: Path) -> None:
    before, after = Book(), Book()
    read_database(before, database)
    assert left_to_do(database) == 1
    let_time_pass(database, 100)
    read_database(after, database)
    [was], [now] = before.events, after.events
    assert now["lease_until"] == pytest.approx(was["lease_until"] - 100, abs=0.001)
    assert {**now, "lease_until": None} == {**was, "lease_until": None}
