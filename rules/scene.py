"""One event while it is being judged: each field is looked up and made ready once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from rules.dates import Moment, Unreadable, read_moment
from rules.families.row import Env, Operator, Unfit
from rules.nodes import Field
from rules.path_syntax import Name
from rules.path_walk import FOUND_TOO_MUCH, MOST_FOUND, Looks, Nodes, TooMuch, with_descendants
from rules.paths import MISSING, gap

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()
TOO_MUCH: Any = type("TooMuchFound", (), {"__repr__": lambda self: "TOO_MUCH"})()
NULL = Unfit("null", "empty")


class Scene:
    """An event, the zone it is judged in, and what has been found in it so far.

    `item` is what `@` stands for inside an items group; what was found below `@` is kept in `own`,
    everything else in `memo`, which all the items share.
    """

    __slots__ = ("event", "zone", "item", "memo", "own")

    def __init__(self, event: dict[str, Any], zone: ZoneInfo, item: Any = MISSING) -> None:
        self.event = event
        self.zone = zone
        self.item = item
        self.memo: dict[Any, Any] = {}
        self.own = self.memo

    @property
    def now(self) -> Moment | None:
        """When the event arrived: what "in the last 7 days" counts from."""
        if "now" not in self.memo:
            received = (self.event.get("event") or {}).get("received_at")
            try:
                moment = read_moment(received, self.zone)
                self.memo["now"] = moment if 1900 < moment.day.year < 9000 else None
            except Unreadable:
                self.memo["now"] = None
        return self.memo["now"]  # type: ignore[no-any-return]

    def start(self, field: Field) -> Any:
        """The value a field's path starts at."""
        return self.item if field.path.of_item else self.event.get(field.part)

    def root(self, field: Field) -> Any:
        """What `$` means inside a filter of a field's path."""
        return self.event.get(field.part)

    def at_item(self, item: Any) -> Scene:
        """The same event, seen from one item of a list."""
        scene = Scene.__new__(Scene)
        scene.event, scene.zone, scene.item = self.event, self.zone, item
        scene.memo, scene.own = self.memo, {}
        return scene

    def items(self, field: Field) -> list[Scene] | None:
        """The event seen from each item of a field; None where there are none, or too many."""
        memo = self.own if field.path.of_item else self.memo
        key = ("items", field.part, field.path.text)
        if key not in memo:
            try:
                found = self.values(field)
                absent = self.is_absent(found, field)
                memo[key] = None if absent else [self.at_item(item) for item in spread(found)]
            except TooMuch:
                memo[key] = None
        return memo[key]  # type: ignore[no-any-return]

    def nodes(self, field: Field) -> Nodes:
        """Every value of a field with its place; TooMuch when there are too many."""
        memo = self.own if field.path.of_item else self.memo
        key = (field.part, field.path.text)
        if key not in memo:
            try:
                memo[key] = self._nodes(field, memo)
            except TooMuch as error:
                memo[key] = error
        found: Nodes | TooMuch = memo[key]
        if isinstance(found, TooMuch):
            raise TooMuch(*found.args)
        return found

    def _nodes(self, field: Field, memo: dict[Any, Any]) -> Nodes:
        path, root = field.path, self.root(field)
        looks = memo[("looks", field.part, path.text)] = Looks()
        first = path.segments[0] if path.segments else None
        if first and first.deep and not path.of_item and len(first.selectors) == 1:
            name = first.selectors[0]
            if isinstance(name, Name):
                return path.walk_on(self.named(field.part).get(name.key, []), root, looks)
        return path.walk(self.start(field), root, looks)

    def looks(self, field: Field) -> int:
        """How many values the filters of a path look at."""
        try:
            self.nodes(field)
        except TooMuch:
            pass
        memo = self.own if field.path.of_item else self.memo
        looks: Looks = memo[("looks", field.part, field.path.text)]
        return min(looks.count, MOST_FOUND)

    def size(self, field: Field) -> int:
        """How many values there are where a path starts, at every level."""
        memo = self.own if field.path.of_item else self.memo
        key = ("size", field.part)
        if key not in memo:
            nodes = with_descendants([(None, self.start(field))])
            memo[key] = sum(len(value) for _, value in nodes)
        return memo[key]  # type: ignore[no-any-return]

    def named(self, part: str) -> dict[str, Nodes]:
        """All members in a part of the event by name, for paths that start with `..name`."""
        key = ("named", part)
        if key not in self.memo:
            members: dict[str, Nodes] = {}
            for place, value in with_descendants([(None, self.event.get(part))]):
                if isinstance(value, dict):
                    for name, child in value.items():
                        members.setdefault(name, []).append(((place, name), child))
            self.memo[key] = members
        return self.memo[key]  # type: ignore[no-any-return]

    def values(self, field: Field) -> list[Any]:
        """Every value of a field; TooMuch when there are too many."""
        if field.path.singular:
            found = field.path.get(self.start(field))
            return [] if found is MISSING else [found]
        return [value for _, value in self.nodes(field)]

    def is_absent(self, found: list[Any], field: Field) -> bool:
        """Whether nothing is there at all; an empty list is there."""
        if found:
            return False
        if field.path.singular:
            return True
        memo = self.own if field.path.of_item else self.memo
        key = ("absent", field.part, field.path.text)
        if key not in memo:
            memo[key] = not gap(field.path, self.start(field), self.root(field)).empty_list
        return memo[key]  # type: ignore[no-any-return]

    def ready(self, reading: Reading) -> Any:
        """The values looked at, each read or Unfit; else ABSENT or TOO_MUCH."""
        memo = self.own if reading.of_item else self.memo
        found = memo.get(reading, MISSING)
        if found is MISSING:
            found = memo[reading] = reading.look(self)
        return found


class Reading:
    """A field as one family of operators reads it; shared by all conditions that read it so."""

    __slots__ = (
        "field", "env", "read", "whole", "sees_null", "presence", "of_item", "plain", "effort",
    )  # fmt: skip

    def __init__(self, field: Field, row: Operator, env: Env) -> None:
        self.field = field
        self.env = env
        self.read: Callable[[Any, Env], Any] = row.read
        self.whole = row.whole
        self.sees_null = row.sees_null
        self.effort = row.effort
        self.presence = row.about_presence
        self.of_item = field.path.of_item
        self.plain = field.path.get if field.path.singular else None

    @property
    def is_cheap(self) -> bool:
        """Whether reading it costs little, whatever the event."""
        return self.plain is not None and self.effort == 1

    def look(self, scene: Scene) -> Any:
        if self.plain:
            value = self.plain(scene.item if self.of_item else scene.event.get(self.field.part))
            return ABSENT if value is MISSING else self.of_one(value)
        try:
            found = scene.values(self.field)
        except TooMuch:
            return TOO_MUCH
        if not found and (self.presence or scene.is_absent(found, self.field)):
            return ABSENT
        return self.of_one(found[0]) if len(found) == 1 else self.of_several(found)

    def of_one(self, value: Any) -> Any:
        if value is None:
            return [self.read(value, self.env)] if self.sees_null else ABSENT
        if not self.whole and isinstance(value, list):
            return TOO_MUCH if len(value) > MOST_FOUND else [self.one(inner) for inner in value]
        return [self.read(value, self.env)]

    def of_several(self, found: list[Any]) -> Any:
        if not self.sees_null and found and all(one is None for one in found):
            return ABSENT
        return [self.one(value) for value in found]

    def one(self, value: Any) -> Any:
        return NULL if value is None and not self.sees_null else self.read(value, self.env)


def spread(found: list[Any]) -> list[Any]:
    """The values to look at: where one list was found, its elements, one level deep.

    TooMuch beyond 10,000 of them, as for a path that finds too much.
    """
    if len(found) == 1 and isinstance(found[0], list):
        inner: list[Any] = found[0]
        if len(inner) > MOST_FOUND:
            raise TooMuch(FOUND_TOO_MUCH)
        return inner
    return found
