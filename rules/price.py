"""What judging one event by one rule costs at most, reckoned before it is judged.

A step is about a microsecond. A rule that would take more than MOST_STEPS is not met, and says so:
matching and explaining reckon alike, from the rule and the event alone, so they agree, and no other
rule can change the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.compiler import Compiler
from rules.judge import Comparison, Group, ItemByItem, Judge, Shared, Test
from rules.nodes import Field, Node
from rules.path_walk import TooMuch
from rules.scene import ABSENT, TOO_MUCH, Reading, Scene, spread

MOST_STEPS = 50_000
TESTS_PER_STEP = 10
LETTERS_PER_STEP = 1_000
PATTERN_PER_STEP = 200  # letters times the size of the pattern
STEPS_PER_LOOK = 4  # a filter's look at one value
STEPS_PER_FILTER = 20
NODES_PER_STEP = 3  # passed by on the way of ".."
STEPS_PER_PATH = 5  # of several values
STEPS_PER_ITEM = 2
FEW = 5
TOO_MUCH_WORK = f"judging this event by this rule would take more than {MOST_STEPS:,} steps"


class TooManySteps(Exception):
    """Judging would take more than MOST_STEPS."""


class Plan:
    """What a judge looks at: how often each reading is tested, and the items below."""

    __slots__ = ("readings", "searches", "others", "items", "tests", "wide")

    def __init__(self, judge: Judge) -> None:
        groups = [one for one in leaves_of(judge) if isinstance(one, ItemByItem)]
        tests = [one for one in leaves_of(judge) if isinstance(one, Test)]
        self.others = tuple([one.other for one in tests if isinstance(one, Comparison)])
        fields = [one.reading.field for one in tests] + [one.field for one in groups]
        fields += self.others
        self.readings = tuple(by_reading(tests))
        self.wide = len({(one.part, one.path.text) for one in fields if not one.path.singular})
        searches = {(one.part, one.path.text): one for one in fields if one.path.searches}
        self.searches = tuple(searches.values())
        self.items = tuple([(one.field, Plan(one.where)) for one in groups])
        self.tests: int = len(tests) + sum(below.tests for _, below in self.items)

    def may_cost_much(self) -> bool:
        """Whether some event could make this expensive; most rules are cheap whatever it is."""
        heavy = any(pattern or reading.effort > 1 for reading, _, pattern in self.readings)
        return bool(heavy or self.tests > FEW or self.items or self.wide)


def leaves_of(judge: Judge) -> Iterator[Judge]:
    """The conditions and the groups of items below a node."""
    if isinstance(judge, Group):
        for one in judge.judges:
            yield from leaves_of(one)
    else:
        yield judge.test if isinstance(judge, Shared) else judge


def by_reading(tests: list[Test]) -> Iterator[tuple[Reading, int, int]]:
    """Each reading, how often it is tested, and the size of all its patterns."""
    patterns: dict[Reading, list[int]] = {}
    for test in tests:
        patterns.setdefault(test.reading, []).append(test.pattern)
    for reading, sizes in patterns.items():
        yield reading, len(sizes), sum(sizes)


def is_cheap(judge: Judge) -> bool:
    """Whether this is one plain condition, which no event makes expensive."""
    return isinstance(judge, Test) and not judge.pattern and judge.reading.is_cheap


class Affordable(Judge):
    """Whether a rule can be judged within the steps that one rule may take."""

    __slots__ = ("plan",)

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def met(self, scene: Scene) -> bool:
        try:
            Bill().add(self.plan, scene)
        except TooManySteps:
            return False
        return True


class Bill:
    """Adds up the steps of one rule over one event."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = float(MOST_STEPS)

    def pay(self, steps: float) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooManySteps

    def add(self, plan: Plan, scene: Scene, in_item: bool = False) -> None:
        """Pay for all that a plan looks at; what an item shares with the event is paid once."""
        for field in plan.searches:
            if field.path.of_item or not in_item:
                self.search(field, scene)
        for reading, tests, pattern in plan.readings:
            self.read(reading, tests, pattern, scene, in_item)
        for field in plan.others:
            if field.path.of_item or not in_item:
                self.compare(field, scene)
        for field, below in plan.items:
            self.go_through(field, below, scene)

    def go_through(self, field: Field, below: Plan, scene: Scene) -> None:
        items = scene.items(field) or ()
        least = len(items) * (STEPS_PER_ITEM + below.tests / TESTS_PER_STEP)
        if least > self.left:
            raise TooManySteps
        self.pay(len(items) * STEPS_PER_ITEM)
        for at, item in enumerate(items):
            self.add(below, item, in_item=at > 0)

    def read(self, reading: Reading, tests: int, pattern: int, scene: Scene, in_item: bool) -> None:
        ready = scene.ready(reading)
        if ready is ABSENT or ready is TOO_MUCH:
            return self.pay(tests / TESTS_PER_STEP)
        letters = sum([len(one) for one in ready if one.__class__ is str])
        reads = len(ready) * reading.effort if reading.of_item or not in_item else 0
        reads += 0 if reading.plain else STEPS_PER_PATH
        self.pay(
            reads
            + (len(ready) or 1) * tests / TESTS_PER_STEP
            + letters * tests / LETTERS_PER_STEP
            + letters * pattern / PATTERN_PER_STEP
        )

    def search(self, field: Field, scene: Scene) -> None:
        """Pay for a path that walks down or filters."""
        size = scene.size(field) if field.path.deep else 0
        looks = scene.looks(field)
        filtering = STEPS_PER_FILTER + looks * STEPS_PER_LOOK if looks else 0
        self.pay(filtering + size / NODES_PER_STEP)

    def compare(self, other: Field, scene: Scene) -> None:
        """Pay for reading what is compared with."""
        try:
            self.pay(STEPS_PER_PATH + len(spread(scene.values(other))))
        except TooMuch:
            self.pay(STEPS_PER_PATH)


def affordable(node: Node, scene: Scene) -> bool:
    """Whether a rule's conditions can be judged within the steps that one rule may take."""
    plan = Plan(Compiler(scene.zone).judge(node))
    return not plan.may_cost_much() or Affordable(plan).met(scene)
