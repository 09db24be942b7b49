"""Why a rule was met or not, as rows: what was looked at, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rulebook.domain.voice import Voice, bases_of
from rulebook.providers import PROVIDERS
from rules import reasons
from rules.errors import Unusable
from rules.explain import NEVER, Explanation
from rules.finding import Finding
from rules.nodes import Condition, EveryEvent, Group, Items, Node, Rule
from rules.paths import parse_path, path_from
from rules.sentence import items_words
from rules.values import as_text, quoted, say
from rules.words import Telling, condition_parts, sentence_case

_GROUPS = {
    "all": ("All of these", "every one"),
    "any": ("Any of these", "1 or more"),
    "none": ("None of these", "not one"),
}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SHOWN = 3


@dataclass(frozen=True)
class Row:
    """One line of the table; `code` tells that what was found is a value as it was sent."""

    met: bool | None
    name: str
    expected: str
    found: str
    code: bool = False
    note: str = ""
    depth: int = 0


@dataclass(frozen=True)
class _Words:
    voice: Voice
    tell: Telling
    bases: Mapping[int, str]


def rows(rule: Rule, explanation: Explanation, voice: Voice) -> list[Row]:
    """The whole tree, flat, in the order of the rule; an outermost "all of" goes without saying."""
    tree, when = explanation.tree, rule.when
    say_more = _Words(voice, voice.telling(when), bases_of(when))
    if isinstance(when, Group) and when.kind == "all":
        return list(_children(when, tree, say_more, 0))
    return list(_rows(when, tree, say_more, 0))


def missed(rule: Rule, explanation: Explanation, voice: Voice) -> tuple[str, str]:
    """How near a rule came: "Missed by one condition", and the reason that follows."""
    if explanation.missed >= NEVER:
        return "No event can meet this rule", "."
    count = explanation.missed
    words = _COUNTS[count] if count < len(_COUNTS) else str(count)
    lead = f"Missed by {words} condition{'s' if count != 1 else ''}"
    why = "; ".join(voice.why(explanation, rule.when))
    return lead, f": {why}." if why else f": {explanation.summary.removeprefix('Not met: ')}"


def looked_at(explanation: Explanation) -> set[str]:
    """The canonical paths of the values in what was sent that the rule looked at."""
    return set(_looked(explanation.tree, ""))


def canonical(trail: tuple[str | int, ...]) -> str:
    """The path of a value in the tree, in the same form as `looked_at`."""
    try:
        return parse_path(path_from(trail)).text
    except Unusable:  # deeper or longer than a rule's path may be: no rule looks there
        return path_from(trail)


@lru_cache(maxsize=64)
def friendly_names(provider: str) -> Callable[[str], str | None]:
    """The provider's names for fields, by canonical path."""
    known = PROVIDERS[provider].names if provider in PROVIDERS else {}
    return {parse_path(path).text: name for path, name in known.items()}.get


def _rows(node: Node, finding: Finding, words: _Words, depth: int) -> Iterator[Row]:
    if isinstance(node, Condition):
        yield replace(_condition(node, finding, words), depth=depth)
    elif isinstance(node, EveryEvent):
        yield Row(True, "Every event", "arrives", "it did", depth=depth)
    elif isinstance(node, Items):
        yield from _items(node, finding, words, depth)
    else:
        name, expected = _GROUPS[node.kind]
        met = sum(child.met for child in finding.children)
        found = f"{met} of {len(finding.children)}"
        yield Row(finding.met, name, expected, found, depth=depth)
        yield from _children(node, finding, words, depth + 1)


def _children(node: Group, finding: Finding, words: _Words, depth: int) -> Iterator[Row]:
    for child, found in zip(node.children, finding.children, strict=True):
        yield from _rows(child, found, words, depth)


def _items(node: Items, finding: Finding, words: _Words, depth: int) -> Iterator[Row]:
    """The group, and below it the item that tells most: one that fits, else the nearest."""
    name = sentence_case(f"{items_words(node.match)} {words.tell('field', '', node.field)}")
    detail = finding.detail["found"]
    count = detail.get("count", 0)
    missing = detail["status"] in ("missing", "unreadable")
    found = "not there" if missing else f"{detail.get('fitting', 0)} of {count}"
    telling = _telling(finding.children)
    note = sentence_case(finding.reason) if telling is None else ""
    if telling is not None and count > 1:
        note = f"Item {finding.children.index(telling) + 1} of {count} is shown"
    yield Row(finding.met, name, "fits all of these", found, note=note, depth=depth)
    if telling is not None and isinstance(node.where, Group) and node.where.kind == "all":
        yield from _children(node.where, telling, words, depth + 1)
    elif telling is not None:
        yield from _rows(node.where, telling, words, depth + 1)


def _telling(items: tuple[Finding, ...]) -> Finding | None:
    if not items:
        return None
    return min(items, key=lambda item: (not item.met, len(item.flip) if item.flip else NEVER))


def _condition(node: Condition, finding: Finding, words: _Words) -> Row:
    detail = finding.detail
    value = None
    if node.other:
        value = reasons.wanted_words(node, detail["expected"]["values"])
    name, expected = condition_parts(node, value=value, tell=words.tell)
    found, code = _found(detail["found"])
    values = detail["found"]["values"]
    base = words.bases[id(node.field)]
    told = words.voice.one(values[0], node.field, base) if len(values) == 1 else ""
    note = _note(finding)
    if told and words.voice.currency(node.field, base):
        note = " ".join(filter(None, [f"{found} as it was sent.", note]))
    return Row(finding.met, sentence_case(name), quoted(expected), told or found,
               code and not told, note)  # fmt: skip


def _found(found: dict[str, Any]) -> tuple[str, bool]:
    status, values = found["status"], found["values"]
    if status == "missing":
        return "not there", False
    if not values:
        return ("an empty list" if status == "empty_list" else "more than can be shown"), False
    if len(values) == 1:
        return _said(values[0])
    shown = ", ".join(_said(value)[0] for value in values[:_SHOWN])
    more = found["count"] - _SHOWN
    return (f"{shown} and {more} more" if more > 0 else shown), True


def _said(value: Any) -> tuple[str, bool]:
    text = as_text(value)
    return (text, True) if text else (say(value) if value != "" else "empty text", False)


def _note(finding: Finding) -> str:
    """What one would not see from the two columns: why it is not there, or how it was read."""
    status, reason = finding.detail["found"]["status"], finding.reason
    if status == "missing":
        return sentence_case(reason) if "(" in reason or "counts as met" in reason else ""
    if status in ("wrong_type", "unreadable"):
        return sentence_case(reason)
    return " ".join(f"{sentence_case(note).rstrip('.')}." for note in finding.detail["notes"])


def _looked(finding: Finding, item: str) -> Iterator[str]:
    """Locations relative to an item are joined to where that item is."""
    here = finding.detail.get("item")
    item = _absolute(here, item) if here else item
    if finding.kind == "condition" and finding.detail.get("in", "payload") == "payload":
        for place in finding.detail["found"]["at"]:
            yield _absolute(place, item)
    for child in finding.children:
        yield from _looked(child, item)


def _absolute(place: str, item: str) -> str:
    return item + place[1:] if place.startswith("@") else place
