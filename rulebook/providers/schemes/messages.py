"""What is signed: a template such as "{timestamp}.{body}", filled with the parts of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from rulebook.providers.request import Request, Source

Unit = Literal["s", "ms", "iso"]
OWN = frozenset({"body", "url", "method", "params", "timestamp", "id"})
_NAME = re.compile(r"\{(\w+)\}")
_DIGITS = re.compile(r"[0-9]{1,16}")


@lru_cache(maxsize=1000)
def pieces(template: str) -> tuple[str, ...]:
    """Literal text and names of the template, in turn, beginning with text."""
    return tuple(_NAME.split(template))


@lru_cache(maxsize=1000)
def names(template: str) -> frozenset[str]:
    """The names that stand in the template."""
    return frozenset(pieces(template)[1::2])


def fill(
    template: str, request: Request, time: str, url: str, fields: Mapping[str, Source]
) -> bytes:
    """The exact bytes that are signed; a missing part is empty."""
    made = bytearray()
    for n, piece in enumerate(pieces(template)):
        if n % 2 == 0:
            made += piece.encode()
        elif piece == "body":
            made += request.body
        elif piece == "timestamp":
            made += time.encode()
        elif piece == "url":
            made += url.encode()
        elif piece == "method":
            made += request.method.encode()
        elif piece == "params":
            made += sorted_params(request).encode()
        else:
            made += (fields[piece].read(request) or "").encode()
    return bytes(made)


def sorted_params(request: Request) -> str:
    """Names and values of a form with nothing between, sorted, equal pairs once."""
    return "".join(name + value for name, value in sorted(set(request.form)))


def time_of(text: str, unit: Unit) -> float | None:
    """The Unix time that a sender states, in seconds; None when it is none."""
    if unit == "iso":
        try:
            stated = datetime.fromisoformat(_shortened(text))
        except ValueError:
            return None
        return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).timestamp()
    if not _DIGITS.fullmatch(text):
        return None
    return int(text) / (1000 if unit == "ms" else 1)


def time_text(now: float, unit: Unit) -> str:
    """A Unix time as this sender writes it."""
    if unit == "iso":
        return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(now * 1000) if unit == "ms" else int(now))


def _shortened(text: str) -> str:
    """Nanoseconds cut to what Python reads."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text[:50])
