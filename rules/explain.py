"""Why a rule is met by an event or not: the whole tree, without index and without short cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from rules import reasons
from rules.blame import Pointers, items_flip, least, together
from rules.case import only_case
from rules.compiler import judge_of
from rules.families.row import Env, Unfit
from rules.finding import Explanation, Finding
from rules.found import SHOWN_VALUES, found_at, match_shown, no_find, status_of
from rules.nodes import (
    Condition,
    EveryEvent,
    Field,
    Group,
    Items,
    Match,
    Node,
    Rule,
    conditions_of,
)  # fmt: skip
from rules.path_walk import Nodes, TooMuch
from rules.paths import MISSING, Gap, gap
from rules.price import TOO_MUCH_WORK, affordable
from rules.scene import Scene, spread
from rules.values import shorten
from rules.weighing import is_null, operand_of, outcome, tally
from rules.words import field_words
from rules.zones import zone_of

__all__ = ["Explanation", "explain"]

SHOWN_ITEMS = 20
MOST_ITEMS = 200
ROOM = 1_200  # conditions told, counting each item of a list; at least one item is told
NEVER = 1_000


def explain(rule: Rule, event: dict[str, Any], zone: str = "UTC") -> Explanation:
    """Judge one event by one rule and say why, condition by condition; never raises for an event.

    Options such as stop and otherwise play no part: they depend on the other rules.
    """
    place = zone_of(zone)
    scene = Scene(event, place)
    if not affordable(rule.when, scene):
        return _too_much_work(rule.when)
    tree = _find(rule.when, scene, place, ROOM)
    blame = tree.flip or ()
    missed = 0 if tree.met else len(blame) or NEVER
    return Explanation(tree.met, _summary(tree, blame), blame, missed, tree)


def _too_much_work(node: Node) -> Explanation:
    kind = {Items: "items", EveryEvent: "every_event"}.get(type(node), "condition")
    kind = node.kind if isinstance(node, Group) else kind
    tree = Finding(node.pointer, kind, False, TOO_MUCH_WORK, None, {})
    return Explanation(False, f"Not met: {TOO_MUCH_WORK}.", (), NEVER, tree)


def _find(node: Node, scene: Scene, zone: ZoneInfo, room: int) -> Finding:
    if isinstance(node, Condition):
        return _condition(node, scene, zone)
    if isinstance(node, EveryEvent):
        return Finding(node.pointer, "every_event", True, "every event is met", None, {})
    if isinstance(node, Items):
        return _items(node, scene, zone, room)
    room //= len(node.children)
    return _group(node, [_find(child, scene, zone, room) for child in node.children])


def _group(node: Group, children: list[Finding]) -> Finding:
    met = Match(node.kind).verdict(sum(child.met for child in children), len(children))
    deciding = [child.flip for child in children if child.met is (node.kind != "all")]
    others = [child.flip for child in children if child.met is (node.kind == "all")]
    flip = together(deciding) if deciding else least(others)
    return Finding(node.pointer, node.kind, met, "", flip, {}, tuple(children))


def _items(node: Items, scene: Scene, zone: ZoneInfo, room: int) -> Finding:
    detail: dict[str, Any] = {"path": node.field.written, "match": match_shown(node.match)}

    path = node.field.path

    def end(
        met: bool, reason: str, flip: Pointers | None, found: Any, shown: tuple[Finding, ...] = ()
    ) -> Finding:
        return Finding(node.pointer, "items", met, reason, flip, {**detail, "found": found}, shown)

    try:
        located = scene.nodes(node.field)
    except TooMuch as error:
        name = field_words(node.field)
        return end(False, f"{name}: {error}", (node.pointer,), found_at("unreadable", [], path))
    hole = _hole(node.field, scene) if not located else None
    if hole and not hole.empty_list:
        reason = reasons.missing(field_words(node.field), hole, False)
        return end(False, reason, (node.pointer,), no_find(hole, path))
    try:
        items = _spread(located)
    except TooMuch as error:
        name = field_words(node.field)
        return end(False, f"{name}: {error}", (node.pointer,), found_at("unreadable", [], path))
    size = sum(1 for _ in conditions_of(node.where))
    told = max(1, min(MOST_ITEMS, room // max(1, size)))
    children = [
        _find(node.where, scene.at_item(item), zone, room // told) for _, item in items[:told]
    ]
    hits = sum(child.met for child in children) + _hits(node, items[told:], scene, zone)
    met = node.match.verdict(hits, len(items))
    reason = reasons.items(node, hits, len(items), met)
    flip = _items_flip(node, met, children) if len(items) <= told else (node.pointer,)
    found = {"status": "values" if items else "empty_list", "count": len(items), "fitting": hits}
    placed = zip(children[:SHOWN_ITEMS], items, strict=False)
    shown = tuple(_at_item(child, path.location(place)) for child, (place, _) in placed)
    return end(met, reason, flip, found, shown)


def _hits(node: Items, items: list[tuple[str, Any]], scene: Scene, zone: ZoneInfo) -> int:
    """How many of the items beyond those explained fit; by the matcher, for there may be many."""
    judge = judge_of(node.where, zone)
    return sum(judge.met(scene.at_item(item)) for _, item in items)


def _items_flip(node: Items, met: bool, children: list[Finding]) -> Pointers | None:
    fitting = [child.flip for child in children if child.met]
    others = [child.flip for child in children if not child.met]
    return items_flip(node, met, fitting, others)


def _at_item(child: Finding, where: str) -> Finding:
    detail = {**child.detail, "item": where}
    return Finding(
        child.pointer, child.kind, child.met, child.reason, child.flip, detail, child.children
    )


def _condition(node: Condition, scene: Scene, zone: ZoneInfo) -> Finding:
    met, reason, found, notes = _judged(node, scene, Env(zone, node.match_case))
    detail = {
        "path": node.field.written,
        **({"in": node.field.part} if node.field.part != "payload" else {}),
        "test": node.operator.id,
        "expected": _expected(node, scene),
        "found": found,
        "notes": notes,
    }
    return Finding(node.pointer, "condition", met, reason, (node.pointer,), detail)


Judged = tuple[bool, str, dict[str, Any], list[str]]


def _judged(node: Condition, scene: Scene, env: Env) -> Judged:
    name, row, lenient = field_words(node.field), node.operator, node.met_when_missing
    path = node.field.path
    try:
        located = scene.nodes(node.field)
    except TooMuch as error:
        return False, f"{name}: {error}", found_at("unreadable", [], path), []
    if not located:
        hole = _hole(node.field, scene)
        if row.about_presence:
            met = row.negates is not None
            return met, reasons.missing(name, hole, False), no_find(hole, path), []
        if not hole.empty_list:
            return lenient, reasons.missing(name, hole, lenient), no_find(hole, path), []
    elif is_null([value for _, value in located], node):
        return lenient, reasons.empty(name, lenient), found_at("null", located, path), []
    try:
        values = located if row.whole else _spread(located)
        operand = operand_of(node, env, scene)
    except TooMuch as error:
        return False, f"{name}: {error}", found_at("value", located, path), []
    if operand is MISSING:
        return lenient, reasons.no_operand(node), found_at("value", located, path), []
    if isinstance(operand, Unfit):
        return False, reasons.bad_operand(node, operand), found_at("value", located, path), []
    return _weighed(node, values, operand, env, scene)


def _weighed(node: Condition, located: Nodes, operand: Any, env: Env, scene: Scene) -> Judged:
    values, path = [value for _, value in located], node.field.path
    outcomes = [outcome(node, value, operand, env, scene) for value in values]
    met = tally(node, outcomes)
    if not values:
        return met, reasons.no_values(node, met), found_at("empty_list", [], path), []
    wanted = reasons.wanted_words(node, scene.values(node.other) if node.other else [])
    if len(values) == 1:
        reason = reasons.single(node, values[0], outcomes[0], met, wanted)
    else:
        reason = reasons.several(node, values, outcomes, met, wanted)
    if not met and only_case(node, values, env, scene):
        reason += "; it differs only in case"
    return (
        met,
        reason,
        found_at(status_of(values, outcomes), located, path),
        _notes(node, values, env),
    )


def _notes(node: Condition, values: list[Any], env: Env) -> list[str]:
    notes = []
    for value in values[:SHOWN_VALUES]:
        read = node.operator.read(value, env) if value is not None else Unfit("null", "")
        note = None if isinstance(read, Unfit) else node.operator.note(value, read)
        if note:
            notes.append(note)
    return notes


def _hole(field: Field, scene: Scene) -> Gap:
    return gap(field.path, scene.start(field), scene.root(field))


def _spread(located: Nodes) -> Nodes:
    if len(located) == 1 and isinstance(located[0][1], list):
        place, _ = located[0]
        values = spread([value for _, value in located])
        return [((place, at), value) for at, value in enumerate(values)]
    return located


def _expected(node: Condition, scene: Scene) -> Any:
    if node.other is None:
        return shorten(node.value)
    try:
        values = [shorten(value) for value in scene.values(node.other)[:SHOWN_VALUES]]
    except TooMuch:
        values = []
    return {"path": node.other.written, "in": node.other.part, "values": values}


def _summary(tree: Finding, blame: Pointers) -> str:
    if tree.met:
        told = _told(tree, lambda finding: finding.met)
        return _ending("Met", told) if told else "Met."
    told = _told(tree, lambda finding: finding.pointer in blame)
    return _ending("Not met", told) if told else "Not met: no event can meet this."


def _told(tree: Finding, choose: Callable[[Finding], bool]) -> list[str]:
    """The reasons of the leaves chosen; a group of items speaks for its items."""
    told = [reason for child in tree.children for reason in _told(child, choose)]
    if tree.kind == "items":
        return [tree.reason] if told or choose(tree) else []
    if tree.kind == "none" and tree.met:
        return ["nothing that is ruled out is so"] if choose(tree) else told
    if tree.kind == "none":
        told = [f"{reason}, which is ruled out" for reason in told]
    if not tree.children:
        told = [tree.reason] if choose(tree) else []
    return list(dict.fromkeys(told))


def _ending(start: str, told: list[str]) -> str:
    more = f"; and {len(told) - 3} more" if len(told) > 3 else ""
    return f"{start}: {'; '.join(told[:3])}{more}."
