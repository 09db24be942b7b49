"""The ways to find a rule from an event: what must be so for each of its conditions to be met.

A rule is met only if all its top conditions are, so any one way of any one of them may be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.compiler import Compiler
from rules.families.needs import Need
from rules.families.row import Unfit
from rules.judge import Comparison, Test, met_when_absent
from rules.nodes import Condition, Field, Group, Items, Match, Node
from rules.scene import Reading

MOST_TOKENS = 100
MOST_WAYS = 12


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
    """Finds the ways of nodes; equal sources are one object."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.sources: dict[Any, Source] = {}
        self.known: dict[Test, Ways] = {}

    def ways(self, node: Node, outer: tuple[Field, ...] = ()) -> Ways:
        """Ways to find a rule that needs this node; none where it can be met by anything."""
        if isinstance(node, Condition):
            return self.condition(node, outer)
        if isinstance(node, Group):
            return self.group(node, outer)
        return self.items(node, outer) if isinstance(node, Items) else ()

    def group(self, node: Group, outer: tuple[Field, ...]) -> Ways:
        if node.kind == "none":
            return ()
        each = tuple([self.ways(child, outer) for child in node.children])
        if len(each) == 1:
            return each[0]
        if node.kind == "all":
            return tuple([inexact(way) for ways in each for way in ways][:MOST_WAYS])
        return (Either(each),) if all(each) else ()

    def items(self, node: Items, outer: tuple[Field, ...]) -> Ways:
        outer = outer if node.field.path.of_item else ()
        there = self.presence(node.field, outer)
        if node.field.path.of_item and node.field.path.searches:
            return there
        if not needs_a_hit(node.match):
            return there
        where = self.ways(node.where, (*outer, node.field))
        return (*[inexact(way) for way in where], *there)

    def condition(self, node: Condition, outer: tuple[Field, ...]) -> Ways:
        test = self.compiler.test(node)
        if not node.field.path.of_item:
            outer = ()
            if test in self.known:
                return self.known[test]
        ways: Ways = ()
        if not met_when_absent(node):
            ways = (*self.by_value(node, test, outer), *self.presence(node.field, outer))
        if not outer:
            self.known[test] = ways
        return ways

    def by_value(self, node: Condition, test: Test, outer: tuple[Field, ...]) -> Ways:
        row = node.operator
        if row.index is None or row.negates or not needs_a_hit(node.match):
            return ()
        if isinstance(test, Comparison) or isinstance(test.operand, Unfit):
            return ()
        if outer and node.field.path.searches:
            return ()
        need = row.index(test.operand)
        if need is None or need.every and len(need.tokens) > MOST_TOKENS:
            return ()
        exact = need.exact and node.match.kind == "any" and not outer
        return (Way(self.source(node.field, test.reading, outer), need, exact),)

    def presence(self, field: Field, outer: tuple[Field, ...]) -> Ways:
        if outer and field.path.of_item:
            return ()
        return (Way(self.source(field, None, ()), None),)

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
