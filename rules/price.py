"""What judging one event by one rule costs at most, reckoned before it is judged.

A step is about a microsecond. A rule that would take more than MOST_STEPS is not met, and says so:
matching and explaining reckon alike, from the rule and the event alone, so they agree, and no other
rule can change the verdict.
"""

from __future__ import annotations

from rules.compiler import Compiler
from rules.judge import Comparison, Groups, ItemByItem, Judge, Shared, Test, items_of
from rules.nodes import Field, Node
from rules.scene import ABSENT, TOO_MUCH, Reading, Scene

MOST_STEPS = 50_000
TESTS_PER_STEP = 8
LETTERS_PER_STEP = 1_000
PATTERN_PER_STEP = 200  # letters times the size of the pattern
STEPS_PER_LOOK = 3  # a filter's look at one value
NODES_PER_STEP = 8  # passed by on the way of ".."
FEW = 5
SMALL = 40
TOO_MUCH_WORK = f"judging this event by this rule would take more than {MOST_STEPS:,} steps"


class Affordable(Judge):
    """Whether a rule can be judged within the steps that one rule may take."""

    __slots__ = ("judge",)

    def __init__(self, judge: Judge) -> None:
        self.judge = judge

    def met(self, scene: Scene) -> bool:
        try:
            Bill().add(self.judge, scene)
        except TooManySteps:
            return False
        return True


def may_cost_much(judge: Judge) -> bool:
    """Whether some event could make this expensive; most rules are cheap whatever the event."""
    return size_of(judge) > FEW or not is_plain(judge)


def size_of(judge: Judge) -> int:
    """How many conditions it holds."""
    if isinstance(judge, Groups):
        return sum(size_of(one) for one in judge.judges)
    return size_of(judge.where) if isinstance(judge, ItemByItem) else 1


def is_plain(judge: Judge) -> bool:
    """Whether it holds no items, patterns, nor paths that search."""
    if isinstance(judge, Groups):
        return all(is_plain(one) for one in judge.judges)
    if isinstance(judge, Shared):
        judge = judge.test
    if isinstance(judge, Test):
        fields = [judge.reading.field]
        if isinstance(judge, Comparison):
            fields.append(judge.other)
        return not judge.pattern and not any(one.path.searches for one in fields)
    return not isinstance(judge, ItemByItem)


class TooManySteps(Exception):
    """Judging would take more than MOST_STEPS."""


class Bill:
    """Adds up the steps of one rule over one event."""

    def __init__(self) -> None:
        self.left = float(MOST_STEPS)
        self.paid: set[Reading | tuple[str, str]] = set()

    def pay(self, steps: float) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooManySteps

    def add(self, judge: Judge, scene: Scene) -> None:
        """Pay for everything below a node."""
        if isinstance(judge, Shared):
            judge = judge.test
        if isinstance(judge, Test):
            self.condition(judge, scene)
        elif isinstance(judge, Groups):
            for one in judge.judges:
                self.add(one, scene)
        elif isinstance(judge, ItemByItem):
            self.items(judge, scene)

    def items(self, judge: ItemByItem, scene: Scene) -> None:
        self.search(judge.field, scene)
        items = items_of(judge.field, scene) or []
        least = len(items) * size_of(judge.where)
        if least <= SMALL and is_plain(judge.where):
            return self.pay(least)
        if least > self.left:
            raise TooManySteps
        for item in items:
            self.add(judge.where, scene.at_item(item))

    def condition(self, test: Test, scene: Scene) -> None:
        reading = test.reading
        ready = scene.ready(reading)
        if isinstance(test, Comparison):
            self.search(test.other, scene)
        if ready is ABSENT or ready is TOO_MUCH:
            ready = ()
        if reading.of_item or reading not in self.paid:
            self.paid.add(reading)
            self.search(reading.field, scene)
            self.pay(1 + len(ready) * reading.effort)
        letters = sum(len(one) for one in ready if one.__class__ is str)
        self.pay(len(ready) / TESTS_PER_STEP + letters / LETTERS_PER_STEP)
        self.pay(letters * test.pattern / PATTERN_PER_STEP)

    def search(self, field: Field, scene: Scene) -> None:
        """Pay for a path that walks down or filters; once, unless it starts at an item."""
        key = (field.part, field.path.text)
        if field.path.singular or key in self.paid and not field.path.of_item:
            return
        self.paid.add(key)
        if field.path.searches:
            looks = scene.looks(field)
            size = scene.size(field) if field.path.deep else 0
            self.pay(looks * STEPS_PER_LOOK + size / NODES_PER_STEP)



def affordable(node: Node, scene: Scene) -> bool:
    """Whether a rule's conditions can be judged within the steps that one rule may take."""
    judge = Compiler(scene.zone).judge(node)
    return not may_cost_much(judge) or Affordable(judge).met(scene)
