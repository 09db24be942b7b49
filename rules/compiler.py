"""From a rule's nodes to judges; equal conditions of all the rules of a hook become one judge."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from rules.families.row import Env, Operator, Unfit
from rules.judge import (
    GROUPS,
    Always,
    Clocked,
    Comparison,
    Fits,
    ItemByItem,
    Judge,
    Shared,
    Test,
    Unusable,
)
from rules.nodes import Condition, EveryEvent, Field, Items, Node
from rules.operand import prepared
from rules.scene import Reading


class Compiler:
    """Makes judges for one zone, and remembers those it has made."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.envs = {cased: Env(zone, cased) for cased in (False, True)}
        self.readings: dict[Any, Reading] = {}
        self.tests: dict[Any, Test] = {}
        self.shared: dict[Test, Shared] = {}
        self.always = Always()

    def judge(self, node: Node) -> Judge:
        """The judge of a node."""
        if isinstance(node, Condition):
            test = self.test(node)
            if node.field.path.singular or node.field.path.of_item:
                return test
            return self.shared.setdefault(test, Shared(test))
        if isinstance(node, EveryEvent):
            return self.always
        if isinstance(node, Items):
            return ItemByItem(node.field, node.match, self.judge(node.where))
        return GROUPS[node.kind](tuple([self.judge(child) for child in node.children]))

    def reading(self, field: Field, row: Operator, match_case: bool) -> Reading:
        key = (field.part, field.path.text, row.read, row.whole, row.about_presence, match_case)
        found = self.readings.get(key)
        if found is None:
            found = self.readings[key] = Reading(field, row, self.envs[match_case])
        return found

    def test(self, node: Condition) -> Test:
        """The test of a condition; the same object for an equal condition."""
        other = node.other
        value = (other.part, other.path.text) if other else value_key(node.value)
        reading = self.reading(node.field, node.operator, node.match_case)
        key = (reading, node.operator.id, value, node.match.kind, node.match.n,
               node.met_when_missing)  # fmt: skip
        found = self.tests.get(key)
        if found is None:
            found = self.tests[key] = self._test(node, reading)
        return found

    def _test(self, node: Condition, reading: Reading) -> Test:
        if node.other:
            return Comparison(node, reading, node.other)
        operand = prepared(node.operator.wants, node.value, reading.env)
        if isinstance(operand, Unfit):
            return Unusable(node, reading, operand)
        if node.operator.clock:
            return Clocked(node, reading, operand)
        simple = node.match.kind == "any" and not node.operator.negates
        return (Fits if simple else Test)(node, reading, operand)


def value_key(value: Any) -> Any:
    """Equal for the same JSON only: 1, 1.0 and true are three values."""
    if isinstance(value, list):
        return tuple([(one.__class__, one) for one in value])
    return value.__class__, value


def judge_of(node: Node, zone: ZoneInfo) -> Judge:
    """The judge of one node alone."""
    return Compiler(zone).judge(node)
