"""Judging an event: each condition becomes a closure that says met or not, and never raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from rules.dates import Moment, Unreadable, read_moment
from rules.errors import Unusable
from rules.families.row import Env, Unfit
from rules.nodes import Condition, EveryEvent, Field, Items, Node
from rules.paths import MISSING, TooMuch, gap

NO_CLOCK = Unfit("unreadable", "and the event has no time of arrival to count from")


class Scene:
    """One event while it is being judged; `item` is what `@` stands for inside an items group.

    What wide paths from `$` find is kept in `memo`: an items group would ask once per item.
    """

    __slots__ = ("event", "zone", "item", "memo", "_now")

    def __init__(self, event: dict[str, Any], zone: ZoneInfo, item: Any = MISSING) -> None:
        self.event = event
        self.zone = zone
        self.item = item
        self.memo: dict[Any, Any] = {}
        self._now: Moment | None | Any = MISSING

    @property
    def now(self) -> Moment | None:
        """When the event arrived: what "in the last 7 days" counts from."""
        if self._now is MISSING:
            received = (self.event.get("event") or {}).get("received_at")
            try:
                moment = read_moment(received, self.zone)
                self._now = moment if 1900 < moment.day.year < 9000 else None
            except Unreadable:
                self._now = None
        return self._now

    def start(self, field: Field) -> Any:
        """The value a field's path starts at."""
        return self.item if field.path.of_item else self.event.get(field.part)

    def root(self, field: Field) -> Any:
        """What `$` means inside a filter of a field's path."""
        return self.event.get(field.part)

    def values(self, field: Field) -> list[Any]:
        """Every value of a field; TooMuch when there are too many."""
        if field.path.singular or field.path.of_item:
            return field.path.values(self.start(field), self.root(field))
        key = (field.part, field.path.text)
        if key not in self.memo:
            try:
                self.memo[key] = field.path.values(self.start(field), self.root(field))
            except TooMuch as error:
                self.memo[key] = error
        found: list[Any] | TooMuch = self.memo[key]
        if isinstance(found, TooMuch):
            raise TooMuch(*found.args)
        return found

    def at_item(self, item: Any) -> Scene:
        """The same event, seen from one item of a list."""
        scene = Scene(self.event, self.zone, item)
        scene.memo = self.memo
        scene._now = self._now
        return scene


Judge = Callable[[Scene], bool]


def judge_of(node: Node, zone: ZoneInfo) -> Judge:
    """The closure that judges a node."""
    if isinstance(node, Condition):
        return _condition(node, zone)
    if isinstance(node, EveryEvent):
        return lambda scene: True
    if isinstance(node, Items):
        return _items(node, judge_of(node.where, zone))
    judges = tuple(judge_of(child, zone) for child in node.children)
    return GROUPS[node.kind](judges)


def _all(judges: tuple[Judge, ...]) -> Judge:
    def judge(scene: Scene) -> bool:
        for one in judges:
            if not one(scene):
                return False
        return True

    return judge


def _any(judges: tuple[Judge, ...]) -> Judge:
    def judge(scene: Scene) -> bool:
        for one in judges:
            if one(scene):
                return True
        return False

    return judge


def _none(judges: tuple[Judge, ...]) -> Judge:
    met = _any(judges)
    return lambda scene: not met(scene)


GROUPS = {"all": _all, "any": _any, "none": _none}


def _items(node: Items, where: Judge) -> Judge:
    def judge(scene: Scene) -> bool:
        try:
            found = scene.values(node.field)
        except TooMuch:
            return False
        if is_absent(found, node.field, scene):
            return False
        items = spread(found)
        hits = sum(where(scene.at_item(item)) for item in items)
        return node.match.verdict(hits, len(items))

    return judge


def _condition(node: Condition, zone: ZoneInfo) -> Judge:
    """The general way, with a short one in front of it for a plain field and a literal."""
    env = Env(zone, node.match_case)
    literal = MISSING if node.other else prepared(node, node.value, env)

    def general(scene: Scene) -> bool:
        return weigh(node, literal, env, scene)

    row, path = node.operator, node.field.path
    if not path.singular or path.of_item or row.about_presence or row.clock:
        return general
    return (
        general
        if literal is MISSING or isinstance(literal, Unfit)
        else _short(node, literal, env, general)
    )


def _short(node: Condition, operand: Any, env: Env, general: Judge) -> Judge:
    row, get, part = node.operator, node.field.path.get, node.field.part
    read, test, negative = row.read, row.test, row.negates is not None
    when_missing, whole, sees_null = node.met_when_missing, row.whole, row.sees_null
    single, unmet = node.match.verdict(1, 1), node.match.verdict(0, 1)

    def judge(scene: Scene) -> bool:
        value = get(scene.event.get(part))
        if value is MISSING or value is None and not sees_null:
            return when_missing
        if not whole and isinstance(value, list):
            return general(scene)
        found = read(value, env)
        if not isinstance(found, Unfit) and test(found, operand, None) is not negative:
            return single
        return unmet

    return judge


def weigh(node: Condition, literal: Any, env: Env, scene: Scene) -> bool:
    """Whether a condition is met: the general way, for several values and for other fields."""
    row = node.operator
    try:
        found = scene.values(node.field)
        if row.about_presence and not found:
            return row.negates is not None
        if is_absent(found, node.field, scene) or is_null(found, node):
            return node.met_when_missing
        operand = operand_of(node, env, scene) if node.other else literal
    except TooMuch:
        return False
    if operand is MISSING:
        return node.met_when_missing
    if isinstance(operand, Unfit):
        return False
    values = found if row.whole else spread(found)
    outcomes = [outcome(node, value, operand, env, scene) for value in values]
    return tally(node, outcomes)


def outcome(node: Condition, value: Any, operand: Any, env: Env, scene: Scene) -> bool | Unfit:
    """Whether one value fits the operator; Unfit when it cannot be judged."""
    row = node.operator
    if value is None and not row.sees_null:
        return Unfit("null", "empty")
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
    other = node.other
    if other is None:
        return prepared(node, node.value, env)
    if other.path.of_item:
        return _from_field(node, scene.values(other), env)
    key = ("operand", id(node))
    if key not in scene.memo:
        scene.memo[key] = _from_field(node, scene.values(other), env)
    return scene.memo[key]


def _from_field(node: Condition, values: list[Any], env: Env) -> Any:
    wants = node.operator.wants
    found = [value for value in values if value is not None]
    if not found:
        return MISSING
    if not wants.many:
        found = spread(found)
        if len(found) != 1:
            return Unfit("values", f"it has {len(found)} values, one is needed")
    raw = found[0] if len(found) == 1 else found
    if wants.many and not isinstance(raw, list):
        raw = [raw]
    return prepared(node, wants.seen(raw), env)


def prepared(node: Condition, raw: Any, env: Env) -> Any:
    """A value ready for the test; Unfit when it cannot be used, as a date may in another zone."""
    try:
        return node.operator.wants.prepare(raw, env)
    except Unusable as error:
        return Unfit("unreadable", error.message)


def spread(found: list[Any]) -> list[Any]:
    """The values to look at: where one list was found, its elements, one level deep."""
    if len(found) == 1 and isinstance(found[0], list):
        inner: list[Any] = found[0]
        return inner
    return found


def is_absent(found: list[Any], field: Field, scene: Scene) -> bool:
    """Whether nothing is there at all; an empty list is there."""
    if found:
        return False
    return not gap(field.path, scene.start(field), scene.root(field)).empty_list


def is_null(found: list[Any], node: Condition) -> bool:
    """Whether the field is there but every value found is null."""
    return not node.operator.sees_null and bool(found) and all(one is None for one in found)
