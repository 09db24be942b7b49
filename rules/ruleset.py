"""Rules of one hook, compiled together; order, stop and otherwise are honoured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from rules.judge import Judge, Scene, judge_of
from rules.nodes import Rule

Id = TypeVar("Id")


@dataclass(frozen=True)
class Compiled(Generic[Id]):
    id: Id
    judge: Judge
    stop: bool


@dataclass(frozen=True)
class RuleSet(Generic[Id]):
    """Immutable; may be shared by threads."""

    ordinary: tuple[Compiled[Id], ...]
    otherwise: tuple[Compiled[Id], ...]
    zone: ZoneInfo

    def match(self, event: dict[str, Any]) -> list[Id]:
        """Ids of the rules met, in order. Never raises, never changes the event.

        Rules below one that is met and says stop are not looked at; rules marked otherwise are
        judged when no other is met, in order, until one is.
        """
        scene = Scene(event, self.zone)
        met = []
        for rule in self.ordinary:
            if rule.judge(scene):
                met.append(rule.id)
                if rule.stop:
                    return met
        if met:
            return met
        return next(([rule.id] for rule in self.otherwise if rule.judge(scene)), [])


def compile_rules(rules: Iterable[tuple[Id, Rule]], zone: str = "UTC") -> RuleSet[Id]:
    """The rules of one hook, in order, ready for matching.

    zone: the workspace's, such as "Europe/Berlin"; RuleError when it is not known.
    """
    place = zone_of(zone)
    pairs = list(rules)
    compiled = [Compiled(id, judge_of(rule.when, place), rule.options.stop) for id, rule in pairs]
    last = [rule.options.otherwise for _, rule in pairs]
    return RuleSet(
        tuple(one for one, late in zip(compiled, last, strict=True) if not late),
        tuple(one for one, late in zip(compiled, last, strict=True) if late),
        place,
    )
