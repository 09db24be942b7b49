"""What every table shares: names for constraints, ids, times in UTC, JSON."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine


class Base(DeclarativeBase):
    """The base of every noun; constraints have names, so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides; SQLite keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _moment_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if dialect.name == "sqlite":
            return _moment
        return super().result_processor(dialect, coltype)


# In one step each, because every webhook has a dozen moments on its way; and what is written
# together has the same ones.
def _moment_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        value = value.astimezone(UTC)
    return _utc_text(value)


# Of UTC alone: elsewhere the two hours in which clocks are put back are equal to a cache.
@lru_cache(maxsize=16)
def _utc_text(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")[:26]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def storable(text: str) -> str:
    """The text as both databases can hold it: PostgreSQL refuses NUL, both refuse lone halves of
    surrogate pairs, and payloads may hold either."""
    if "\0" not in text and text.isascii():
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class _Storable(TypeDecorator[str]):
    """A text; whatever it holds, it can be stored and compared with."""

    impl: type[TypeEngine[Any]] = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _storable_or_none  # neither database wants more done to a text


def _storable_or_none(text: str | None) -> str | None:
    if text is None or ("\0" not in text and text.isascii()):  # as most are
        return text
    return storable(text)


class Line(_Storable):
    """A short text of a bounded length."""

    impl = String
    cache_ok = True


class Words(_Storable):
    """A text of any length."""

    cache_ok = True


# Not JSONB: it would reorder the keys of a rule document and refuse \u0000; nothing looks inside.
Json = JSON(none_as_null=True)
Bytes = LargeBinary
Id = Line(40)


def utcnow() -> datetime:
    """Now, in UTC. The one clock of the product; verbs take `now` so that tests can say it."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """An id such as evt_0192...: the prefix and a UUIDv7, time-ordered and unguessable (RFC 9562).

    The 12 bits after the milliseconds hold their fraction, so ids keep their order within one.
    """
    nanos = time.time_ns()
    milliseconds, rest = divmod(nanos, 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (rest * 4096 // 1_000_000) << 64
    value |= 0b10 << 62 | _random_bits() & (1 << 62) - 1
    return f"{prefix}_{value:032x}"


# Drawn for many ids at once: whoever asks the system lets other threads run first, and gets the
# turn back late from one that is busy. A child must not use what its parent drew.
_drawn: list[int] = []
os.register_at_fork(after_in_child=_drawn.clear)


def _random_bits() -> int:
    """64 of them, from the system."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            _drawn.extend(memoryview(os.urandom(8 * 128)).cast("Q"))


def first_id(prefix: str, moment: datetime) -> str:
    """The smallest id that `new_id` could make at that moment, for asking what came since."""
    return f"{prefix}_{int(moment.timestamp() * 1000) << 80:032x}"


def moment_of(made: str) -> datetime:
    """When `new_id` made this id."""
    return datetime.fromtimestamp(int(made.rpartition("_")[2][:12], 16) / 1000, UTC)


JsonDict = dict[str, Any]
