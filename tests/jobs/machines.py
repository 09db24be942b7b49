"""Several machines: each with an instance folder, a web and a worker of its own; one database and
one queue for all of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from rulebook import config
from rulebook.storage import db, utcnow
from rulebook.storage.attempts import Attempt
from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from tests.fakes import Sink
from tests.jobs.shop import wait_until
from tests.people import make_hook, make_person, make_rule
from tests.servers import free_port
from tests.stories import call, path_of
from web import create_app

ROOT = Path(__file__).parents[2]
SIGNING = "a signing secret of ada's"


@dataclass
class Process:
    """One `rulebook web` or `rulebook worker` with whatever it starts below itself."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def kill(self) -> None:
        """End all of it at once, as when its machine loses power."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(10)

    def stop(self) -> int:
        """Ask it to end, as its service manager would; its exit code."""
        if self.popen.poll() is None:
            self.popen.terminate()
        return self.popen.wait(60)

    def answers(self) -> bool:
        assert self.popen.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass
class Fleet:
    """All machines; `app` is one of our own on the same database, `sink` what the rule calls."""

    environ: dict[str, str]
    folder: Path
    started: list[Process] = field(default_factory=list)
    webs: list[Process] = field(default_factory=list)  # senders take them in turn
    workers: list[Process] = field(default_factory=list)
    app: Flask = field(init=False)
    path: str = ""

    def start(self, name: str, port: int | None = None) -> Process:
        """One more process, on a machine of its own."""
        folder = self.folder / f"{name}{len(self.started)}"
        folder.mkdir()
        port = port or free_port()
        environ = {**self.environ, "RULEBOOK_INSTANCE": str(folder), "RULEBOOK_PORT": str(port)}
        with (folder / "log").open("wb") as log:
            popen = subprocess.Popen(
                [sys.executable, "-m", "rulebook", name],
                env=environ, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        made = Process(name, popen, folder / "log", f"http://127.0.0.1:{port}")
        self.started.append(made)
        (self.webs if name == "web" else self.workers).append(made)
        return made

    def open_shop(self, sink: Sink, **config_of_call: Any) -> None:
        """Ada's hook for signed deliveries, and her rule that calls the sink."""
        self.app = create_app(config.load({**self.environ, "RULEBOOK_INSTANCE": str(self.folder)}))
        ada = make_person(self.app, "ada")
        with self.app.app_context():
            hook = make_hook(ada, provider="github", secret=SIGNING)
            body = '{"n": {{ payload.n }}}'
            make_rule(ada, hook, path="$.n", value=0,
                      then=[call(sink, body=body, **config_of_call)])  # fmt: skip
            self.path = path_of(hook)

    def send(self, number: int, first: int) -> int:
        """Deliver one event, again to the next web when one does not take it; how often."""
        body = json.dumps({"n": number}).encode()
        signature = hmac.new(SIGNING.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-GitHub-Event": "order",
                   "X-GitHub-Delivery": f"delivery-{number}",
                   "X-Hub-Signature-256": f"sha256={signature}"}  # fmt: skip
        for attempt in range(20):
            url = self.webs[(first + attempt) % len(self.webs)].url + self.path
            try:
                request = urllib.request.Request(url, body, headers, method="POST")
                with urllib.request.urlopen(request, timeout=15) as answer:
                    assert answer.status == 200
                    return attempt + 1
            except urllib.error.HTTPError as answer:
                assert answer.code in (429, 503), answer.code
            except OSError:
                pass
        raise AssertionError(f"nobody took delivery {number}")

    @contextmanager
    def sending(self, numbers: range, senders: int = 8) -> Iterator[list[Future[int]]]:
        """Deliver these, over all webs in turn, while the body runs; all are taken at its end."""
        with ThreadPoolExecutor(senders) as pool:
            sent = [pool.submit(self.send, number, number) for number in numbers]
            yield sent
        for future in sent:
            future.result()

    def states(self, of: type[Event] | type[Run]) -> Counter[str]:
        with self.app.app_context():
            found = db.session.execute(select(of.state, func.count()).group_by(of.state)).all()
            db.session.rollback()
        return Counter({state: count for state, count in found})

    def wait_for_rest(self, seconds: float = 90) -> None:
        """Until nothing is due that somebody could do."""
        wait_until(lambda: not (self.states(Event)["received"] or self.states(Run)["queued"]),
                   seconds)  # fmt: skip

    def end_leases(self) -> int:
        """Let the leases of whatever is being worked on be over; how many."""
        past, ended = utcnow() - timedelta(seconds=1), 0
        with self.app.app_context():
            for table, state in ((Event, "processing"), (Run, "sending")):
                held = update(table).where(table.state == state).values(lease_until=past)
                ended += db.session.execute(held).rowcount  # type: ignore[attr-defined]
            db.session.commit()
        return ended

    def calls(self) -> dict[int, tuple[str, bool, list[str | None]]]:
        """For each number: its run's state, whether it may be a repeat, its attempts' outcomes."""
        told: dict[int, tuple[str, bool, list[str | None]]] = {}
        with self.app.app_context():
            tries: dict[str, list[str | None]] = {}
            for attempt in db.session.scalars(select(Attempt).order_by(Attempt.n)):
                tries.setdefault(attempt.run_id, []).append(attempt.outcome)
            for run in db.session.scalars(select(Run)):
                number = json.loads(run.config["body"])["n"]
                assert number not in told, "one event made two runs"
                told[number] = (run.state, run.may_repeat, tries.get(run.id, []))
            db.session.rollback()
        return told


@contextmanager
def fleet(folder: Path, database: str, queue: str) -> Iterator[Fleet]:
    """Two machines that start at the same moment on an empty database."""
    environ = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT),
        "RULEBOOK_DATABASE_URL": database, "RULEBOOK_QUEUE_URL": queue,
        "RULEBOOK_SECRET_KEY": "one key for all machines that is long enough",
        "RULEBOOK_EGRESS_ALLOW": "127.0.0.1", "RULEBOOK_WORKERS": "4",
    }  # fmt: skip
    all_of_it = Fleet(environ, folder)
    try:
        for name in ("worker", "web", "worker", "web"):
            all_of_it.start(name)
        for web in all_of_it.webs:
            wait_until(web.answers, 60)
        for worker in all_of_it.workers:
            assert worker.popen.poll() is None, worker.log.read_text()
        yield all_of_it
    finally:
        for process in all_of_it.started:
            if process.popen.poll() is None:
                process.popen.terminate()
        for process in all_of_it.started:
            try:
                process.popen.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
        if hasattr(all_of_it, "app"):
            with all_of_it.app.app_context():
                db.engine.dispose()
            all_of_it.app.extensions["bell"].queue.storage.close()
