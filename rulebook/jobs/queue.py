"""The doorbell: a Huey queue that carries ids and nothing else.

Huey takes a message off the queue before it is worked on, so a message can be lost at any time;
the database knows what is due, and the sweeper rings again. Messages are JSON, not pickles, so
that whoever can write to the queue still cannot run code.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from flask import Flask

from rulebook.config import Config
from rulebook.jobs.lean import (
    Huey,
    Message,
    PostgresStorage,
    PriorityRedisStorage,
    Serializer,
    SqliteStorage,
    know_postgres,
    redis_pool,
)
from rulebook.jobs.wake import knock

log = logging.getLogger("rulebook.jobs")
RING_FOR = 32


class IdsOnly(Serializer):  # type: ignore[misc]
    """A message is the job's name and ids, as JSON; anything else is refused."""

    def _serialize(self, message: Message) -> bytes:
        return json.dumps([message.id, message.name, list(message.args)]).encode()

    def _deserialize(self, data: bytes) -> Message:
        task_id, name, args = json.loads(bytes(data))
        if not all(isinstance(text, str) for text in [task_id, name, *args]):
            raise ValueError("a message holds ids only")
        return Message(id=task_id, name=name, args=tuple(args), kwargs={}, retries=0)


class PostgresQueue(PostgresStorage):  # type: ignore[misc]
    """Huey's tables in PostgreSQL. Processes that start together make them one after the other:
    `create table if not exists` fails for all but one when they do it at the same moment."""

    def initialize_schema(self) -> None:
        with self._connect() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('rulebook queue'))")
            for statement in self.ddl:
                connection.execute(statement)


class Queue(Huey):  # type: ignore[misc]
    """Huey with the app's context around every job."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__("rulebook", results=False, serializer=IdsOnly(), **options)
        self.app = app

    def execute(self, task: Any, timestamp: Any = None) -> Any:
        with self.app.app_context():
            return super().execute(task, timestamp)


class Work(Protocol):
    """What a worker does when the bell rings."""

    def judge(self, event_ids: Sequence[str]) -> None:
        """These events, and perhaps others, wait for judging."""

    def act(self, run_ids: Sequence[str]) -> None:
        """These runs may be due."""


class Bell:
    """Rings for events and runs. A ring that fails is logged and made good by the sweeper. Only a
    worker, which sets `work`, answers."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.config = config
        self.work: Work | None = None
        self.queue = Queue(app, **_storage(config))
        self._judge = self.queue.task(name="judge_v1")(self._judge_job)
        self._act = self.queue.task(name="act_v1")(self._act_job)

    def event(self, event_id: str) -> bool:
        """There is an event to judge; False when nobody could be told."""
        return self.events([event_id])

    def events(self, event_ids: Sequence[str]) -> bool:
        """There are events to judge; one ring stands for several."""
        return self._ring_all(self._judge, event_ids)

    def runs(self, run_ids: Sequence[str]) -> bool:
        """There are runs to carry out; False when nobody could be told of some."""
        return self._ring_all(self._act, run_ids)

    def _ring_all(self, job: Any, ids: Sequence[str]) -> bool:
        groups = [ids[at : at + RING_FOR] for at in range(0, len(ids), RING_FOR)]
        # After one that failed, the others would each wait for the same queue.
        rung = all(self._ring(job, *some) for some in groups)
        if groups and not self.queue.storage.blocking:
            knock(self.config.instance)
        return rung

    def _ring(self, job: Any, *ids: str) -> bool:
        for attempt in (1, 2):
            try:
                job(*ids)
                return True
            except sqlite3.DatabaseError as problem:
                if attempt == 1 and not isinstance(problem, sqlite3.OperationalError):
                    self._mend()
                    continue
                log.warning("The bell did not ring for %s: %s", ", ".join(ids), problem)
            except Exception as problem:
                log.warning("The bell did not ring for %s: %r", ", ".join(ids), problem)
            return False
        return False

    def _mend(self) -> None:
        """The queue's file became unreadable while it was open: make it anew."""
        try:
            self.queue.storage.close()
            _queue_file(self.config)
            self.queue.storage.initialize_schema()
        except Exception as problem:
            log.warning("The queue file cannot be made anew: %r", problem)

    def _judge_job(self, *event_ids: str) -> None:
        assert self.work, "only a worker takes rings off the queue"
        self.work.judge(event_ids)

    def _act_job(self, *run_ids: str) -> None:
        assert self.work, "only a worker takes rings off the queue"
        self.work.act(run_ids)


def _storage(config: Config) -> dict[str, Any]:
    url: str = config["QUEUE_URL"]
    if not url:
        # No fsync: after a power cut the sweeper knows what is due, not this file.
        return {"storage_class": SqliteStorage, "filename": str(_queue_file(config)),
                "fsync": False}  # fmt: skip
    if url.startswith(("redis://", "rediss://", "unix://")):
        pool = redis_pool(url, socket_timeout=3, socket_connect_timeout=2)
        return {"storage_class": PriorityRedisStorage, "connection_pool": pool}
    know_postgres()
    return {"storage_class": PostgresQueue, "dsn": re.sub(r"^(\w+)\+\w+:", r"\1:", url)}


def _queue_file(config: Config) -> Path:
    """The queue's file; one that cannot be read is thrown away, for it is only a doorbell."""
    path = config.instance / "queue.db"
    try:
        with sqlite3.connect(path) as connection:
            sound = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        connection.close()
        if not sound:
            raise sqlite3.DatabaseError("damaged")
    except sqlite3.DatabaseError:
        log.warning("The queue file was unreadable and is made anew; nothing is lost.")
        for each in path.parent.glob("queue.db*"):
            each.unlink(missing_ok=True)
    return path
