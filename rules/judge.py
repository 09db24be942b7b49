"""Nodes made ready for judging: `met(scene)` says met or not, and never raises."""

from __future__ import annotations

from typing import Any

from rules.families.row import Unfit
from rules.nodes import Condition, Field, Match
from rules.operand import operand_from
from rules.path_walk import TooMuch
from rules.paths import MISSING
from rules.scene import ABSENT, TOO_MUCH, Reading, Scene


class Judge:
    """A node ready for judging."""

    __slots__ = ()

    def met(self, scene: Scene) -> bool:
        raise NotImplementedError


class Test(Judge):
    """A condition with a literal, or without any value."""

    __slots__ = ("reading", "operand", "row", "match", "absent", "pattern")

    def __init__(self, node: Condition, reading: Reading, operand: Any) -> None:
        self.reading = reading
        self.operand = operand
        self.row = node.operator
        self.match = node.match
        self.absent = met_when_absent(node)
        self.pattern = 0 if operand is MISSING else node.operator.weight(operand)

    def met(self, scene: Scene) -> bool:
        ready = scene.ready(self.reading)
        if ready is ABSENT:
            return self.absent
        if ready is TOO_MUCH:
            return False
        return self.weigh(ready, self.operand, scene.now if self.row.clock else None)

    def weigh(self, ready: list[Any], operand: Any, now: Any) -> bool:
        """The verdict over the values. A negative operator means: no value is, and there is one."""
        row = self.row
        test, wanted = row.test, row.negates is None
        plain = self.match.kind == "any"
        hits = misses = 0
        for value in ready:
            if value.__class__ is Unfit:
                continue
            if test(value, operand, now) is wanted:
                if plain and wanted:
                    return True
                hits += 1
            elif plain and not wanted:
                return False
            else:
                misses += 1
        return self.match.verdict(hits, len(ready))


class Fits(Test):
    """The most frequent condition, judged without detours: any value fits a literal."""

    __slots__ = ("passes",)

    def __init__(self, node: Condition, reading: Reading, operand: Any) -> None:
        super().__init__(node, reading, operand)
        self.passes = node.operator.test

    def met(self, scene: Scene) -> bool:
        reading = self.reading
        ready = (scene.own if reading.of_item else scene.memo).get(reading)
        if ready is None:
            ready = scene.ready(reading)
        if ready is ABSENT:
            return self.absent
        if ready is TOO_MUCH:
            return False
        passes, operand = self.passes, self.operand
        for value in ready:
            if value.__class__ is not Unfit and passes(value, operand, None):
                return True
        return False


class Clocked(Test):
    """A condition that counts from the event's arrival, which may be unknown."""

    __slots__ = ()

    def weigh(self, ready: list[Any], operand: Any, now: Any) -> bool:
        return (
            self.match.verdict(0, len(ready)) if now is None else super().weigh(ready, operand, now)
        )


class Unusable(Test):
    """A condition whose literal cannot be used in this zone."""

    __slots__ = ()

    def weigh(self, ready: list[Any], operand: Any, now: Any) -> bool:
        return False


class Comparison(Test):
    """A condition that compares with another field."""

    __slots__ = ("other",)

    def __init__(self, node: Condition, reading: Reading, other: Field) -> None:
        super().__init__(node, reading, MISSING)
        self.other = other

    def met(self, scene: Scene) -> bool:
        ready = scene.ready(self.reading)
        if ready is ABSENT:
            return self.absent
        if ready is TOO_MUCH:
            return False
        operand = self.operand_in(scene)
        if operand is MISSING:
            return self.absent
        if isinstance(operand, Unfit):
            return False
        return self.weigh(ready, operand, None)

    def operand_in(self, scene: Scene) -> Any:
        memo = scene.own if self.other.path.of_item else scene.memo
        if self not in memo:
            try:
                values = scene.values(self.other)
                memo[self] = operand_from(self.row.wants, values, self.reading.env)
            except TooMuch as error:
                memo[self] = Unfit("unreadable", str(error))
        return memo[self]


class Shared(Judge):
    """A condition over many values: judged once per event, whoever asks."""

    __slots__ = ("test",)

    def __init__(self, test: Test) -> None:
        self.test = test

    def met(self, scene: Scene) -> bool:
        known = scene.memo.get(self)
        if known is None:
            known = scene.memo[self] = self.test.met(scene)
        return bool(known)


class Always(Judge):
    __slots__ = ()

    def met(self, scene: Scene) -> bool:
        return True


class Group(Judge):
    """What all kinds of group have in common."""

    __slots__ = ("judges",)

    def __init__(self, judges: tuple[Judge, ...]) -> None:
        self.judges = judges


class All(Group):
    __slots__ = ()

    def met(self, scene: Scene) -> bool:
        for judge in self.judges:
            if not judge.met(scene):
                return False
        return True


class AnyOf(Group):
    __slots__ = ()

    def met(self, scene: Scene) -> bool:
        for judge in self.judges:
            if judge.met(scene):
                return True
        return False


class NoneOf(Group):
    __slots__ = ()

    def met(self, scene: Scene) -> bool:
        return not any(judge.met(scene) for judge in self.judges)


class ItemByItem(Judge):
    """The items that a path finds, each judged by `where`, until `enough` of them fit."""

    __slots__ = ("field", "match", "where", "enough")

    def __init__(self, field: Field, match: Match, where: Judge) -> None:
        self.field = field
        self.match = match
        self.where = where
        settled = {"any": 1, "none": 1, "at_least": match.n, "exactly": match.n + 1}
        self.enough = settled.get(match.kind, 0)

    def met(self, scene: Scene) -> bool:
        items = scene.items(self.field)
        if items is None:
            return False
        where = self.where
        hits = 0
        for item in items:
            if where.met(item):
                hits += 1
                if hits == self.enough:
                    break
            elif self.match.kind == "all":
                return False
        return self.match.verdict(hits, len(items))


GROUPS: dict[str, type[Group]] = {"all": All, "any": AnyOf, "none": NoneOf}


def met_when_absent(node: Condition) -> bool:
    """The verdict where there is no value to look at."""
    if node.operator.about_presence:
        return node.operator.negates is not None
    return node.met_when_missing
