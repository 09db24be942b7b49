"""What the transactions of a thread are for: to write and wait for the disk, unless it says so."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_reading: ContextVar[bool] = ContextVar("reading", default=False)
_lazily: ContextVar[bool] = ContextVar("lazily", default=False)


@contextmanager
def lazily() -> Iterator[None]:
    """Inside, a commit does not wait for the disk: a crash of the program loses nothing of it, a
    power cut may take it, though never without what was committed after it. Only for what is done
    again then, and never for what somebody else was told of."""
    token = _lazily.set(True)
    try:
        yield
    finally:
        _lazily.reset(token)


@contextmanager
def reading() -> Iterator[None]:
    """Inside, transactions only read: they take no write lock and see one moment."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def only_reads() -> bool:
    """Whether a transaction that begins here only reads."""
    return _reading.get()


def is_lazy() -> bool:
    """Whether a transaction that begins here need not wait for the disk."""
    return _lazily.get()


def change_of_syncing(info: MutableMapping[Any, Any]) -> str:
    """What SQLite has to be told before a transaction begins that writes, on the connection that
    this is noted of; empty when it knows."""
    if info.get("lazy", False) == is_lazy():
        return ""
    info["lazy"] = is_lazy()
    return f"PRAGMA synchronous={'NORMAL' if is_lazy() else 'FULL'}"
