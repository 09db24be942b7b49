"""What is probably not meant: a rule that can never be met, repeats itself, waits for a typo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.errors import nearest
from rules.families.row import UTC, Env
from rules.nodes import Condition, EveryEvent, Group, Items, Node, Rule
from rules.values import as_text, fold, say
from rules.words import condition_words, field_words

LOWEST = ("number.at_least", "number.more_than")
HIGHEST = ("number.at_most", "number.less_than")


@dataclass(frozen=True)
class Note:
    """What to look at, and the fix. A note never stops a rule from being saved.

    kind: never (no event can meet it), doubtful (only a list of several values could), always,
    repeated, never_seen.
    """

    pointer: str
    kind: str
    message: str
    fix: str


def lint(
    rule: Rule,
    others: Iterable[Rule] | None = None,
    fields: Mapping[str, Iterable[Any]] | None = None,
) -> list[Note]:
    """Notes on a rule, in the order of its conditions.

    fields: canonical payload path -> the values seen there, for "never seen".
    others: the hook's other rules, for "same conditions as".
    """
    notes = [*_always(rule.when), *_groups(rule.when)]
    if fields is not None:
        notes += _never_seen(rule.when, fields)
    notes += _same_as(rule, others or ())
    return notes


def _always(node: Node) -> Iterator[Note]:
    if isinstance(node, EveryEvent):
        yield Note(node.pointer, "always", "This rule is met by every event.", "Add a condition.")


def _groups(node: Node) -> Iterator[Note]:
    if isinstance(node, Items):
        yield from _groups(node.where)
    if not isinstance(node, Group):
        return
    conditions = [child for child in node.children if isinstance(child, Condition)]
    yield from _repeated(conditions)
    if node.kind == "all":
        yield from _contradictions(conditions)
    for child in node.children:
        yield from _groups(child)


def _repeated(conditions: list[Condition]) -> Iterator[Note]:
    seen: set[Any] = set()
    for condition in conditions:
        what = _meaning(condition)
        if what in seen:
            words = condition_words(condition)
            message = f"'{words}' stands here twice."
            yield Note(condition.pointer, "repeated", message, "Remove one of the two.")
        seen.add(what)


def _meaning(node: Node) -> Any:
    """What a node asks, without where it stands."""
    if isinstance(node, Condition):
        other = node.other
        value = (other.part, other.path.text) if other else repr(node.value)
        return (
            node.field.part, node.field.path.text, node.operator.id, value, node.match,
            node.match_case, node.met_when_missing,
        )  # fmt: skip
    if isinstance(node, Group):
        return node.kind, frozenset(_meaning(child) for child in node.children)
    if isinstance(node, Items):
        return "items", node.field.path.text, node.match, _meaning(node.where)
    return "every_event"


def _contradictions(conditions: list[Condition]) -> Iterator[Note]:
    """Conditions on one plain field that no value can meet together."""
    by_field: dict[tuple[str, str], list[Condition]] = {}
    for one in conditions:
        if one.match.kind == "all" and not one.met_when_missing and one.other is None:
            by_field.setdefault((one.field.part, one.field.path.text), []).append(one)
        elif one.match.kind == "any" and _plain(one):
            by_field.setdefault((one.field.part, one.field.path.text), []).append(one)
    for group in by_field.values():
        yield from _two_texts(group)
        yield from _empty_range(group)


def _plain(condition: Condition) -> bool:
    return (
        condition.field.path.singular and condition.other is None and not condition.met_when_missing
    )


def _two_texts(group: list[Condition]) -> Iterator[Note]:
    texts = [one for one in group if one.operator.id == "text.is"]
    for one in texts[1:]:
        if fold(one.value) != fold(texts[0].value):
            name = field_words(one.field)
            message = f"{name} can't be both {say(texts[0].value)} and {say(one.value)}"
            kind, unless = _how_sure(texts[0], one)
            yield Note(
                one.pointer, kind, f"{message}{unless}.", "Put the two into an 'any of' group."
            )


def _how_sure(one: Condition, other: Condition) -> tuple[str, str]:
    """A field that holds a list may meet both, one by each element, unless all have to."""
    if "all" in (one.match.kind, other.match.kind):
        return "never", ""
    return "doubtful", ", unless it is a list"


def _empty_range(group: list[Condition]) -> Iterator[Note]:
    low, high = None, None
    for one in group:
        for value, is_open, is_low in _bounds(one):
            end = (value, is_open, one)
            if is_low and (low is None or (value, is_open) > low[:2]):
                low = end
            if not is_low and (high is None or _lower((value, is_open), high)):
                high = end
    if low is None or high is None or low[2] is high[2]:
        return
    if low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1])):
        last = max(low[2], high[2], key=lambda one: one.pointer)
        first = low[2] if last is high[2] else high[2]
        message = f"'{condition_words(first)}' and '{condition_words(last)}' exclude each other"
        kind, unless = _how_sure(first, last)
        yield Note(
            last.pointer, kind, f"{message}{unless}.", "Change one, or use an 'any of' group."
        )


def _lower(end: tuple[Any, bool], high: Any) -> bool:
    return bool(end[0] < high[0] or (end[0] == high[0] and end[1] and not high[1]))


def _bounds(condition: Condition) -> Iterator[tuple[Any, bool, bool]]:
    """(value, whether the end itself is out, whether it is the lower end)"""
    test = condition.operator.id
    if test not in (*LOWEST, *HIGHEST, "number.is", "number.between"):
        return
    value = condition.operator.wants.prepare(condition.value, Env(UTC))
    low, high = value if test == "number.between" else (value, value)
    if test not in HIGHEST:
        yield low, test == "number.more_than", True
    if test not in LOWEST:
        yield high, test == "number.less_than", False


def _never_seen(node: Node, fields: Mapping[str, Iterable[Any]]) -> Iterator[Note]:
    """Texts that a known field has never held, outside items groups."""
    if isinstance(node, Group):
        for child in node.children:
            yield from _never_seen(child, fields)
    if not isinstance(node, Condition) or node.other or node.field.part != "payload":
        return
    if node.operator.id != "text.is" or node.field.path.text not in fields:
        return
    texts = [text for value in fields[node.field.path.text] if (text := as_text(value))]
    if texts and fold(node.value) not in {fold(text) for text in texts}:
        name, close = field_words(node.field), nearest(node.value, texts)
        seen = ", ".join(dict.fromkeys(texts[:5]))
        fix = f"Did you mean '{close}'?" if close else "Check the spelling."
        message = f"{name} has been {seen}, never {say(node.value)}."
        yield Note(node.pointer, "never_seen", message, fix)


def _same_as(rule: Rule, others: Iterable[Rule]) -> Iterator[Note]:
    meaning = _meaning(rule.when)
    for other in others:
        if _meaning(other.when) == meaning:
            message = f"The rule '{other.name}' has the same conditions."
            yield Note("/when", "repeated", message, "Put all steps into one rule.")
