"""A running Rulebook with ada's hook in it, and the processes that it is made of."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from rulebook import config
from rulebook.storage import db
from rulebook.storage.runs import Run
from tests.conftest import Live
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import BODY, path_of, runs_of
from web import create_app


@dataclass(frozen=True)
class Shop:
    """The processes, and an app of our own on the same database."""

    live: Live
    app: Flask
    ada: Person
    path: str

    def send(self, body: bytes = BODY) -> int:
        request = urllib.request.Request(
            self.live.url + self.path, body, {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)

    @property
    def runs(self) -> list[Run]:
        return runs_of(self.app, self.ada)

    def states(self) -> list[str]:
        return [run.state for run in self.runs]


@contextmanager
def shop(live: Live, *steps: dict[str, Any]) -> Iterator[Shop]:
    """Ada with one hook and one rule in a running Rulebook."""
    settings = {k: v for k, v in live.environ.items() if k.startswith("RULEBOOK_")}
    app = create_app(config.load(settings))
    ada = make_person(app, "ada")
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook, then=list(steps))
        path = path_of(hook)
    yield Shop(live, app, ada, path)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["bell"].queue.storage.close()


def wait_until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """What the condition gave once it was true; AssertionError when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come true within {seconds} s")


def descendants(live: Live, below: int | None = None) -> dict[int, str]:
    """The command lines of the processes of this Rulebook, by id; `below`: of one of them only.
    Never of anything else on the machine."""
    if below is None:
        return _below(live.process.pid)
    assert below in _below(live.process.pid), f"{below} is no process of this Rulebook"
    return _below(below)


def kill(live: Live, pid: int) -> None:
    """kill -9 one process of this Rulebook; anything else is refused."""
    assert live.process.poll() is None
    assert pid in _below(live.process.pid), f"{pid} is no process of this Rulebook"
    os.kill(pid, signal.SIGKILL)


def _below(pid: int, layers: int = 99) -> dict[int, str]:
    assert pid > 1
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if state != "Z":
            parents[int(text.split()[0])] = int(parent)
    found: dict[int, str] = {}
    layer = {pid}
    while layer and (layers := layers - 1) >= 0:
        layer = {child for child, parent in parents.items() if parent in layer}
        found |= {child: _name(child) for child in layer}
    return found


def process(live: Live, name: str) -> int | None:
    """The id of the web or the worker process: the supervisor's own child, not one below it that
    bears the same name and outlives it for a moment."""
    called = f"rulebook {name}"
    return next((p for p, n in _below(live.process.pid, 1).items() if n == called), None)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
