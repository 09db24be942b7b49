"""How what was sent differs from what was sent before, value by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rules.values import as_text, say
from web.explained import canonical, friendly_names

MOST = 200
DEEPEST = 40
LONGEST = 300

Trail = tuple[str | int, ...]


@dataclass(frozen=True)
class Difference:
    """One value that differs. how: changed, new or gone; a name where people have one for it."""

    how: str
    name: str
    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Compared:
    """The differences, at most 200; `more` when there are others."""

    found: list[Difference]
    more: bool


def compare(before: Any, after: Any, provider: str) -> Compared:
    """What differs between two payloads, in the order of the later one."""
    names = friendly_names(provider)
    found = [
        Difference(how, names(canonical(trail)) or "", _dotted(trail), _said(old), _said(new))
        for how, trail, old, new in islice(_walk(before, after, ()), MOST + 1)
    ]
    return Compared(found[:MOST], len(found) > MOST)


def _walk(before: Any, after: Any, trail: Trail) -> Iterator[tuple[str, Trail, Any, Any]]:
    if len(trail) < DEEPEST and isinstance(before, dict) and isinstance(after, dict):
        for key, new in after.items():
            if key in before:
                yield from _walk(before[key], new, (*trail, key))
            else:
                yield "new", (*trail, key), None, new
        for key, old in before.items():
            if key not in after:
                yield "gone", (*trail, key), old, None
    elif len(trail) < DEEPEST and isinstance(before, list) and isinstance(after, list):
        for at, new in enumerate(after):
            if at < len(before):
                yield from _walk(before[at], new, (*trail, at))
            else:
                yield "new", (*trail, at), None, new
        for at in range(len(after), len(before)):
            yield "gone", (*trail, at), before[at], None
    elif type(before) is not type(after) or before != after:
        yield "changed", trail, before, after


def _dotted(trail: Trail) -> str:
    """The place as people read it: data.lines 2, counted from one."""
    words = ""
    for each in trail:
        words += f" {each + 1}" if isinstance(each, int) else f"{'.' if words else ''}{each}"
    return words.strip() or "all of it"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == "":
        return "empty text"
    text = as_text(value)
    if text is None:
        return say(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
