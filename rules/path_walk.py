"""Walking an event along the steps of a path: counted, so that no path can find too much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rules.errors import Unusable
from rules.path_filters import compile_filter
from rules.path_syntax import FilterText, Index, Name, Selector, Slice, Wildcard, written

MOST_FOUND = 10_000
CONTAINERS = (dict, list)
FOUND_TOO_MUCH = f"it finds more than {MOST_FOUND:,} values"
FILTERED_TOO_MUCH = f"its filter would look at more than {MOST_FOUND:,} values"
Pick = Callable[[Any, Any], Iterable[tuple[Any, Any]]]
Place = Any  # None for the start, else (the place of the parent, the key below it)
Nodes = list[tuple[Place, Any]]


class Filtered:
    """A filter's choice; each of its looks costs much, so they are counted."""

    def __init__(self, choose: Pick) -> None:
        self.choose = choose

    def __call__(self, value: Any, root: Any) -> Iterable[tuple[Any, Any]]:
        return self.choose(value, root)


class Looks:
    """Counts what filters look at; TooMuch beyond 10,000."""

    count = 0

    def add(self, looks: int) -> None:
        self.count += looks
        if self.count > MOST_FOUND:
            raise TooMuch(FILTERED_TOO_MUCH)


class TooMuch(Exception):
    """A path found more values than may be looked at."""


def advance(
    nodes: Nodes, step: tuple[bool, tuple[Pick, ...]], root: Any, looks: Looks | None = None
) -> Nodes:
    deep, picks = step
    found: Nodes = []
    looks = looks or Looks()
    for place, value in with_descendants(nodes) if deep else nodes:
        for pick in picks:
            if isinstance(pick, Filtered) and isinstance(value, CONTAINERS):
                looks.add(len(value))
            found += [((place, key), child) for key, child in pick(value, root)]
            if len(found) > MOST_FOUND:
                raise TooMuch(FOUND_TOO_MUCH)
    return found


def written_key(key: Any) -> str:
    if isinstance(key, str):
        return f"'{key}'" if key.isalnum() else written(Name(key))
    return str(key)


def with_descendants(nodes: Nodes) -> Iterator[tuple[Place, Any]]:
    """Each list and group among the nodes and below them, parents first (RFC 9535, 2.5.2)."""
    waiting = [node for node in reversed(nodes) if isinstance(node[1], CONTAINERS)]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        below = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [((place, key), child) for key, child in below if isinstance(child, CONTAINERS)][
            ::-1
        ]


def _children(value: Any, root: Any = None) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def compiled(selector: Selector) -> tuple[str, Pick]:
    match selector:
        case Name(key):
            return (
                written(selector),
                lambda value, _: (
                    [(key, value[key])] if isinstance(value, dict) and key in value else ()
                ),
            )
        case Index(at):
            return written(selector), lambda value, _: _at(value, at)
        case Slice():
            return written(selector), lambda value, _: _sliced(value, selector)
        case Wildcard():
            return written(selector), _children
        case FilterText(text):
            canonical, choose = compile_filter(text)
            return f"?{canonical}", Filtered(choose)
    raise Unusable("The path uses something that is not available.")


def _at(value: Any, at: int) -> Iterable[tuple[Any, Any]]:
    if not isinstance(value, list) or not -len(value) <= at < len(value):
        return ()
    return ((at % len(value), value[at]),)


def _sliced(value: Any, part: Slice) -> Iterable[tuple[Any, Any]]:
    """The slice of RFC 9535, 2.3.4: as Python's, but a step of 0 selects nothing."""
    if not isinstance(value, list) or part.step == 0:
        return ()
    places = range(len(value))[part.start : part.stop : part.step]
    return [(place, value[place]) for place in places]
