"""A whole rule read back as one English sentence."""

from __future__ import annotations

from collections.abc import Callable

from rules.nodes import Condition, EveryEvent, Group, Items, Match, Node, Rule, Step
from rules.words import Names, condition_words, field_words, joined

__all__ = ["condition_words", "sentence", "when_words"]

Phrases = Callable[[Step], str]
ITEMS = {"any": "at least one of", "all": "every one of", "none": "none of"}


def sentence(rule: Rule, phrases: Phrases | None = None, names: Names | None = None) -> str:
    """When type is 'x' and amount is at least 5000, text +14155550123.

    phrases: the action's own words for a step; names: friendly names for canonical paths.
    """
    steps = [phrases(step) if phrases else f"run {step.action}" for step in rule.then]
    start = "On every event" if _always(rule.when) else f"When {when_words(rule.when, names)}"
    if rule.options.otherwise:
        start += " and no other rule is met"
    stop = " Rules below are not looked at then." if rule.options.stop else ""
    return f"{start}, {', then '.join(steps)}.{stop}"


def _always(node: Node) -> bool:
    if isinstance(node, Group):
        return node.kind == "all" and all(_always(child) for child in node.children)
    return isinstance(node, EveryEvent)


def when_words(node: Node, names: Names | None = None, inside: bool = False) -> str:
    """A node in words; a group inside another stands in brackets."""
    if isinstance(node, Condition):
        return condition_words(node, names)
    if isinstance(node, EveryEvent):
        return "an event arrives"
    if isinstance(node, Items):
        how, verb = items_words(node.match), "fit" if node.match.n > 1 else "fits"
        return f"{how} {field_words(node.field, names)} {verb} ({when_words(node.where, names)})"
    words = _group(node, names)
    return f"({words})" if inside and len(node.children) > 1 else words


def _group(node: Group, names: Names | None) -> str:
    several = len(node.children) > 1
    parts = [when_words(child, names, inside=several) for child in node.children]
    if node.kind == "none":
        words = joined(parts, "or")
        return f"none of these is so: {words}" if several else f"it is not so that {words}"
    return (" and " if node.kind == "all" else " or ").join(parts)


def items_words(match: Match) -> str:
    if match.kind in ITEMS:
        return ITEMS[match.kind]
    return f"{match.kind.replace('_', ' ')} {match.n} of"
