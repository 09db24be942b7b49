"""The doorbell: a Huey queue that carries ids and nothing else.

Huey takes a message off the queue before it is worked on, so a message can be lost at any time;
the database knows what is due, and the sweeper rings again. Messages are JSON, not pickles, so
that whoever can write to the queue still cannot run code.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Sequence
from typing import Any, Protocol

from flask import Flask

from rulebook.config import Config
from rulebook.errors import ConfigError
from rulebook.jobs.lean import (
    Huey,
    Message,
    PostgresStorage,
    PriorityRedisStorage,
    Serializer,
    postgres_reads,
    redis_pool,
)
from rulebook.jobs.queuefile import QueueFile

log = logging.getLogger("rulebook.jobs")
RING_FOR = 32
# A ring that failed after so many seconds is not tried again for three times as long.
SLOW, REST = 0.2, 3
REDIS_CONNECTS, REDIS_ANSWERS = 1, 2  # seconds; a worker's own wait for a ring takes one


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
    """Huey with the app's context around every job. No ring is ever called back (revoked), and the
    queue is not asked about each whether it was."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__("rulebook", results=False, serializer=IdsOnly(), **options)
        self.app = app

    def execute(self, task: Any, timestamp: Any = None) -> Any:
        with self.app.app_context():
            return super().execute(task, timestamp)

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:
        """Never."""
        return False

    def delete(self, key: str) -> None:
        """Huey deletes the word that a job was revoked by once it is done; there is none."""


class Work(Protocol):
    """What a worker does when the bell rings."""

    def judge(self, event_ids: Sequence[str]) -> None:
        """These events, and perhaps others, wait for judging."""

    def act(self, run_ids: Sequence[str]) -> None:
        """These runs may be due."""


class Bell:
    """Rings for events and runs. A ring that fails is logged and made good by the sweeper; while
    the queue hangs, only few wait for it. Only a worker, which sets `work`, answers."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.work: Work | None = None
        self._rests_until = 0.0
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

    @property
    def is_prompt(self) -> bool:
        """Whether a ring keeps nobody waiting: it goes into a file here, and the last one did."""
        return isinstance(self.queue.storage, QueueFile) and not self._rests

    @property
    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def _ring_all(self, job: Any, ids: Sequence[str]) -> bool:
        groups = [ids[at : at + RING_FOR] for at in range(0, len(ids), RING_FOR)]
        # After one that failed, the others would each wait for the same queue.
        return all(self._ring(job, *some) for some in groups)

    def _ring(self, job: Any, *ids: str) -> bool:
        if self._rests:
            return False
        began = time.monotonic()
        try:
            job(*ids)
            return True
        except Exception as problem:
            took = time.monotonic() - began
            self._rests_until = time.monotonic() + (REST * took if took > SLOW else 0)
            log.warning("The bell did not ring for %s: %r", ", ".join(ids), problem)
            return False

    def _judge_job(self, *event_ids: str) -> None:
        assert self.work, "only a worker takes rings off the queue"
        self.work.judge(event_ids)

    def _act_job(self, *run_ids: str) -> None:
        assert self.work, "only a worker takes rings off the queue"
        self.work.act(run_ids)


def check_url(config: Config) -> None:
    """Whether the queue's address can be read; nobody is called. Raises ConfigError."""
    _storage(config)


def _storage(config: Config) -> dict[str, Any]:
    url: str = config["QUEUE_URL"]
    if not url:
        return {"storage_class": QueueFile, "path": config.instance / "queue.db"}
    if url.startswith(("redis://", "rediss://", "unix://")):
        options = {"socket_timeout": REDIS_ANSWERS, "socket_connect_timeout": REDIS_CONNECTS}
        try:
            pool = redis_pool(url, **options)
        except ValueError:  # its words may hold the password
            raise _unreadable("redis://HOST:6379/0") from None
        return {"storage_class": PriorityRedisStorage, "connection_pool": pool}
    dsn = re.sub(r"^(\w+)\+\w+:", r"\1:", url)
    if not postgres_reads(dsn):
        raise _unreadable("postgresql://USER:PASSWORD@HOST:5432/NAME")
    return {"storage_class": PostgresQueue, "dsn": dsn}


def _unreadable(example: str) -> ConfigError:
    return ConfigError("RULEBOOK_QUEUE_URL: its value cannot be read as an address.",
                       f"Write it like {example}; signs such as @, : and / in a password as %40, "
                       "%3A and %2F.")  # fmt: skip
