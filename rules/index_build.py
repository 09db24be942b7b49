"""Building the index: which of its ways each rule is placed under, and where places are refined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rules.families.needs import Interval, Need
from rules.index import Index, Leaf
from rules.index_tables import TABLES, UNREFINED, Bucket
from rules.index_ways import Either, Source, Way, Ways
from rules.nodes import Field
from rules.scene import Reading

CROWDED = 16
PLACES_PER_RULE = 10
DEEPEST = 4
Entry = tuple[int, tuple[Ways, ...]]  # a rule's place, and the ways of each of its conditions
Shelves = dict[str, dict[Any, list[Entry]]]


class Allowance:
    """How many places refining may still make: lists of values within lists would make millions."""

    def __init__(self, left: int) -> None:
        self.left = left

    def covers(self, entries: list[Entry]) -> bool:
        """Whether these may be placed once more; if so, it is taken off."""
        wanted = sum(breadth(ways) for _, conjuncts in entries for ways in conjuncts)
        if wanted > self.left:
            return False
        self.left -= wanted
        return True


def breadth(ways: Ways) -> int:
    """How many places a rule takes at most where it is found by one of these."""
    most = 0
    for way in ways:
        if isinstance(way, Either):
            most = max(most, sum(map(breadth, way.choices)))
        else:
            most = max(most, len(way.need.tokens) if way.need and way.need.every else 1)
    return most


class Building:
    """One index in the making. `decided`: which condition each rule's place already answers."""

    def __init__(
        self, entries: list[Entry], depth: int = 0, allowance: Allowance | None = None
    ) -> None:
        self.entries = entries
        self.depth = depth
        self.allowance = allowance or Allowance(PLACES_PER_RULE * len(entries))
        self.counts: Counter[Any] = Counter()
        self.shelves: dict[Source, Shelves] = {}
        self.present: dict[Source, list[Entry]] = {}
        self.plain: list[int] = []
        self.decided: dict[int, int] = {}

    def index(self) -> Index:
        for _, conjuncts in self.entries:
            for ways in conjuncts:
                self.count(ways)
        for entry in self.entries:
            self.place(entry)
        return Index(self.leaves(), tuple(self.plain))

    def count(self, ways: Ways) -> None:
        counts = self.counts
        for way in ways:
            if isinstance(way, Either):
                for choice in way.choices:
                    self.count(choice)
            elif way.need is None:
                counts[way.source] += 1
            elif way.need.table in UNREFINED:
                counts[way.source, way.need.table] += 1
            else:
                for token in way.need.tokens:
                    counts[way.source, token] += 1

    def cost(self, way: Way | Either) -> float:
        """About how many rules an event has to look at where this one is found."""
        if isinstance(way, Either):
            return sum(min(map(self.cost, choice)) for choice in way.choices)
        source, need = way.source, way.need
        if need is None:
            return self.counts[source] * 0.9 + 1
        if need.table in UNREFINED:
            return self.counts[source, need.table] * share(need.tokens[0]) + 1
        counts = [self.counts[source, token] for token in need.tokens]
        crowd = sum(counts) if need.every else min(counts)
        return crowd * 2 + 1 if need.table == "anchor" else crowd

    def place(self, entry: Entry) -> None:
        """Put a rule under its cheapest way; what is left of it can refine that place."""
        position, conjuncts = entry
        ranked = [(self.cost(way), at, way) for at, ways in enumerate(conjuncts) for way in ways]
        if not ranked:
            self.plain.append(position)
            return
        _, at, way = min(ranked, key=lambda one: one[0])
        if isinstance(way, Way) and way.exact:
            self.decided[position] = at
        self.put(way, (position, conjuncts[:at] + conjuncts[at + 1 :]))

    def put(self, way: Way | Either, entry: Entry) -> None:
        if isinstance(way, Either):
            for choice in way.choices:
                self.put(min(choice, key=self.cost), entry)
        elif way.need is None:
            self.present.setdefault(way.source, []).append(entry)
        else:
            table = self.shelves.setdefault(way.source, {}).setdefault(way.need.table, {})
            for token in self.tokens(way.source, way.need):
                table.setdefault(token, []).append(entry)

    def tokens(self, source: Source, need: Need) -> tuple[Any, ...]:
        if need.every or len(need.tokens) == 1:
            return need.tokens
        return (min(need.tokens, key=lambda token: self.counts[source, token]),)

    def leaves(self) -> Iterable[Leaf]:
        by_field: dict[Any, list[Source]] = {}
        for source in {**self.shelves, **self.present}:
            key = (source.field.part, source.field.path.text, outer_key(source.outer))
            by_field.setdefault(key, []).append(source)
        for sources in by_field.values():
            yield self.leaf(sources)

    def leaf(self, sources: list[Source]) -> Leaf:
        shelves: list[tuple[Reading, tuple[Any, ...]]] = []
        present = None
        places: set[int] = set()
        for source in sources:
            if source.reading is None:
                present = self.bucket(self.present[source])
                continue
            shelf = self.shelves[source]
            shelves.append((source.reading, self.tables(shelf)))
            if source.outer:
                places |= {entry[0] for table in shelf.values() for some in table.values()
                           for entry in some}  # fmt: skip
        first = sources[0]
        return Leaf(first.field, first.outer, tuple(shelves), present, tuple(places))

    def tables(self, shelf: Shelves) -> tuple[Any, ...]:
        return tuple(
            [
                TABLES[name](
                    {token: self.bucket(entries, name) for token, entries in table.items()}
                )
                for name, table in shelf.items()
            ]
        )

    def bucket(self, entries: list[Entry], table: str = "") -> Bucket:
        """The rules in one place: an index of their own where they are many and differ."""
        crowded = len(entries) > CROWDED and self.depth < DEEPEST and table not in UNREFINED
        if crowded and sum(any(conjuncts) for _, conjuncts in entries) > len(entries) / 2:
            if self.allowance.covers(entries):
                return Building(entries, self.depth + 1, self.allowance).index()
        return tuple([position for position, _ in entries])


def share(interval: Interval) -> float:
    """The part of the rules with bounds on a field that one value takes in, guessed."""
    return 0.5 if interval.low is None or interval.high is None else 0.2


def outer_key(outer: tuple[Field, ...]) -> tuple[tuple[str, str], ...]:
    return tuple([(field.part, field.path.text) for field in outer])
