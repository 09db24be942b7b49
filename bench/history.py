"""What looking through a long history costs: python -m bench.history [--events 1000000]

Writes so many events over 30 days with their bodies, words, verdicts, runs and attempts, asks for
pages as a browser does, and prints one table: the time the server takes for a page's first request,
and p50 and p95 of the next forty, on SQLite and, with --postgres URL (of an empty database), on
PostgreSQL. With --dir the data is kept there and used again. The pages are asked for inside this
process: no network, one request at a time.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from bench.machine import described
from bench.past import furnish_shop, write_past
from bench.rows import share
from rulebook import config, storage
from rulebook.domain import accounts, indexing
from rulebook.storage import db, event_lists, hooks, rules, search, users, utcnow
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule
from web import create_app
from web.door import set_apart

TIMES = 40
Ask = Callable[[random.Random], str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events")
    parser.add_argument("--dir", type=Path, help="keep the data in this folder, and use it again")
    parser.add_argument("--postgres", help="measure this PostgreSQL database as well")
    parser.add_argument("--only", help="only rows whose name holds this")
    parser.add_argument("--no-sqlite", action="store_true", help="only PostgreSQL")
    wanted = parser.parse_args()
    with _folder(wanted.dir) as folder:
        print(described(str(folder)))
        stores = [] if wanted.no_sqlite else [("SQLite", "")]
        for name, url in [*stores, *([("PostgreSQL", wanted.postgres)] if wanted.postgres else [])]:
            show(name, _app(folder / name.lower(), url), wanted.events, wanted.only or "")


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
    else:
        with tempfile.TemporaryDirectory(prefix="rulebook-bench-") as folder:
            yield Path(folder)


def _app(folder: Path, url: str) -> Flask:
    environ = {"RULEBOOK_INSTANCE": str(folder), "RULEBOOK_RETENTION_DAYS": "3650"}
    app = create_app(config.load(environ | ({"RULEBOOK_DATABASE_URL": url} if url else {})))
    storage.upgrade(app)
    return app


def show(name: str, app: Flask, count: int, only: str) -> None:
    """Make the data unless it is there, measure, and print the rows."""
    with app.app_context():
        if not users.anyone():
            began = time.perf_counter()
            write_past(furnish_shop(), count)
            storage.tallies.begin_tallies()
            written = time.perf_counter()
            while indexing.index_some(utcnow() + timedelta(minutes=1), most=2_000):
                pass
            indexing.purge_some()
            print(f"{name}: written in {written - began:.0f} s, indexed in "
                  f"{time.perf_counter() - written:.0f} s")  # fmt: skip
            _settle()
        client, asks = _signed_in(app), _asks()
    set_apart()  # as whoever serves does
    print(f"\n{name + f', {count:,} events':<46}{'first ms':>9}{'p50 ms':>9}{'p95 ms':>9}  bytes")
    for figure, ask in asks.items():
        if only in figure:
            measure(client, figure, ask)


def _settle() -> None:
    """What happens by itself after a while: PostgreSQL looks at its tables, and whoever serves
    moves SQLite's log into its file."""
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    else:
        with closing(sqlite3.connect(db.engine.url.database or "")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        search.move_index_log()


def _signed_in(app: Flask) -> FlaskClient:
    [user] = users.everyone()
    client = app.test_client()
    client.set_cookie("rulebook_session", accounts._open_session(user, "127.0.0.1", utcnow()))
    return client


@dataclass(frozen=True)
class _Past:
    """What addresses are made of."""

    hooks: list[Hook]
    rules: list[Rule]
    newest: list[Event]

    def whom(self, dice: random.Random) -> str:
        """The name of somebody who paid or ordered."""
        gists = [event.gist for event in self.newest if " from " in event.gist]
        return dice.choice(gists).rpartition(" from ")[2]


def _asks() -> dict[str, Ask]:
    """Each row of the table: how an address is made."""
    [user] = users.everyone()
    workspace = storage.workspaces.first_workspace(user.id)
    assert workspace is not None
    newest = event_lists.page_of_events(workspace.id, EventFilter(), 2_000)
    past = _Past(hooks.hooks(workspace.id), rules.rules(workspace.id), newest)
    return _lists(past) | _searches(past) | _others(past)


def _lists(past: _Past) -> dict[str, Ask]:
    return {
        "home": lambda dice: "/",
        "events": lambda dice: "/events",
        "events, an older page": lambda dice: f"/events?older={dice.choice(past.newest).id}",
        "filter: hook": lambda dice: f"/events?hook={dice.choice(past.hooks).id}",
        "filter: a rare hook": lambda dice: f"/events?hook={past.hooks[-1].id}",
        "filter: type": lambda dice: f"/events?type={dice.choice(past.newest).event_type or ''}",
        "filter: a type never seen": lambda dice: "/events?type=never",
        "filter: a rule matched": lambda dice: "/events?state=matched",
        "filter: nothing matched": lambda dice: "/events?state=unmatched",
        "filter: refused": lambda dice: "/events?state=refused",
        "filter: seen before": lambda dice: "/events?state=duplicate",
        "filter: could not be judged": lambda dice: "/events?state=poison",
        "filter: held (none is)": lambda dice: "/events?state=held",
        "filter: something failed": lambda dice: "/events?state=failed",
        "filter: may have been sent": lambda dice: "/events?state=unknown",
        "filter: not checked": lambda dice: "/events?checked=none",
        "filter: rule": lambda dice: f"/events?rule={dice.choice(past.rules).id}",
        "filter: a day": lambda dice: f"/events?after={_day(dice)}&before={_day(dice)}",
        "filter: hook, type, outcome, rule":
            lambda dice: f"/events?hook={past.hooks[0].id}&type=charge.refunded&state=matched"
            f"&rule={past.rules[1].id}&in=7d",
        "filter: two that never meet":
            lambda dice: f"/events?hook={past.hooks[2].id}&state=matched",
    }  # fmt: skip


def _searches(past: _Past) -> dict[str, Ask]:
    return {
        "field: is": lambda dice: "/events?field=data.object.number"
            f"&value=LT-{dice.randrange(10**6)}",
        "field: is (a name)": lambda dice: f"/events?field=customer.name&value={past.whom(dice)}",
        "field: more than, many":
            lambda dice: "/events?field=data.object.amount&test=more_than&value=50000",
        "field: more than, none":
            lambda dice: "/events?field=data.object.amount&test=more_than&value=5000000",
        "field: is there": lambda dice: "/events?field=release.tag&test=is_there",
        "search: a name": lambda dice: f"/events?q={past.whom(dice)}",
        "search: half a name": lambda dice: f"/events?q={past.whom(dice)[:5]}",
        "search: an order": lambda dice: f"/events?q=LT-{dice.randrange(10**6)}",
        "search: an e-mail address":
            lambda dice: f"/events?q={past.whom(dice).replace(' ', '.').lower()}",
        "search: an amount": lambda dice: f"/events?q={dice.randrange(999)}.{dice.randrange(99)}",
        "search: a word of most events": lambda dice: "/events?q=usd",
        "search: two letters": lambda dice: f"/events?q={past.whom(dice)[:2]}",
        "search: nothing like it": lambda dice: f"/events?q=xq{dice.randrange(10**6)}",
        "search: two words that never meet": lambda dice: "/events?q=usd+opened",
        "search and hook": lambda dice: f"/events?q={past.whom(dice)}&hook={past.hooks[0].id}",
    }  # fmt: skip


def _others(past: _Past) -> dict[str, Ask]:
    return {
        "an event": lambda dice: f"/events/{dice.choice(past.newest).id}",
        "runs": lambda dice: "/runs",
        "runs: failed": lambda dice: "/runs?state=failed",
        "runs: may have been sent": lambda dice: "/runs?state=unknown",
        "runs: of a hook": lambda dice: f"/runs?hook={dice.choice(past.hooks).id}",
        "runs: of a rule": lambda dice: f"/runs?rule={dice.choice(past.rules).id}",
        "rules": lambda dice: "/rules",
        "hooks": lambda dice: "/hooks",
    }  # fmt: skip


def _day(dice: random.Random) -> str:
    return f"{utcnow() - timedelta(days=10 + dice.randrange(2)):%Y-%m-%d}"


def measure(client: FlaskClient, figure: str, ask: Ask) -> None:
    """Ask once, which also makes what the page is made of, then forty times; print a row."""
    dice, taken, size = random.Random(5), [], 0
    for _ in range(TIMES + 1):
        address = ask(dice)
        began = time.perf_counter()
        answer = client.get(address)
        taken.append(time.perf_counter() - began)
        size = len(answer.data)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status}")
    first = taken.pop(0)
    times = (first, share(taken, 0.5), share(taken, 0.95))
    print(f"{figure:<46}{''.join(f'{each * 1e3:>9,.1f}' for each in times)}  {size:,}", flush=True)


if __name__ == "__main__":
    main()
