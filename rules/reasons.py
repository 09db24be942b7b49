"""Why a condition is met or not, in plain English."""

from __future__ import annotations

from typing import Any

from rules.families.row import Unfit
from rules.nodes import Condition, Items, Match
from rules.paths import Gap
from rules.values import say, say_all
from rules.words import field_words, operator_words, value_words

NEEDS = {
    "any": "at least one has to",
    "all": "every one has to",
    "none": "none may",
}


def missing(name: str, hole: Gap | None, counts_as_met: bool) -> str:
    """There is no amount (there is data, but data has no amount; did you mean amout?)."""
    hints = []
    if hole and hole.exists:
        hints.append(f"there is {hole.exists}, but {hole.exists} has no {hole.absent}")
    if hole and hole.near:
        hints.append(f"did you mean {hole.near}?")
    reason = f"there is no {name}"
    if hints:
        reason += f" ({'; '.join(hints)})"
    return f"{reason}, which counts as met" if counts_as_met else reason


def empty(name: str, counts_as_met: bool) -> str:
    return f"{name} is empty, which counts as met" if counts_as_met else f"{name} is empty"


def no_operand(condition: Condition) -> str:
    other = field_words(condition.other) if condition.other else "value"
    reason = f"there is no {other} to compare with"
    return f"{reason}, which counts as met" if condition.met_when_missing else reason


def bad_operand(condition: Condition, problem: Unfit) -> str:
    other = field_words(condition.other) if condition.other else "the value"
    words = problem.words.rstrip(".")
    return f"{other} cannot be compared with: {words[:1].lower()}{words[1:]}"


def single(condition: Condition, value: Any, outcome: bool | Unfit, met: bool, wanted: str) -> str:
    """The reason where one value was looked at."""
    name, row = field_words(condition.field), condition.operator
    if isinstance(outcome, Unfit):
        words = f"{name} is {outcome.words}"
        return f"{words}, so none fits" if met else words
    shown = f"{name} is {found_words(value)}"
    if outcome is not met:
        state = operator_words(row, wanted)
        return f"{shown}, which {state}; {needs_words(condition.match)}" if outcome else shown
    if not met:
        return f"{shown}, {row.needs.replace('{value}', wanted)}"
    words = operator_words(row, wanted)
    return shown if words == f"is {say(value)}" else f"{shown}, which {words}"


def several(
    condition: Condition, values: list[Any], outcomes: list[bool | Unfit], met: bool, wanted: str
) -> str:
    """The reason where several values were looked at."""
    name, row = field_words(condition.field), condition.operator
    shown = f"{len(values)} values of {name} ({say_all(values)})"
    if row.negates and condition.match.kind == "any":
        hits = sum(one is False for one in outcomes)
        words = operator_words(row, wanted, hits > 1, negated_words=False)
        if not hits and not met:
            return f"none of the {shown} can be compared"
        return f"{count_words(hits)} {shown} {words}" + ("" if met else "; none may")
    hits = sum(one is True for one in outcomes)
    words = f"{count_words(hits)} {shown} {operator_words(row, wanted, hits > 1)}"
    return words if met else f"{words}; {needs_words(condition.match)}"


def count_words(hits: int) -> str:
    return f"{hits} of the" if hits else "none of the"


def needs_words(match: Match) -> str:
    return NEEDS.get(match.kind) or f"{match.kind.replace('_', ' ')} {match.n} have to"


def no_values(condition: Condition, met: bool) -> str:
    name = field_words(condition.field)
    return f"{name} is an empty list" if met else f"{name} is an empty list, it needs a value"


def items(node: Items, hits: int, total: int, met: bool) -> str:
    name = field_words(node.field)
    if not total:
        return f"{name} is an empty list" + ("" if met else ", it needs an item")
    verb = "fit" if hits > 1 else "fits"
    words = f"{hits or 'none'} of the {total:,} items of {name} {verb}"
    return words if met else f"{words}; {needs_words(node.match)}"


def found_words(value: Any) -> str:
    """A found value; of a short list also what is in it."""
    if isinstance(value, list) and value:
        return f"{say(value)} ({say_all(value)})"
    return say(value)


def wanted_words(condition: Condition, others: list[Any]) -> str:
    """The value needed; for another field also what it holds."""
    words = value_words(condition)
    return f"{words} ({say_all(others)})" if condition.other and others else words
