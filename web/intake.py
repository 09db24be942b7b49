"""Requests for hooks, stored many at a time: all that wait at a moment go into one commit, and
each is answered only after it. What waits is bounded; the busiest hook is asked to slow down first,
then the busiest workspace (`web/fair.py`).

SQLite stores a group in less time than it takes to hand it to another thread and back, so the event
loop does that itself, as long as nobody else writes, the disk is quick and few events came. Else,
and with PostgreSQL, a thread waits for the database and the loop goes on reading.
"""

from __future__ import annotations

import asyncio
import contextvars
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
from rulebook.domain.delivery import NOT_HERE, NOT_STORED, Delivery, Receipt
from rulebook.domain.receive import receive_all
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
LARGE = 64 * 1024  # bytes: what takes longer to read and check is the thread's
MOST_EVENTS = 256  # in a group: so many are stored in ten milliseconds
# Seconds: where groups take so long on average, the thread stores them for so long.
SLOW, SLOW_FOR = 0.02, 10.0
MOST_IN_A_RING = 32
FULL = Receipt(503, "Too much at once; send it again in a moment.\n")
SLOWER = Receipt(429, "This hook gets more than its share just now; send it again in a moment.\n")
ALL_SLOWER = Receipt(
    429,
    "The hooks of this workspace get more than their share just now; send it again in a moment.\n",
)
NO_ROOM = Receipt(503, "The disk here is nearly full. Please send it again later.\n")


@dataclass(slots=True, eq=False)
class Waiting:
    """A delivery of a workspace, until when it may wait by the loop's clock, and who is told what
    came of it, once."""

    delivery: Delivery
    workspace: str
    until: float
    tell: Callable[[Receipt], None]
    told: bool = False


class Intake:
    """Stores deliveries in groups. `begin` and `take` belong to the event loop."""

    def __init__(self, app: Flask, bell: Bell, max_body: int) -> None:
        self.app, self.bell, self.max_body = app, bell, max_body
        self._open: deque[Waiting] = deque()  # in the order of their coming
        self._count = self._bytes = 0
        self._guests, self._shares = Guests(), Shares()
        self._disk = Disk(app)
        self._next: list[Waiting] = []  # the loop's next group
        self._planned: asyncio.Handle | None = None
        self._gathering: asyncio.Handle | None = None
        self._usual = 1
        self._apart = contextvars.copy_context()  # where the loop's connection is kept
        self._stores_here = self._apart.run(self._settle)
        self._takes = self._quick_from = 0.0
        self._handed: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._away = 0  # how many the thread has
        self._stored: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        for target, name in ((self._run, "intake"), (self._ring, "ring")):
            threading.Thread(target=target, name=name, daemon=True).start()

    def _settle(self) -> bool:
        keeps = keep_connection(self.app, looks_ahead=True, waits=False)
        self.app.app_context().push()
        return keeps

    async def take(self, delivery: Delivery) -> Receipt:
        """The same as `begin`, for who can wait."""
        told: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.begin(delivery, lambda receipt: None if told.done() else told.set_result(receipt))
        return await told

    def begin(self, delivery: Delivery, tell: Callable[[Receipt], None]) -> None:
        """Store it with the next group, and tell what to answer; a refusal at once when too much
        is waiting, and after ten seconds when the database does not answer."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._guests.is_stranger(delivery.token, now):
            return tell(NOT_HERE)
        workspace = self._guests.workspace_of(delivery.token)
        if refusal := self._refusal(delivery, workspace):
            return tell(refusal)
        waiting = Waiting(delivery, workspace, now + COMMIT_SECONDS, tell)
        self._count += 1
        self._bytes += len(delivery.body)
        self._shares.enter(workspace, delivery.token)
        self._open.append(waiting)
        if len(self._open) == 1:
            loop.call_at(waiting.until, self._give_up, loop)
        large = len(delivery.body) > LARGE
        if large or self._away or not self._stores_here or now < self._quick_from:
            self._hand([waiting])
        else:
            self._next.append(waiting)
            self._plan(loop)

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """As many as were answered last are probably about to come again: a moment's wait puts them
        into one commit. Whoever comes alone is not kept waiting."""
        if self._planned:
            return
        if len(self._next) >= self._usual:
            self._planned = loop.call_soon(self._store_here, loop)
        elif not self._gathering:
            self._gathering = loop.call_later(GATHER_SECONDS, self._store_here, loop)

    def _store_here(self, loop: asyncio.AbstractEventLoop) -> None:
        for each in (self._planned, self._gathering):
            if each:
                each.cancel()
        self._planned = self._gathering = None
        group, self._next = self._next[:MOST_AT_ONCE], self._next[MOST_AT_ONCE:]
        self._usual = len(group)
        began = time.monotonic()
        receipts = self._apart.run(self._at_once, [each.delivery for each in group])
        if receipts is None:
            rest, self._next = self._next, []
            return self._hand([*group, *rest])
        self._note(time.monotonic() - began, loop)
        self._pass_on(receipts, alone=len(group) == 1)
        self._tell(group, receipts)
        if self._next:
            self._plan(loop)

    def _at_once(self, deliveries: list[Delivery]) -> list[Receipt] | None:
        """Store them without waiting for anybody; None when that is not possible just now."""
        try:
            return receive_all(deliveries, self.max_body, most=MOST_EVENTS)
        except Exception as problem:  # noqa: BLE001 (the thread tries again, and says what is wrong)
            log.debug("A group goes to the thread: %r", problem)
            _forget(rollback)
            return None
        finally:
            _forget(db.session.remove)

    def _note(self, took: float, loop: asyncio.AbstractEventLoop) -> None:
        """Once in a while any disk takes its time; one that always does would hold up the pages."""
        self._takes += (min(took, 5 * SLOW) - self._takes) / 10
        if self._takes > SLOW:
            self._takes, self._quick_from = 0.0, loop.time() + SLOW_FOR

    def _pass_on(self, receipts: Sequence[Receipt], alone: bool) -> None:
        """Have what was stored judged. Where nobody waits behind it, another thread would only be
        later."""
        if to_judge := [receipt.judge for receipt in receipts if receipt.judge]:
            if alone and self.bell.is_prompt:
                self.bell.events(to_judge)
            else:
                self._stored.put(to_judge)

    def _tell(self, group: Sequence[Waiting], receipts: Sequence[Receipt]) -> None:
        now = asyncio.get_running_loop().time()
        for each, receipt in zip(group, receipts, strict=True):
            self._answer(each, receipt, now)
        while len(self._open) > 1 and self._open[0].told:
            self._open.popleft()

    def _answer(self, waiting: Waiting, receipt: Receipt, now: float) -> None:
        if waiting.told:
            return
        waiting.told = True
        token = waiting.delivery.token
        self._count -= 1
        self._bytes -= len(waiting.delivery.body)
        self._shares.leave(waiting.workspace, token)
        self._guests.remember(token, receipt, now)
        try:
            waiting.tell(receipt)
        except Exception:  # else those behind it would be told 503, though they are stored
            log.exception("An answer could not be given.")

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Whoever has waited too long is told 503; one timer does for all."""
        now = loop.time()
        while self._open and (self._open[0].told or self._open[0].until <= now):
            self._answer(self._open.popleft(), NOT_STORED, now)
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

    def _hand(self, group: Sequence[Waiting]) -> None:
        """Leave it to the thread, which waits for the database."""
        self._loop = asyncio.get_running_loop()
        self._away += len(group)
        for each in group:
            self._handed.put(each)

    def _run(self) -> None:
        keep_connection(self.app, looks_ahead=True)
        with self.app.app_context():
            self._store_groups()

    def _store_groups(self) -> None:
        usual = 1
        while True:
            group = [self._handed.get()]
            self._gather(usual)
            while len(group) < MOST_AT_ONCE and not self._handed.empty():
                group.append(self._handed.get())
            usual = len(group)
            # Whoever waited too long was told 503 and sends it again.
            left = [each for each in group if not each.told]
            try:
                receipts = self._store([each.delivery for each in left]) if left else []
            except Exception:
                log.exception("A group of deliveries was answered 503.")
                receipts = [NOT_STORED] * len(left)
            _forget(db.session.remove)
            self._pass_on(receipts, alone=usual == 1)
            try:
                self._loop.call_soon_threadsafe(self._back, usual, left, receipts)
            except RuntimeError:  # the loop has ended: nobody waits any more
                log.info("%d deliveries were stored after the server had stopped.", len(left))

    def _gather(self, usual: int) -> None:
        """The same moment's wait as the loop's."""
        ends = time.monotonic() + GATHER_SECONDS
        while self._handed.qsize() < usual - 1 and time.monotonic() < ends:
            time.sleep(GATHER_SECONDS / 5)

    def _back(self, number: int, group: Sequence[Waiting], receipts: Sequence[Receipt]) -> None:
        self._away -= number
        self._tell(group, receipts)

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


def _forget(what: Callable[[], None]) -> None:
    """Forget what is under way, or the session. Where that fails it is no matter of those who were
    stored, nor of whoever comes next."""
    try:
        what()
    except Exception:
        log.exception("What was under way could not be taken back.")


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
