"""Finding in what was sent: by the name of a field or by its value."""

from __future__ import annotations

from typing import Any

from rules.values import as_text

MOST = 200  # values shown
MOST_LOOKED = 50_000
DEEPEST = 30

Trail = tuple[str | int, ...]


def finding(value: Any, words: str) -> set[Trail]:
    """The places of values whose name or text holds the words, with all that they stand in; at
    most 200 of them."""
    wanted = words.casefold()
    found: set[Trail] = set()
    waiting: list[tuple[Trail, Any]] = [((), value)]
    looked = hits = 0
    while waiting and looked < MOST_LOOKED and hits < MOST:
        trail, each = waiting.pop()
        looked += 1
        if _fits(trail, each, wanted):
            hits += 1
            found |= {trail[:end] for end in range(len(trail) + 1)}
        if len(trail) <= DEEPEST:
            waiting += reversed([((*trail, key), inner) for key, inner in _inside(each)])
    return found


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _fits(trail: Trail, value: Any, wanted: str) -> bool:
    name = trail[-1] if trail else ""
    if isinstance(name, str) and wanted in name.casefold():
        return True
    text = as_text(value)
    return text is not None and wanted in text.casefold()
