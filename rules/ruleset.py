"""Rules of one hook, compiled together; order, stop and otherwise are honoured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from rules.compiler import Compiler
from rules.index_build import Building, Entry
from rules.index_ways import MOST_WIDE, WayFinder, narrow
from rules.judge import All, Judge
from rules.nodes import Group, Node, Rule
from rules.price import FEW, Affordable, Plan, is_cheap
from rules.scene import Scene
from rules.zones import zone_of

Id = TypeVar("Id")


class Ranked(Generic[Id]):
    """Rules in order: an index over what they need, and what is left to judge of each."""

    __slots__ = ("rules", "rests", "index")

    def __init__(self, rules: list[tuple[Id, Rule]], compiler: Compiler, finder: WayFinder) -> None:
        self.rules = tuple([(id, rule.options.stop) for id, rule in rules])
        entries: list[Entry] = []
        each: list[tuple[list[Judge], Plan | None]] = []
        for at, (_, rule) in enumerate(rules):
            judges = [compiler.judge(one) for one in conjuncts_of(rule.when)]
            plan = None if are_cheap(judges) else Plan(All(tuple(judges)))
            each.append((judges, plan))
            ways = [finder.ways(judge) for judge in judges]
            if plan and plan.wide > MOST_WIDE:
                ways = [narrow(some) for some in ways]
            entries.append((at, tuple(ways)))
        building = Building(entries)
        self.index = building.index()
        self.rests = tuple([rest_of(*one, building.decided.get(at)) for at, one in enumerate(each)])

    def met(self, scene: Scene) -> Iterator[tuple[Id, bool]]:
        """Each rule that is met, in order, with whether it says stop."""
        rules, rests = self.rules, self.rests
        for at in self.index.candidates(scene):
            for judge in rests[at]:
                if not judge.met(scene):
                    break
            else:
                yield rules[at]


class RuleSet(Generic[Id]):
    """Never changes once made; may be shared by threads."""

    __slots__ = ("ordinary", "otherwise", "zone")

    def __init__(self, rules: list[tuple[Id, Rule]], zone: ZoneInfo) -> None:
        compiler = Compiler(zone)
        finder = WayFinder()
        ordinary = [pair for pair in rules if not pair[1].options.otherwise]
        otherwise = [pair for pair in rules if pair[1].options.otherwise]
        self.zone = zone
        self.ordinary: Ranked[Id] = Ranked(ordinary, compiler, finder)
        self.otherwise: Ranked[Id] = Ranked(otherwise, compiler, finder)

    def match(self, event: dict[str, Any]) -> list[Id]:
        """Ids of the rules met, in order. Never raises, never changes the event.

        Rules below one that is met and says stop are not looked at; rules marked otherwise are
        judged when no other is met, in order, until one is.
        """
        scene = Scene(event, self.zone)
        met = []
        for id, stop in self.ordinary.met(scene):
            met.append(id)
            if stop:
                break
        return met or [id for id, _ in islice(self.otherwise.met(scene), 1)]


def compile_rules(rules: Iterable[tuple[Id, Rule]], zone: str = "UTC") -> RuleSet[Id]:
    """The rules of one hook, in order, ready for matching.

    zone: the workspace's, such as "Europe/Berlin"; RuleError when it is not known.
    """
    return RuleSet(list(rules), zone_of(zone))


def conjuncts_of(node: Node) -> list[Node]:
    """The nodes that have to be met, all of them."""
    if isinstance(node, Group) and node.kind == "all":
        return [one for child in node.children for one in conjuncts_of(child)]
    return [node]


def are_cheap(judges: list[Judge]) -> bool:
    """Whether these are so few and plain that no event makes them expensive."""
    return len(judges) <= FEW and all(map(is_cheap, judges))


def rest_of(judges: list[Judge], plan: Plan | None, decided: int | None) -> tuple[Judge, ...]:
    """What is left to judge of a rule where its place in the index answers one condition.

    Cheap conditions come first, so that most rules are settled before their price is reckoned.
    """
    rest = [judge for at, judge in enumerate(judges) if at != decided]
    if plan is None or not plan.may_cost_much():
        return tuple(rest)
    cheap = [judge for judge in rest if is_cheap(judge)][:FEW]
    return (*cheap, Affordable(plan), *[judge for judge in rest if judge not in cheap])
