"""What is probably not meant: a rule that can never be met, repeats itself, waits for a typo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rules.catalog import CatalogField
from rules.change import Change, at, put, remove
from rules.lint_fields import NOTHING_MORE, Possible, field_notes
from rules.lint_rules import other_notes
from rules.lint_texts import text_notes
from rules.logic import Logic
from rules.nodes import Condition, EveryEvent, Group, Items, Node, Rule, Step
from rules.note import KINDS, Note
from rules.values import say
from rules.words import condition_words, field_words

__all__ = ["KINDS", "Note", "lint"]

Recipients = Callable[[Step], Iterable[str]]
MOST_NOTES = 50


def lint(
    rule: Rule,
    others: Iterable[Rule] | None = None,
    fields: Iterable[CatalogField] | None = None,
    *,
    above: Iterable[Rule] = (),
    recipients: Recipients | None = None,
    events: Iterable[Mapping[str, Any]] = (),
    zone: str = "UTC",
    possible: Possible = NOTHING_MORE,
) -> list[Note]:
    """At most 50 notes on a rule: on its own conditions first, in their order.

    others: the hook's other rules; above: those of them that stand before this one, in order.
    fields: what the hook's payloads have held, for fields and values never seen. recipients: to
    whom a step writes, as its config says it. events: recent ones, for rules that overlap.
    possible: values that are right though none of these events had them, by the field's path.
    """
    logic = Logic()
    notes = [*_whole(rule, logic), *_inside(rule.when, rule, logic)]
    if fields is not None:
        known = list(fields)
        notes += [*field_notes(rule, known, possible), *text_notes(rule, known)]
    notes += other_notes(rule, list(others or ()), list(above), logic, recipients, events, zone)
    return list(dict.fromkeys(notes))[:MOST_NOTES]


def _whole(rule: Rule, logic: Logic) -> Iterator[Note]:
    place = rule.when.pointer
    if logic.always(rule.when):
        yield Note(place, "always", "This rule is met by every event.", "Add a condition.")
    if logic.never(rule.when):
        message, fix = "No event can ever meet this rule.", "Change what excludes each other."
        yield Note(place, "never", message, fix)


def _inside(node: Node, rule: Rule, logic: Logic) -> Iterator[Note]:
    """Notes on what stands in a node, not on the node as a whole."""
    if isinstance(node, Items):
        yield from _inside(node.where, rule, logic)
    elif isinstance(node, Condition):
        yield from _impossible(node, logic)
    elif isinstance(node, Group):
        for index, child in enumerate(node.children):
            yield from _among(node, index, rule, logic)
            yield from _inside(child, rule, logic)


def _impossible(condition: Condition, logic: Logic) -> Iterator[Note]:
    if logic.never(condition):
        name = field_words(condition.field)
        message = f"{name} is looked at as one value, and {condition.match.n} are wanted."
        change = remove(f"{condition.pointer}/match")
        yield Note(condition.pointer, "never_part", message, "Remove 'match'.", change)


def _among(group: Group, index: int, rule: Rule, logic: Logic) -> Iterator[Note]:
    """What a child says that the children beside it already say, or rule out."""
    child, before = group.children[index], group.children[:index]
    words = _words(child)
    if any(logic.same(child, one) for one in before):
        message = f"{words} stands here twice."
        yield Note(child.pointer, "repeated", message, "Remove one of the two.", _gone(child))
        return
    if group.kind == "all":
        clash = _clash(child, before, rule, logic)
        if clash:
            yield clash
            return
    yield from _useless(group, index, words, logic)


def _clash(child: Node, before: tuple[Node, ...], rule: Rule, logic: Logic) -> Note | None:
    """The child cannot be met together with one before it, or with all of them."""
    change = _any_of(rule, child, before)
    for one in before:
        for certain, ask in ((True, logic.exclude), (False, logic.doubtful)):
            if ask(one, child):
                unless = "" if certain else ", unless it is a list"
                kind, message = "never_part" if certain else "doubtful", _both(one, child)
                fix = "Put the two into an 'any of' group."
                return Note(child.pointer, kind, f"{message}{unless}.", fix, change(one))
    if len(before) > 1 and logic.exclude(Group(child.pointer, "all", before), child):
        message = f"{_words(child)} cannot be met together with the conditions above it."
        return Note(child.pointer, "never_part", message, "Change one of them.")
    return None


def _both(one: Node, other: Node) -> str:
    """Status can't be both 'paid' and 'void'."""
    if isinstance(one, Condition) and isinstance(other, Condition):
        if one.operator.id == other.operator.id and one.operator.name == "is":
            name = field_words(one.field)
            return f"{name} can't be both {say(one.value)} and {say(other.value)}"
    return f"{_words(one)} and {_words(other)} exclude each other"


def _any_of(rule: Rule, child: Node, before: tuple[Node, ...]) -> Callable[[Node], Change]:
    """The change that puts the child and another one into an any-of group."""

    def change(one: Node) -> Change:
        place, _, last = child.pointer.rpartition("/")
        raw = at(rule.document, place)
        first, second = before.index(one), int(last)
        pair = {"any": [raw[first], raw[second]]}
        rest = [member for index, member in enumerate(raw) if index not in (first, second)]
        if rest or not place.endswith("/all"):
            return put(place, [*rest[:first], pair, *rest[first:]])
        return put(place.removesuffix("/all"), pair)

    return change


def _useless(group: Group, index: int, words: str, logic: Logic) -> Iterator[Note]:
    child = group.children[index]
    if len(group.children) > 1:
        reason = _needless(group, index, logic)
        if reason:
            message = f"{words} adds nothing: {reason}."
            yield Note(child.pointer, "useless", message, "Remove it.", _gone(child))


def _needless(group: Group, index: int, logic: Logic) -> str:
    """Why the verdicts would be the same without a child; empty where they would not."""
    child = group.children[index]
    wants_all = group.kind == "all"
    if (logic.always if wants_all else logic.never)(child):
        return "every event meets it" if wants_all else "no event meets it"
    for at_place, one in enumerate(group.children):
        if one is child or logic.same(one, child):
            continue
        narrow, wide = (one, child) if wants_all else (child, one)
        if logic.follows(narrow, wide) and not (index < at_place and logic.follows(wide, narrow)):
            return f"{_words(one)} says so already" if wants_all else f"{_words(one)} includes it"
    return ""


def _gone(child: Node) -> Change:
    return remove(child.pointer)


def _words(node: Node) -> str:
    if isinstance(node, Condition):
        return f"'{condition_words(node)}'"
    if isinstance(node, EveryEvent):
        return "'every event'"
    return "this group" if isinstance(node, Group) else "this group of items"
