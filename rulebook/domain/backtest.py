"""Two versions of a rule against stored events: what each is met by, and what changes.

Sends nothing, stores nothing. What is said here equals judging both versions in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rulebook.domain.past import Past
from rulebook.storage.events import Event
from rules import compile_rules, explain
from rules.explain import Explanation
from rules.nodes import Options, Rule

NOW, BEFORE = "now", "before"
MOST_EXPLAINED = 400  # events whose verdict is explained in one answer, to find near misses


@dataclass(frozen=True)
class Judged:
    """One event, whether the draft is met by it, and whether the saved rule was (None: new).

    why: for an event that stops or starts matching, or was missed by one condition, the
    explanation of the verdict that says no: the draft's, or for a start the saved rule's.
    """

    event: Event
    met: bool
    before: bool | None
    why: Explanation | None = None

    @property
    def turn(self) -> str:
        """stops, starts, near, met or not."""
        if self.before is not None and self.before != self.met:
            return "starts" if self.met else "stops"
        if self.met:
            return "met"
        return "near" if self.why is not None else "not"


def judge_past(
    past: Iterable[Past], now: Rule, before: Rule | None, zone: str, explained: int = MOST_EXPLAINED
) -> list[Judged]:
    """The verdicts of both versions on each event. Options such as stop play no part.

    explained: how many verdicts may be explained to say why they change and to find near misses.
    """
    versions = [(NOW, now), (BEFORE, before)] if before else [(NOW, now)]
    ruleset = compile_rules([(name, _alone(rule)) for name, rule in versions], zone=zone)
    found = []
    for each in past:
        met = ruleset.match(each.seen)
        is_met, was_met = NOW in met, BEFORE in met if before else None
        why = None
        if explained > 0 and not (is_met and was_met is not False):
            explained -= 1
            told = explain(before if before and is_met else now, each.seen, zone=zone)
            why = told if is_met or was_met or told.missed == 1 else None
        found.append(Judged(each.event, is_met, was_met, why))
    return found


def _alone(rule: Rule) -> Rule:
    """The rule's conditions without its options."""
    return replace(rule, options=Options())
