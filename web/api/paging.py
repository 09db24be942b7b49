"""Lists come in pages: `limit` things, and a cursor that the next page begins after."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from rulebook.errors import Invalid
from web.api.shapes import Want, storable

if TYPE_CHECKING:
    from web.api.calls import Ask

Row = TypeVar("Row")
PAGED = (
    Want("limit", "count", "How many things at most, 1 to 200; 50 unless given."),
    Want("cursor", "text", "Where to go on: `next` of the page before, as it was."),
)


def paged(rows: Sequence[Row], limit: int, key: Callable[[Row], str], shown: Callable[[Row], Any]):
    """A page of rows; there are up to limit + 1 of them, the last one only to know of more."""
    more = len(rows) > limit
    return {
        "items": [shown(row) for row in rows[:limit]],
        "next": pack(key(rows[limit - 1])) if more else None,
    }


def part(rows: Iterable[Row], ask: Ask, key: Callable[[Row], str], shown: Callable[[Row], Any]):
    """A page of rows that are all at hand, in the order of their keys."""
    ordered = sorted(rows, key=key)
    return paged([r for r in ordered if key(r) > (ask.cursor or "")], ask.limit, key, shown)


def pack(key: str) -> str:
    """A cursor; callers hand it back and need not read it."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def unpack(cursor: str) -> str:
    """The key in a cursor. Raises Invalid for anything that was not made here."""
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not key or not storable(key):
        raise Invalid.at("/cursor", "This is no cursor.", "Take `next` of the page before.")
    return key
