"""Huey without the clients of queues that are not used here. It loads those of Redis and of
PostgreSQL whenever they are installed, which takes 15 MB in every process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CLIENTS = ("redis", "psycopg")


@contextmanager
def _out_of_sight() -> Iterator[None]:
    """Inside, these clients seem not to be installed, unless somebody has loaded them already."""
    hidden: dict[str, Any] = {name: None for name in _CLIENTS if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


__all__ = [
    "Consumer", "Huey", "Message", "PostgresStorage", "PriorityRedisStorage", "Serializer",
    "SqliteStorage", "Worker", "postgres_reads", "redis_pool",
]  # fmt: skip

with _out_of_sight():
    from huey import Huey, storage
    from huey.consumer import Consumer, Worker
    from huey.registry import Message
    from huey.serializer import Serializer
    from huey.storage import PostgresStorage, PriorityRedisStorage, SqliteStorage


def redis_pool(url: str, **options: Any) -> Any:
    """Connections to Redis, for Huey's storage; from now on it knows that client."""
    import redis
    from redis.exceptions import ConnectionError, TimeoutError

    for each in (redis.ConnectionPool, redis.Redis, ConnectionError, TimeoutError):
        setattr(storage, each.__name__, each)
    PriorityRedisStorage.redis_client = redis.Redis
    return redis.ConnectionPool.from_url(url, **options)


def postgres_reads(dsn: str) -> bool:
    """Whether PostgreSQL's client can read this address; from now on Huey's storage knows it."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    storage.psycopg = psycopg
    try:
        found = conninfo_to_dict(dsn)
    except psycopg.Error:
        return False
    ports = str(found.get("port") or "").split(",")  # one for each host, where there are several
    return all(port.isdecimal() for port in ports if port)
