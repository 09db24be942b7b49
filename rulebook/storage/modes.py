"""What the transactions of a thread are for: to write and wait for the disk, unless it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
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


def change_syncing(info: MutableMapping[Any, Any], tell: Callable[[str], object]) -> None:
    """Tell SQLite, before a transaction begins that writes, whether its commit waits for the disk;
    nothing where it knows. info is the connection's, and says so only of what SQLite was told."""
    if info.get("lazy", False) != is_lazy():
        tell(f"PRAGMA synchronous={'NORMAL' if is_lazy() else 'FULL'}")
        info["lazy"] = is_lazy()
