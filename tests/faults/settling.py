"""Waiting until nothing is left to do, without lending a hand."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg

OPEN_EVENTS = "SELECT count(*) FROM event WHERE state IN ('received', 'processing')"
OPEN_RUNS = """SELECT count(*) FROM run WHERE state = 'sending'
    OR (state = 'queued' AND next_attempt_at <= {now})"""
SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
SETTLES_WITHIN = 300  # seconds; a lease lasts 90


def left_to_do(database: Path | str) -> int:
    """Events to judge, and runs that are under way or due."""
    if isinstance(database, Path):
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            return sum(
                connection.execute(query.format(now=SQLITE_NOW)).fetchone()[0]
                for query in (OPEN_EVENTS, OPEN_RUNS)
            )
    with psycopg.connect(database) as server:
        rows = [server.execute(OPEN_EVENTS), server.execute(OPEN_RUNS.format(now="now()"))]
        return sum((row.fetchone() or (0,))[0] for row in rows)


def let_time_pass(database: Path | str, seconds: int) -> None:
    """Move what waits for a lease to end, or to be rung for again, so much nearer: as if this long
    had passed. For the short run, which cannot wait for leases."""
    moments = [("event", "lease_until"), ("event", "last_rung_at"),
               ("run", "lease_until"), ("run", "last_rung_at")]  # fmt: skip
    if isinstance(database, Path):
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for table, column in moments:
                connection.execute(
                    f"UPDATE {table} SET {column} = strftime('%Y-%m-%d %H:%M:%f000', {column}, "
                    f"'-{seconds} seconds') WHERE {column} IS NOT NULL AND {OPEN[table]}"
                )
            connection.execute("COMMIT")
        return
    with psycopg.connect(database) as server:
        for table, column in moments:
            server.execute(
                f"UPDATE {table} SET {column} = {column} - interval '{seconds} seconds' "
                f"WHERE {column} IS NOT NULL AND {OPEN[table]}".encode()
            )


OPEN = {"event": "state IN ('received', 'processing')", "run": "state IN ('queued', 'sending')"}


def settle(database: Path | str, hurry: bool, tell: Callable[[str], None]) -> bool:
    """Wait until nothing is left to do; False when that takes too long. hurry: once nothing moves
    any more, let the time of the leases pass."""
    ends = time.monotonic() + SETTLES_WITHIN
    left, moved = left_to_do(database), time.monotonic()
    while left:
        if time.monotonic() > ends:
            return False
        time.sleep(0.2)
        if (now_left := left_to_do(database)) != left:
            left, moved = now_left, time.monotonic()
        elif hurry and time.monotonic() - moved > 2.5:
            tell(f"{left} things wait for a lease or the next ring; 100 s pass")
            let_time_pass(database, 100)
            moved = time.monotonic()
    return True
