"""A sender with a ledger in memory, a receiver that notes when what arrived, and what both must
agree on with the database: nothing that was acknowledged is missing, nothing was done twice."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select

from rulebook.storage import db
from rulebook.storage.events import Event, EventBody
from rulebook.storage.runs import Run
from tests.conftest import start_live, stop_live
from tests.fakes import Sink
from tests.fakes.sick import Sick
from tests.jobs.shop import Shop, shop, wait_until

PAGES = ("/", "/events", "/rules", "/runs", "/hooks")
PATIENCE = 15  # seconds until a sender gives up


@dataclass(frozen=True)
class Sent:
    """One request and what came of it; status 0: no answer."""

    n: int
    body: bytes
    status: int
    retry_after: str
    began: float
    ended: float


class Stream:
    """Sends `rate` events a second from `senders` threads until it is left."""

    def __init__(self, shop: Shop, rate: float = 20, senders: int = 8) -> None:
        self.address = urlsplit(shop.live.url)
        self.path, self.every = shop.path, 1 / rate
        self.ledger: list[Sent] = []
        self._count, self._lock = 0, threading.Lock()
        self._over = threading.Event()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._send) for _ in range(senders)]

    def __enter__(self) -> Stream:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def acknowledged(self) -> list[Sent]:
        return [sent for sent in list(self.ledger) if 200 <= sent.status < 300]

    @property
    def statuses(self) -> Counter[int]:
        return Counter(sent.status for sent in list(self.ledger))

    def goes_on(self, more: int = 20, seconds: float = 30) -> None:
        """Wait until so many more were acknowledged."""
        wanted = len(self.acknowledged) + more
        wait_until(lambda: len(self.acknowledged) >= wanted, seconds)

    def _send(self) -> None:
        while True:
            with self._lock:
                n, self._count = self._count, self._count + 1
            if self._over.wait(max(0, self._began + n * self.every - time.monotonic())):
                return
            self.ledger.append(self._one(n))

    def _one(self, n: int) -> Sent:
        body = json.dumps({"amount": 60, "n": n, "pad": "é\u2028 " * (n % 50)}).encode()
        began, status, wait = time.monotonic(), 0, ""
        line = http.client.HTTPConnection(
            str(self.address.hostname), self.address.port, timeout=PATIENCE
        )
        try:
            line.request("POST", self.path, body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            status, wait = answer.status, answer.headers.get("Retry-After", "")
        except (OSError, http.client.HTTPException):
            pass
        finally:
            line.close()
        return Sent(n, body, status, wait, began, time.monotonic())


class Arrivals:
    """When each event arrived at a sink."""

    def __init__(self, sink: Sink) -> None:
        self.times: dict[int, list[float]] = {}
        sink._behaves(self._arrives)

    def _arrives(self, handler: Any) -> None:
        self.times.setdefault(handler.received.json["n"], []).append(time.monotonic())
        handler.send(200)

    def delays(self, stream: Stream) -> list[float]:
        """Seconds from each answer to its arrival, sorted."""
        return sorted(
            self.times[sent.n][0] - sent.ended
            for sent in stream.acknowledged
            if sent.n in self.times
        )


def step(sink: Sink | Sick) -> dict[str, Any]:
    """A step of a rule that tells a sink the event's number; never to be done twice."""
    config = {"url": f"{sink.url}/n", "body": '{"n": {{ payload.n }}}'}
    return {"id": "tell", "action": "http", "config": config}


def missing(shop: Shop, stream: Stream) -> list[int]:
    """The numbers of acknowledged requests that are not stored byte for byte."""
    with shop.app.app_context():
        stored = Counter(bytes(body) for body in db.session.scalars(select(EventBody.body)))
        db.session.rollback()
    return [sent.n for sent in stream.acknowledged if stored[sent.body] != 1]


def unfinished(shop: Shop) -> list[tuple[str, str, int]]:
    """What is left to do: kind, state, count; failed and doubtful runs count as left, too."""
    with shop.app.app_context():
        found = [
            (kind.__tablename__, state, count)
            for kind, fine in ((Event, "done"), (Run, "succeeded"))
            for state, count in db.session.execute(
                select(kind.state, func.count()).where(kind.state != fine).group_by(kind.state)
            )
        ]
        db.session.rollback()
    return found


def check(shop: Shop, stream: Stream, arrivals: Arrivals, seconds: float = 90) -> None:
    """Everything stored is done, once; every acknowledgement is stored; no trouble of ours was
    ever the sender's."""
    assert missing(shop, stream) == []
    try:
        wait_until(lambda: not unfinished(shop), seconds)
    except AssertionError:
        raise AssertionError(f"left over: {unfinished(shop)}") from None
    wrong = {n: len(times) for n, times in arrivals.times.items() if len(times) != 1}
    assert not wrong, f"arrived more than once: {wrong}"
    assert {sent.n for sent in stream.acknowledged} <= set(arrivals.times)
    assert set(stream.statuses) <= {0, 200, 503}, stream.statuses
    assert all(sent.retry_after.isdigit() for sent in stream.ledger if sent.status == 503)


class Scene:
    """A Rulebook with a hook, its sender and its receiver."""

    def __init__(self, here: Shop, stream: Stream, arrivals: Arrivals) -> None:
        self.here, self.stream, self.arrivals = here, stream, arrivals

    def page(self, path: str) -> int:
        """The status of a page, as ada sees it, from the running process."""
        cookie = self.here.ada.client.get_cookie("rulebook_session")
        assert cookie
        request = urllib.request.Request(
            self.here.live.url + path, headers={"Cookie": f"rulebook_session={cookie.value}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status) if answer.url.endswith(path) else 302
        except urllib.error.HTTPError as error:
            return error.code


def scene(stack: ExitStack, folder: Path, rate: float = 20, **settings: str) -> Scene:
    """Start everything; the stream is running."""
    sink = stack.enter_context(Sink())
    arrivals = Arrivals(sink)
    live = start_live(folder, **settings)
    stack.callback(stop_live, live)
    here = stack.enter_context(shop(live, step(sink)))
    return Scene(here, Stream(here, rate), arrivals)
