"""Everything that is known after a run of the harness, read without any of the product's code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.ledger import notes

Row = dict[str, Any]
ORPHANS = (
    ("attempt without a run", "SELECT a.id FROM attempt a LEFT JOIN run r ON r.id = a.run_id "
     "WHERE r.id IS NULL"),
    ("run without an event", "SELECT r.id FROM run r LEFT JOIN event e ON e.id = r.event_id "
     "WHERE e.id IS NULL"),
    ("verdict without an event", "SELECT v.event_id FROM verdict v LEFT JOIN event e "
     "ON e.id = v.event_id WHERE e.id IS NULL"),
    ("body without an event", "SELECT b.event_id FROM event_body b LEFT JOIN event e "
     "ON e.id = b.event_id WHERE e.id IS NULL"),
)  # fmt: skip
EVENTS = """SELECT e.id, e.provider_id, e.state, e.duplicate_of, e.lease_until, e.tries, b.body
    FROM event e LEFT JOIN event_body b ON b.event_id = e.id"""
RUNS = """SELECT id, event_id, rule_version_id, step_id, replay_no, state, repeat_safe, may_repeat,
    attempts, next_attempt_at, lease_until, sentence FROM run"""
ATTEMPTS = "SELECT run_id, n, started_at, finished_at, outcome FROM attempt"
VERDICTS = "SELECT event_id, rule_id, met FROM verdict WHERE met"


@dataclass
class Book:
    """sent: delivery id -> body; told: (id, status) of odd answers; arrived: notes of receivers;
    alerts: ids of letters about problems; damage: what the database says of its own soundness;
    stray: what is left lying about."""

    sent: dict[str, bytes] = field(default_factory=dict)
    acked: set[str] = field(default_factory=set)
    told: list[tuple[str, int]] = field(default_factory=list)
    arrived: list[Row] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    attempts: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    now: float = 0.0


def read_ledgers(book: Book, sent: Path, arrived: Path) -> None:
    """What senders and receivers wrote down."""
    for note in notes(sent):
        if note["what"] == "sent":
            book.sent[note["id"]] = note["body"].encode()
        elif note["what"] == "acked":
            book.acked.add(note["id"])
        elif note["what"] == "told":
            book.told.append((note["id"], note["status"]))
    book.alerts = [note["id"] for note in notes(arrived) if note["what"] == "alert"]
    book.arrived = [note for note in notes(arrived) if note["what"] == "arrived"]


def read_database(book: Book, database: Path | str) -> None:
    """What the database holds, and whether it is sound."""
    if isinstance(database, Path):
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            _read(book, lambda query: [dict(row) for row in connection.execute(query)])
            for pragma in ("integrity_check", "foreign_key_check"):
                found = [tuple(row) for row in connection.execute(f"PRAGMA {pragma}")]
                book.damage += [f"{pragma}: {row}" for row in found if row != ("ok",)]
    else:
        with psycopg.connect(database, row_factory=dict_row) as server:
            _read(book, lambda query: server.execute(query).fetchall())


def _read(book: Book, rows: Callable[[str], list[Row]]) -> None:
    book.events = _timed(rows(EVENTS), "lease_until")
    book.runs = _timed(rows(RUNS), "next_attempt_at", "lease_until")
    book.attempts = rows(ATTEMPTS)
    book.verdicts = rows(VERDICTS)
    for what, query in ORPHANS:
        book.damage += [f"{what}: {row}" for row in rows(query)]
    book.now = datetime.now(UTC).timestamp()


def _timed(rows: Iterable[Row], *names: str) -> list[Row]:
    """The rows with moments as seconds; SQLite keeps them as text in UTC."""
    found = []
    for row in rows:
        for name in names:
            if isinstance(row[name], str):
                row[name] = datetime.fromisoformat(row[name]).replace(tzinfo=UTC)
            if row[name] is not None:
                row[name] = row[name].timestamp()
        found.append(row)
    return found
