"""Paths to the fields of an event: RFC 9535, compiled once, equal paths in one canonical form.

Names, indexes, wildcards, slices and `..` are the project's own; only filters use jsonpath-ng.
(`..` is our own too: it can be counted while it walks, and follows the RFC to the letter.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rules.errors import nearest
from rules.path_syntax import (
    SHORTHAND,
    FilterText,
    Index,
    Name,
    Segment,
    read,
    written,
)
from rules.path_walk import (
    FOUND_TOO_MUCH,
    MOST_FOUND,
    Looks,
    Nodes,
    Pick,
    Place,
    TooMuch,
    advance,
    compiled,
    written_key,
)

__all__ = ["MISSING", "Gap", "Path", "TooMuch", "find", "gap", "name_of", "parse_path", "path_from"]

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


@dataclass(frozen=True)
class Path:
    """One path. `text` is canonical; `get` reads one value where `singular`, else MISSING."""

    text: str
    segments: tuple[Segment, ...]
    singular: bool
    get: Callable[[Any], Any] = field(compare=False, repr=False)
    steps: tuple[tuple[bool, tuple[Pick, ...]], ...] = field(compare=False, repr=False)

    @property
    def names(self) -> tuple[str | None, ...]:
        """The names along the way; None for an item, or for more than one name."""
        steps = [each.selectors[0] if len(each.selectors) == 1 else None for each in self.segments]
        return tuple(step.key if isinstance(step, Name) else None for step in steps)

    @property
    def deep(self) -> bool:
        """Whether it looks at every level below some point."""
        return any(segment.deep for segment in self.segments)

    @property
    def searches(self) -> bool:
        """Whether it may pass by much more than it finds: `..` and filters do."""
        return self.deep or any(
            isinstance(one, FilterText) for segment in self.segments for one in segment.selectors
        )

    @property
    def of_item(self) -> bool:
        """Whether the path starts at the item (`@`) instead of the whole event part."""
        return self.text[0] == "@"

    def values(self, value: Any, root: Any = MISSING) -> list[Any]:
        """Every value found, in order; TooMuch beyond 10,000. `root` is what `$` in filters is."""
        if self.singular:
            found = self.get(value)
            return [] if found is MISSING else [found]
        return [child for _, child in self.walk(value, root)]

    def locate(self, value: Any, root: Any = MISSING) -> list[tuple[str, Any]]:
        """Every value found, each with its normalised location (RFC 9535, 2.7)."""
        return [(self.location(place), child) for place, child in self.walk(value, root)]

    def walk(self, value: Any, root: Any = MISSING, looks: Looks | None = None) -> Nodes:
        """Every value found with its place, a chain of keys that `location` writes out."""
        root = value if root is MISSING else root
        nodes: Nodes = [(None, value)]
        for step in self.steps:
            nodes = advance(nodes, step, root, looks)
        return nodes

    def walk_on(self, nodes: Nodes, root: Any, looks: Looks) -> Nodes:
        """What is found from the nodes that the first step selected."""
        if len(nodes) > MOST_FOUND:
            raise TooMuch(FOUND_TOO_MUCH)
        for step in self.steps[1:]:
            nodes = advance(nodes, step, root, looks)
        return nodes

    def location(self, place: Place) -> str:
        """A place in normalised form (RFC 9535, 2.7)."""
        keys = []
        while place is not None:
            place, key = place
            keys.append(f"[{written_key(key)}]")
        return self.text[0] + "".join(reversed(keys))


@lru_cache(maxsize=4096)
def parse_path(text: str, roots: str = "$", lower: bool = False) -> Path:
    """A compiled path; `roots` says where it may start, `lower` folds names as headers need it.

    Unusable when it cannot be read or asks for something that is not available.
    """
    root, raw = read(text, roots)
    parts, steps = [root], []
    segments = tuple(_lowered(segment) if lower else segment for segment in raw)
    for segment in segments:
        words, picks = zip(*(compiled(selector) for selector in segment.selectors), strict=True)
        parts.append(f"{'..' if segment.deep else ''}[{','.join(words)}]")
        steps.append((segment.deep, picks))
    keys = _singular_keys(segments)
    return Path("".join(parts), segments, keys is not None, _getter(keys or ()), tuple(steps))


def find(path: str | Path, value: Any) -> list[tuple[str, Any]]:
    """The (normalised location, value) pairs that a path finds in a value."""
    return (parse_path(path) if isinstance(path, str) else path).locate(value)


def path_from(segments: Iterable[str | int | None], root: str = "$") -> str:
    """The path made of clicked segments: a name, a position, or None for every item."""
    parts = [root]
    for segment in segments:
        if segment is None:
            parts.append("[*]")
        elif isinstance(segment, int):
            parts.append(f"[{segment}]")
        elif SHORTHAND.fullmatch(segment):
            parts.append(f".{segment}")
        else:
            parts.append(f"[{written(Name(segment))}]")
    return "".join(parts)


def name_of(path: str | Path) -> str:
    """Short words for a path: "amount", "line items", "first of items"."""
    path = parse_path(path, "$@") if isinstance(path, str) else path
    position = ""
    for segment in reversed(path.segments):
        selector = segment.selectors[0]
        if isinstance(selector, Name):
            return position + (selector.key.replace("_", " ").strip() or "the field without a name")
        if isinstance(selector, Index) and not position:
            position = f"{_ordinal(selector.at)} of "
    return position + ("the item" if path.of_item else "the event")


def _ordinal(at: int) -> str:
    return {0: "first", 1: "second", 2: "third", -1: "last"}.get(
        at, f"item {at + 1}" if at >= 0 else f"item {-at} from the end"
    )


@dataclass(frozen=True)
class Gap:
    """How far a path gets: what exists, what is absent there, and the nearest name."""

    exists: str
    absent: str
    near: str | None
    empty_list: bool


def gap(path: Path, value: Any, root: Any = MISSING) -> Gap:
    """Where a path that finds nothing in the value comes to its end."""
    root = value if root is MISSING else root
    nodes: Nodes = [(None, value)]
    for at, step in enumerate(path.steps):
        further = advance(nodes, step, root)
        if not further:
            return _gap_at(path, at, nodes)
        nodes = further
    return Gap(path.text, "", None, False)


def _gap_at(path: Path, at: int, nodes: Nodes) -> Gap:
    segment, values = path.segments[at], [value for _, value in nodes]
    selector = segment.selectors[0]
    exists = name_of(Path(path.text[0], path.segments[:at], False, path.get, ())) if at else ""
    wide = not segment.deep and not isinstance(selector, Name | Index)
    if wide and any(isinstance(value, list | dict) for value in values):
        return Gap(exists, "", None, True)
    if not isinstance(selector, Name):
        return Gap(exists, "such item", None, False)
    keys = [str(key) for value in values if isinstance(value, dict) for key in list(value)[:500]]
    return Gap(exists, selector.key.replace("_", " "), nearest(selector.key, keys), False)


def _lowered(segment: Segment) -> Segment:
    lowered = (Name(s.key.lower()) if isinstance(s, Name) else s for s in segment.selectors)
    return Segment(tuple(lowered), segment.deep)


def _singular_keys(segments: tuple[Segment, ...]) -> list[str | int] | None:
    keys: list[str | int] = []
    for segment in segments:
        first = segment.selectors[0]
        if segment.deep or len(segment.selectors) > 1 or not isinstance(first, Name | Index):
            return None
        keys.append(first.key if isinstance(first, Name) else first.at)
    return keys


def _getter(keys: Iterable[str | int]) -> Callable[[Any], Any]:
    keys = tuple(keys)

    def get(value: Any) -> Any:
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key, MISSING) if isinstance(key, str) else MISSING
            elif isinstance(value, list) and isinstance(key, int):
                value = value[key] if -len(value) <= key < len(value) else MISSING
            else:
                return MISSING
        return value

    return get
