"""A whole rule read back as one English sentence."""

from __future__ import annotations

from collections.abc import Callable

from rules.nodes import Condition, EveryEvent, Group, Items, Match, Node, Rule, Step
from rules.words import Names, Telling, as_usual, condition_words, field_words, joined

__all__ = ["condition_words", "sentence", "when_words"]

Phrases = Callable[[Step], str]
ITEMS = {"any": "at least one of", "all": "every one of", "none": "none of"}


STOPS = " Rules below are not looked at then."


def sentence(
    rule: Rule,
    phrases: Phrases | None = None,
    names: Names | None = None,
    tell: Telling = as_usual,
) -> str:
    """When type is 'x' and amount is at least 5000, text +14155550123.

    phrases: the action's own words for a step; names: friendly names for canonical paths; tell: as
    for `when_words`.
    """
    steps = [phrases(step) if phrases else f"run {step.action}" for step in rule.then]
    start = opening(rule.when, rule.options.otherwise, names, tell)
    return f"{start}, {', then '.join(steps)}.{STOPS if rule.options.stop else ''}"


def opening(
    when: Node, otherwise: bool, names: Names | None = None, tell: Telling = as_usual
) -> str:
    """The sentence up to what is done: "When amount is at least 5000"."""
    start = "On every event" if _always(when) else f"When {when_words(when, names, tell)}"
    return f"{start} and no other rule is met" if otherwise else start


def _always(node: Node) -> bool:
    if isinstance(node, Group):
        return node.kind == "all" and all(_always(child) for child in node.children)
    return isinstance(node, EveryEvent)


def when_words(
    node: Node, names: Names | None = None, tell: Telling = as_usual, inside: bool = False
) -> str:
    """A node in words; a group inside another says "either ... or", or stands in brackets.

    tell: says fields and values in other words than the usual ones, or with more emphasis.
    """
    if isinstance(node, Condition):
        return condition_words(node, names, tell)
    if isinstance(node, EveryEvent):
        return "an event arrives"
    if isinstance(node, Items):
        how, verb = items_words(node.match), "fit" if node.match.n > 1 else "fits"
        name = tell("field", field_words(node.field, names), node.field)
        return f"{how} {name} {verb} ({when_words(node.where, names, tell)})"
    words = _group(node, names, tell)
    if inside and _either(node):
        return f"either {words}"
    return f"({words})" if inside and len(node.children) > 1 else words


def _either(node: Node) -> bool:
    """A choice between conditions: it reads well without brackets, with commas round it."""
    return (
        isinstance(node, Group)
        and node.kind == "any"
        and len(node.children) > 1
        and all(isinstance(child, Condition) for child in node.children)
    )


def _group(node: Group, names: Names | None, tell: Telling) -> str:
    several = len(node.children) > 1
    parts = [when_words(child, names, tell, inside=several) for child in node.children]
    if node.kind == "none":
        words = joined(parts, "or")
        return f"none of these is so: {words}" if several else f"it is not so that {words}"
    last = " and " if node.kind == "all" else " or "
    if any(map(_either, node.children)) and several:
        return f"{', '.join(parts[:-1])},{last}{parts[-1]}"
    return last.join(parts)


def items_words(match: Match) -> str:
    if match.kind in ITEMS:
        return ITEMS[match.kind]
    return f"{match.kind.replace('_', ' ')} {match.n} of"
