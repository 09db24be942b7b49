"""The ways to find a rule from an event: what must be so for each of its conditions to be met.

A rule is met only if all its top conditions are, so any one way of any one of them may be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.families.needs import Need
from rules.judge import All, AnyOf, Comparison, ItemByItem, Judge, Shared, Test, Unusable
from rules.nodes import Field, Match
from rules.scene import Reading

MOST_TOKENS = 100
MOST_WAYS = 12
MOST_WIDE = 2


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """Where values come from: a field, read in one way, perhaps of each item of each `outer`.

    Without a reading it only matters whether the field is there.
    """

    field: Field
    reading: Reading | None
    outer: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What one value of the source needs; None: it only has to be there."""

    source: Source
    need: Need | None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """One way of each choice has to be taken: the rule is met by one of them."""

    choices: tuple[Ways, ...]


Ways = tuple[Way | Either, ...]


class WayFinder:
    """Finds the ways of judges; equal sources are one object."""

    def __init__(self) -> None:
        self.sources: dict[Any, Source] = {}
        self.known: dict[Judge, Ways] = {}

    def ways(self, judge: Judge, outer: tuple[Field, ...] = ()) -> Ways:
        """Ways to find a rule that needs this to be met; none where it can be met by anything."""
        if isinstance(judge, Shared):
            judge = judge.test
        if isinstance(judge, Test):
            return self.condition(judge, outer)
        if isinstance(judge, ItemByItem):
            return self.items(judge, outer)
        if isinstance(judge, All | AnyOf):
            return self.group(judge, outer)
        return ()

    def group(self, group: All | AnyOf, outer: tuple[Field, ...]) -> Ways:
        each = tuple([self.ways(judge, outer) for judge in group.judges])
        if len(each) == 1:
            return each[0]
        if isinstance(group, All):
            return tuple([inexact(way) for ways in each for way in ways][:MOST_WAYS])
        return (Either(each),) if all(each) else ()

    def items(self, judge: ItemByItem, outer: tuple[Field, ...]) -> Ways:
        path = judge.field.path
        outer = outer if path.of_item else ()
        there = self.presence(judge.field)
        if path.of_item and path.searches or not needs_a_hit(judge.match):
            return there
        where = self.ways(judge.where, (*outer, judge.field))
        return (*[inexact(way) for way in where], *there)

    def condition(self, test: Test, outer: tuple[Field, ...]) -> Ways:
        outer = outer if test.reading.of_item else ()
        if not outer and test in self.known:
            return self.known[test]
        ways: Ways = ()
        if not test.absent:
            ways = (*self.by_value(test, outer), *self.presence(test.reading.field))
        if not outer:
            self.known[test] = ways
        return ways

    def by_value(self, test: Test, outer: tuple[Field, ...]) -> Ways:
        row, reading = test.row, test.reading
        if row.index is None or row.negates or not needs_a_hit(test.match):
            return ()
        if isinstance(test, Comparison | Unusable) or outer and reading.field.path.searches:
            return ()
        need = row.index(test.operand)
        if need is None or need.every and len(need.tokens) > MOST_TOKENS:
            return ()
        exact = need.exact and test.match.kind == "any" and not outer
        return (Way(self.source(reading.field, reading, outer), need, exact),)

    def presence(self, field: Field) -> Ways:
        """That a field is there; nothing can be said of a field of an item."""
        return () if field.path.of_item else (Way(self.source(field, None, ()), None),)

    def source(self, field: Field, reading: Reading | None, outer: tuple[Field, ...]) -> Source:
        key = (reading, field.part, field.path.text, *[(one.part, one.path.text) for one in outer])
        found = self.sources.get(key)
        if found is None:
            found = self.sources[key] = Source(field, reading, outer)
        return found


def needs_a_hit(match: Match) -> bool:
    """Whether at least one value has to fit."""
    return match.kind in ("any", "all", "at_least") or match.kind == "exactly" and match.n > 0


def inexact(way: Way | Either) -> Way | Either:
    """The same way, for a node of which it is only a part."""
    return Way(way.source, way.need) if isinstance(way, Way) and way.exact else way


def narrow(ways: Ways) -> Ways:
    """Only those by plain paths: finding a rule must not cost more than judging it may."""
    kept: list[Way | Either] = []
    for way in ways:
        if isinstance(way, Either):
            choices = tuple([narrow(choice) for choice in way.choices])
            kept += [Either(choices)] if all(choices) else []
        elif way.source.field.path.singular and not way.source.outer:
            kept.append(way)
    return tuple(kept)
