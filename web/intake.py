"""Requests for hooks, stored many at a time: all that wait at a moment go into one commit, and
each is answered only after it."""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import Future

from flask import Flask
from sqlalchemy.exc import OperationalError

from rulebook.domain.receive import NOT_STORED, Delivery, Receipt, receive_all
from rulebook.jobs.queue import Bell
from rulebook.storage import db

log = logging.getLogger("rulebook.intake")
MOST_AT_ONCE = 64
MOST_WAITING = 1000
MOST_WAITING_BYTES = 64 * 1024 * 1024
BUSY = Receipt(503, "Too much at once; send it again in a moment.\n")


class Intake:
    """One thread that stores deliveries in groups. `take` answers with a future of the receipt."""

    def __init__(self, app: Flask, bell: Bell, max_body: int) -> None:
        self.app, self.bell, self.max_body = app, bell, max_body
        self._waiting: queue.SimpleQueue[tuple[Delivery, Future[Receipt]]] = queue.SimpleQueue()
        self._bytes = 0
        self._count = threading.Lock()
        threading.Thread(target=self._run, name="intake", daemon=True).start()

    def take(self, delivery: Delivery) -> Future[Receipt]:
        """Store it with the next group; a 503 at once when too much is waiting."""
        future: Future[Receipt] = Future()
        with self._count:
            full = self._bytes + len(delivery.body) > MOST_WAITING_BYTES
            if full or self._waiting.qsize() >= MOST_WAITING:
                future.set_result(BUSY)
                return future
            self._bytes += len(delivery.body)
        self._waiting.put((delivery, future))
        return future

    def _run(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while len(taken) < MOST_AT_ONCE and not self._waiting.empty():
                taken.append(self._waiting.get())
            with self._count:
                self._bytes -= sum(len(delivery.body) for delivery, _ in taken)
            # Whoever waited too long was told 503 and sends it again.
            group = [each for each in taken if each[1].set_running_or_notify_cancel()]
            if not group:
                continue
            try:
                receipts = self._store([delivery for delivery, _ in group])
            except Exception:
                log.exception("A group of deliveries was answered 503.")
                receipts = [NOT_STORED] * len(group)
            for (_, future), receipt in zip(group, receipts, strict=True):
                future.set_result(receipt)
            self.bell.events([receipt.judge for receipt in receipts if receipt.judge])

    def _store(self, deliveries: list[Delivery]) -> list[Receipt]:
        """One commit for all; if that fails, one each, so that a bad one fails alone. But where
        the database itself is the trouble, each would wait for it anew."""
        with self.app.app_context():
            try:
                return receive_all(deliveries, self.max_body)
            except OperationalError as problem:
                db.session.rollback()
                log.error("%d deliveries could not be stored: %s", len(deliveries), problem.orig)
                return [NOT_STORED] * len(deliveries)
            except Exception as problem:
                db.session.rollback()
                if len(deliveries) == 1:
                    log.error("A delivery could not be stored: %r", problem)
                    return [NOT_STORED]
        return [receipt for each in deliveries for receipt in self._store([each])]
