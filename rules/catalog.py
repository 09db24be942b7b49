"""The fields that events of a hook have had: where, of what kind, how often, for example what.

One payload gives its fields (`fields_of`); a `Catalog` adds up many, and catalogs add up as well.
Items of a list share one path, $.lines[*].amount. Everything is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rules.filters.plain import is_list, text_of

Segment = str | int
MOST_FIELDS = 500
MOST_ITEMS = 50
MOST_EXAMPLES = 5
MOST_VALUES = 20
MOST_IN_CATALOG = 2_000
MOST_NODES = 2_000
DEEPEST = 64
LONGEST_EXAMPLE = 80

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AWKWARD = re.compile(r"[\\'\x00-\x1f\x7f\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_DATE_NAME = re.compile(
    r"(.*_)?(at|on|created|updated|time|timestamp|date|expires)|.*(At|Time|Date)"
)
_ITEMS = "[*]"


@dataclass(frozen=True)
class FieldSeen:
    """A field of one payload: its path ($.data.amount), kind, and a shortened example.

    kind: text, number, yesno, list, group, date or empty (null). values: every text or number that
    stands there, or None where they are too many or too long to be kept.
    """

    path: str
    kind: str
    example: str
    values: frozenset[str] | None = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class CatalogField:
    """A field of many events: seen in `seen` of `of` events; kinds say how often each was met.

    values: its texts and numbers -> in how many events; only where `complete`, all of them. There
    are at most 20; a field with more, or with long texts, is not complete.
    """

    path: str
    kinds: Mapping[str, int]
    seen: int
    of: int
    examples: tuple[str, ...]
    values: Mapping[str, int] = field(default_factory=dict, compare=False, hash=False)
    complete: bool = field(default=False, compare=False)


def fields_of(value: object) -> list[FieldSeen]:
    """The fields of one payload, each path once for each kind; at most 500, 50 items of a list."""
    found: dict[tuple[str, str], FieldSeen] = {}
    for path, name, item, partial in _fields(value, "$", ""):
        key = path, kind_of(item, name)
        seen = found.get(key)
        before = seen.values if seen else frozenset()
        values = None if partial else _with_value(before, key[1], item)
        if seen is None or seen.values != values:
            found[key] = FieldSeen(*key, seen.example if seen else example_of(item), values)
        if len(found) >= MOST_FIELDS:
            break
    return list(found.values())


def _with_value(known: frozenset[str] | None, kind: str, item: object) -> frozenset[str] | None:
    if known is None or kind == "date":
        return None
    if kind not in ("text", "number"):
        return known
    text = text_of(item)
    if text in known:
        return known
    return known | {text} if len(text) <= LONGEST_EXAMPLE and len(known) < MOST_VALUES else None


Found = tuple[str, str, object, bool]


def _fields(
    value: object, path: str, name: str, depth: int = 0, partial: bool = False
) -> Iterator[Found]:
    """path, name, value, and whether items beside it were left out."""
    if depth:
        yield path, name, value, partial
    if depth >= DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _fields(item, path + _step(str(key)), str(key), depth + 1, partial)
    elif is_list(value):
        partial = partial or len(value) > MOST_ITEMS
        for item in value[:MOST_ITEMS]:
            yield from _fields(item, path + _ITEMS, name, depth + 1, partial)


def kind_of(value: object, name: str = "") -> str:
    """text, number, yesno, list, group, date or empty; a number is a date by its name and size."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yesno"
    if isinstance(value, Mapping):
        return "group"
    if is_list(value):
        return "list"
    if isinstance(value, int | float | Decimal):
        return "date" if _DATE_NAME.fullmatch(name) and _is_moment(value) else "number"
    text = text_of(value)
    return "date" if len(text) <= 40 and _DATE.fullmatch(text) else "text"


def _is_moment(number: int | float | Decimal) -> bool:
    """Unix time between 2000 and 2100, in seconds, milliseconds or microseconds."""
    return any(946_684_800 * unit <= number < 4_102_444_800 * unit for unit in (1, 1000, 10**6))


def example_of(value: object) -> str:
    """A value in one short line; lists and groups by their size."""
    if isinstance(value, Mapping):
        return f"{len(value)} field{'s' * (len(value) != 1)}"
    if is_list(value):
        return f"{len(value)} item{'s' * (len(value) != 1)}"
    text = "null" if value is None else text_of(value)
    short = " ".join(text[: 4 * LONGEST_EXAMPLE].split())
    if len(short) <= LONGEST_EXAMPLE and len(text) <= 4 * LONGEST_EXAMPLE:
        return short
    return short[: LONGEST_EXAMPLE - 3] + "..."


@dataclass
class _Tally:
    seen: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    examples: dict[str, None] = field(default_factory=dict)
    values: dict[str, int] | None = field(default_factory=dict)

    def count(self, values: Mapping[str, int] | None) -> None:
        """Add values with their counts; None, or too many of them, ends the counting."""
        if values is None or self.values is None:
            self.values = None
            return
        for value, count in values.items():
            self.values[value] = self.values.get(value, 0) + count
        if len(self.values) > MOST_VALUES:
            self.values = None

    def note(self, kind: str, count: int, examples: Iterable[str]) -> None:
        self.kinds[kind] = self.kinds.get(kind, 0) + count
        self.keep(examples)

    def keep(self, examples: Iterable[str]) -> None:
        for example in examples:
            if len(self.examples) < MOST_EXAMPLES:
                self.examples.setdefault(example)


class Catalog:
    """The fields of many events, added up; at most 2,000 fields, first come first kept."""

    def __init__(self, fields: Iterable[CatalogField] = (), of: int = 0) -> None:
        self.of = of
        self._tallies: dict[str, _Tally] = {}
        for found in fields:
            self._add_field(found)

    def add(self, value: object) -> None:
        """Count one more event with this payload."""
        self.of += 1
        paths = set()
        for found in fields_of(value):
            tally = self._tally(found.path)
            if tally is None:
                continue
            tally.note(found.kind, 1, [found.example])
            tally.count(None if found.values is None else dict.fromkeys(found.values, 1))
            tally.seen += found.path not in paths
            paths.add(found.path)

    def join(self, other: Catalog) -> None:
        """Count everything that another catalog has counted."""
        self.of += other.of
        for found in other.fields():
            self._add_field(found)

    def fields(self) -> list[CatalogField]:
        """The fields, in the order in which they were first met."""
        return [
            CatalogField(
                path,
                dict(tally.kinds),
                tally.seen,
                self.of,
                tuple(tally.examples),
                dict(tally.values or {}),
                tally.values is not None,
            )  # fmt: skip
            for path, tally in self._tallies.items()
        ]

    def _add_field(self, found: CatalogField) -> None:
        tally = self._tally(found.path)
        if tally is None:
            return
        tally.seen += found.seen
        for kind, count in found.kinds.items():
            tally.note(kind, count, ())
        tally.count(found.values if found.complete else None)
        tally.keep(found.examples)

    def _tally(self, path: str) -> _Tally | None:
        if path not in self._tallies and len(self._tallies) >= MOST_IN_CATALOG:
            return None
        return self._tallies.setdefault(path, _Tally())


def merge(payloads: Iterable[object]) -> list[CatalogField]:
    """The fields of these payloads, added up."""
    catalog = Catalog()
    for payload in payloads:
        catalog.add(payload)
    return catalog.fields()


Node = tuple[tuple[Segment, ...], Segment | None, object, int]


def walk(value: object) -> Iterator[Node]:
    """Each node as (segments, key, value, depth), parents first, to draw a payload as a tree.

    The whole payload comes first, with key None and depth 0; at most 2,000 nodes.
    """
    waiting: list[Node] = [((), None, value, 0)]
    left = MOST_NODES
    while waiting and left:
        node = waiting.pop()
        yield node
        left -= 1
        segments, _, item, depth = node
        if depth < DEEPEST:
            inside = _inside(item, left)
            waiting += [((*segments, key), key, child, depth + 1) for key, child in inside[::-1]]


def _inside(value: object, most: int) -> Sequence[tuple[Segment, object]]:
    if isinstance(value, Mapping):
        pairs = zip(range(most), value.items(), strict=False)
        return [(str(key), item) for _, (key, item) in pairs]
    return list(enumerate(value[:most])) if is_list(value) else []


def path_text(segments: Iterable[Segment]) -> str:
    """The canonical JSONPath of these names and indexes: $.items[0]['first name']."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else _step(step) for step in segments)


def _step(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return f".{name}"
    return f"['{_AWKWARD.sub(_escaped, name)}']"


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return f"\\{letter}" if letter in "\\'" else f"\\u{ord(letter):04x}"
