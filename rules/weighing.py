"""How the explanation weighs a condition, value by value; it shares the operators' functions."""

from __future__ import annotations

from typing import Any

from rules.families.row import Env, Unfit
from rules.nodes import Condition
from rules.operand import operand_from, prepared
from rules.scene import NULL, Scene

NO_CLOCK = Unfit("unreadable", "and the event has no time of arrival to count from")


def outcome(node: Condition, value: Any, operand: Any, env: Env, scene: Scene) -> bool | Unfit:
    """Whether one value fits the operator; Unfit when it cannot be judged."""
    row = node.operator
    if value is None and not row.sees_null:
        return NULL
    found = row.read(value, env)
    if isinstance(found, Unfit):
        return found
    if row.clock and scene.now is None:
        return NO_CLOCK
    return row.test(found, operand, scene.now if row.clock else None) is (row.negates is None)


def tally(node: Condition, outcomes: list[bool | Unfit]) -> bool:
    """The verdict over several values. A negative operator means: no value is, and there is one."""
    hits = sum(one is True for one in outcomes)
    if node.operator.negates and node.match.kind == "any":
        return hits > 0 and False not in outcomes
    return node.match.verdict(hits, len(outcomes))


def operand_of(node: Condition, env: Env, scene: Scene) -> Any:
    """What to compare with: the literal, or the other field's value; MISSING or Unfit if none."""
    wants = node.operator.wants
    if node.other is None:
        return prepared(wants, node.value, env)
    memo = scene.own if node.other.path.of_item else scene.memo
    key = ("operand", node.pointer)
    if key not in memo:
        memo[key] = operand_from(wants, scene.values(node.other), env)
    return memo[key]


def is_null(found: list[Any], node: Condition) -> bool:
    """Whether the field is there but every value found is null."""
    return not node.operator.sees_null and bool(found) and all(one is None for one in found)
