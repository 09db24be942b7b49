"""One message over many events: the worst texts that it becomes.

An author looks at one event; this finds those that he did not think of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Id = TypeVar("Id")


@dataclass(frozen=True)
class Text(Generic[Id]):
    """The text for one event. `size`: how long it counts as, the more telling figure first;
    `gaps`: the fields it wanted and did not get; `odd`: how much it pays for an odd letter."""

    id: Id
    size: tuple[int, ...]
    gaps: tuple[str, ...] = ()
    odd: int = 0


def worst(texts: Iterable[Text[Id]]) -> Mapping[str, Text[Id]]:
    """The texts worth a look: the longest, the shortest, gaps (most fields absent) and odd (a
    letter that costs extra); each only where there is one. Of equals the first."""
    known = list(texts)
    cases: dict[str, Text[Id]] = {}
    if known:
        cases["longest"] = max(known, key=lambda text: text.size)
        cases["shortest"] = min(known, key=lambda text: text.size)
    for name, badness in _BAD.items():
        bad = max(known, key=badness, default=None)
        if bad and badness(bad):
            cases[name] = bad
    return cases


_BAD: dict[str, Callable[[Text[Any]], int]] = {
    "gaps": lambda text: len(text.gaps),
    "odd": lambda text: text.odd,
}
