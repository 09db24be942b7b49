"""Requests for hooks, stored many at a time: all that wait at a moment go into one commit, and
each is answered only after it. What waits is bounded; the busiest hook is asked to slow down first,
then the busiest workspace (`web/fair.py`).
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.exc import OperationalError

from rulebook.config import Config
from rulebook.domain import disk
from rulebook.domain.receive import NOT_HERE, NOT_STORED, Delivery, Receipt, receive_all
from rulebook.jobs.queue import Bell
from rulebook.storage import db, keep_connection, rollback
from web.fair import Guests, Shares

log = logging.getLogger("rulebook.intake")
MOST_AT_ONCE = 64
MOST_WAITING = 1000
MOST_WAITING_BYTES = 64 * 1024 * 1024
HOOKS_SLOW_AT, WORKSPACES_SLOW_AT = 1 / 2, 3 / 4  # of what may wait
COMMIT_SECONDS = 10
LOOK_AT_DISK_EVERY = 1.0
RING_EVERY, LONGEST_PAUSE = 0.02, 0.1  # seconds
RING_SHARE = 20  # ringing takes no more of the time than one part in so many
GATHER_SECONDS = 0.002
MOST_IN_A_RING = 32
FULL = Receipt(503, "Too much at once; send it again in a moment.\n")
SLOWER = Receipt(429, "This hook gets more than its share just now; send it again in a moment.\n")
ALL_SLOWER = Receipt(
    429,
    "The hooks of this workspace get more than their share just now; send it again in a moment.\n",
)
NO_ROOM = Receipt(503, "The disk here is nearly full. Please send it again later.\n")


@dataclass
class Waiting:
    """A delivery and who waits for its receipt, until when by the loop's clock."""

    delivery: Delivery
    receipt: asyncio.Future[Receipt]
    until: float


class Intake:
    """One thread that stores deliveries in groups. `take` belongs to the event loop."""

    def __init__(self, app: Flask, bell: Bell, max_body: int) -> None:
        self.app, self.bell, self.max_body = app, bell, max_body
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._open: deque[Waiting] = deque()  # in the order of their coming
        self._count = self._bytes = 0
        self._guests, self._shares = Guests(), Shares()
        self._disk = Disk(app)
        self._stored: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        for target, name in ((self._run, "intake"), (self._ring, "ring")):
            threading.Thread(target=target, name=name, daemon=True).start()

    async def take(self, delivery: Delivery) -> Receipt:
        """Store it with the next group, and say what to answer; a refusal at once when too much
        is waiting, and after ten seconds when the database does not answer."""
        loop = asyncio.get_running_loop()
        if self._guests.is_stranger(delivery.token, loop.time()):
            return NOT_HERE
        workspace = self._guests.workspace_of(delivery.token)
        refusal = self._refusal(delivery, workspace)
        if refusal:
            return refusal
        waiting = Waiting(delivery, loop.create_future(), loop.time() + COMMIT_SECONDS)
        self._count += 1
        self._bytes += len(delivery.body)
        self._shares.enter(workspace, delivery.token)
        self._waiting.put(waiting)
        self._open.append(waiting)
        if len(self._open) == 1:
            loop.call_at(waiting.until, self._give_up, loop)
        try:
            receipt = await waiting.receipt
            self._guests.remember(delivery.token, receipt, loop.time())
            return receipt
        finally:
            self._count -= 1
            self._bytes -= len(delivery.body)
            self._shares.leave(workspace, delivery.token)

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Whoever has waited too long is told 503; one timer does for all."""
        while self._open and (self._open[0].receipt.done() or self._open[0].until <= loop.time()):
            _tell(self._open.popleft().receipt, NOT_STORED)
        if self._open:
            loop.call_at(self._open[0].until, self._give_up, loop)

    def _refusal(self, delivery: Delivery, workspace: str) -> Receipt | None:
        if self._disk.full():
            return NO_ROOM
        count, size = self._count, self._bytes + len(delivery.body)
        if count >= MOST_WAITING or size > MOST_WAITING_BYTES:
            return FULL
        used = max(count / MOST_WAITING, size / MOST_WAITING_BYTES)
        if used < HOOKS_SLOW_AT or not self._shares.is_busy(workspace):
            return None
        if self._shares.is_busiest(workspace, delivery.token):
            return SLOWER
        return ALL_SLOWER if used >= WORKSPACES_SLOW_AT else None

    def _run(self) -> None:
        keep_connection(self.app, looks_ahead=True)
        with self.app.app_context():
            self._store_groups()

    def _store_groups(self) -> None:
        usual = 1
        while True:
            group = [self._waiting.get()]
            self._gather(usual)
            while len(group) < MOST_AT_ONCE and not self._waiting.empty():
                group.append(self._waiting.get())
            usual = len(group)
            # Whoever waited too long was told 503 and sends it again.
            group = [each for each in group if not each.receipt.done()]
            if not group:
                continue
            try:
                receipts = self._store([each.delivery for each in group])
            except Exception:
                log.exception("A group of deliveries was answered 503.")
                receipts = [NOT_STORED] * len(group)
            _forget(db.session.remove)
            to_judge = [receipt.judge for receipt in receipts if receipt.judge]
            # Where nobody waits behind it, another thread would only be later.
            alone = usual == 1 and self.bell.is_prompt
            if alone:
                self.bell.events(to_judge)
            self._answer(group, receipts)
            if not alone:
                self._stored.put(to_judge)

    def _gather(self, usual: int) -> None:
        """As many as were answered last are probably about to come again: a moment's wait puts them
        into one commit. Whoever comes alone is not kept waiting."""
        ends = time.monotonic() + GATHER_SECONDS
        while self._waiting.qsize() < usual - 1 and time.monotonic() < ends:
            time.sleep(GATHER_SECONDS / 5)

    def _ring(self) -> None:
        """Ring for what was stored. A ring stands for all that wait, so that few are enough, and
        the fewer the less time there is for them."""
        while True:
            stored = self._stored.get()
            while not self._stored.empty():
                stored += self._stored.get()
            if stored:
                began = time.monotonic()
                self.bell.events(stored[:MOST_IN_A_RING])
                took = time.monotonic() - began
                time.sleep(min(max(RING_EVERY, RING_SHARE * took), LONGEST_PAUSE))

    def _store(self, deliveries: list[Delivery]) -> list[Receipt]:
        """One commit for all; if that fails, one each, so that a bad one fails alone. But where
        the database itself is the trouble, each would wait for it anew."""
        try:
            return receive_all(deliveries, self.max_body)
        except OperationalError as problem:
            _forget(rollback)
            log.error("%d deliveries could not be stored: %s", len(deliveries), problem.orig)
            return [NOT_STORED] * len(deliveries)
        except Exception as problem:
            _forget(rollback)
            if len(deliveries) == 1:
                log.error("A delivery could not be stored: %r", problem)
                return [NOT_STORED]
        return [receipt for each in deliveries for receipt in self._store([each])]

    def _answer(self, group: Sequence[Waiting], receipts: Sequence[Receipt]) -> None:
        def tell() -> None:
            for each, receipt in zip(group, receipts, strict=True):
                _tell(each.receipt, receipt)
            while len(self._open) > 1 and self._open[0].receipt.done():
                self._open.popleft()

        try:
            group[0].receipt.get_loop().call_soon_threadsafe(tell)
        except RuntimeError:  # the loop has ended: nobody waits any more
            log.info("%d deliveries were stored after the server had stopped.", len(group))


def _forget(what: Callable[[], None]) -> None:
    """Forget what is under way, or the session. Where that fails it is no matter of those who were
    stored, nor of whoever comes next."""
    try:
        what()
    except Exception:
        log.exception("What was under way could not be taken back.")


def _tell(receipt: asyncio.Future[Receipt], answer: Receipt) -> None:
    if not receipt.done():
        receipt.set_result(answer)


class Disk:
    """Whether the disk that SQLite's file is on has room left; looked at once a second."""

    def __init__(self, app: Flask) -> None:
        self.config: Config = app.extensions["rulebook"].config
        self.floor = disk.floor(self.config)
        self._full, self._looked = False, -LOOK_AT_DISK_EVERY

    def full(self) -> bool:
        """Whether less is free than must be."""
        if self.floor and time.monotonic() - self._looked >= LOOK_AT_DISK_EVERY:
            self._looked = time.monotonic()
            was, self._full = self._full, disk.free(self.config) < self.floor
            if self._full and not was:
                log.error(
                    "Less than %d MB are free: hooks answer 503.", self.floor // disk.MEGABYTE
                )
        return self._full
