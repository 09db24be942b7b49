"""Everything about one event: what came, every rule's verdict with its reason, what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rulebook.domain.hiding import Hiding
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rules import modes_at
from rulebook.domain.shown_runs import hidings_with
from rulebook.domain.verify import request_of, verify
from rulebook.storage import attempts, db, events, rules, runs, verdicts, workspaces
from rulebook.storage.attempts import Attempt
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rulebook.storage.runs import Run
from rulebook.storage.verdicts import Verdict
from rules import explain, parse
from rules.explain import Explanation
from rules.nodes import Rule as ParsedRule
from rules.payload import Payload

MOST_EXPLAINED = 500
MOST_NEWER = 50

# What part a rule took in judging an event.
PARTS = {
    "judged": "its conditions decided",
    "off": "it was off",
    "newer": "it was made after the event had been judged",
    "stopped": "a rule above it matched and stopped the looking",
    "spared": "it acts only when no other rule matches, and one did",
    "elsewhere": "it stood elsewhere in the order",
}


@dataclass(frozen=True)
class JudgedRule:
    """One rule's verdict on the event, by the version that was in force. `part`: see PARTS; only
    one that was judged counted. `by`: the rule that kept it from being looked at."""

    rule: Rule
    version: RuleVersion
    parsed: ParsedRule
    mode: str
    met: bool
    part: str
    by: Rule | None
    explanation: Explanation
    runs: list[Run]

    @property
    def counted(self) -> bool:
        """Whether the rule took part in the judging."""
        return self.part == "judged"


@dataclass(frozen=True)
class Trace:
    """One event with all that happened to it, without what is hidden of it (`hiding`) except in
    `body` and `event`; `body` is None once it is no longer kept.
    `unexplained`: how many rules there were beyond those that are told. `signature`: what can
    still be said of a right one, such as how old it was."""

    event: Event
    hook: Hook
    body: bytes | None
    payload: Payload | None
    duplicates: list[Event]
    judged: list[JudgedRule]
    unexplained: int
    runs: list[Run]
    attempts: dict[str, list[Attempt]]
    signature: str
    hiding: Hiding


def trace(event: Event) -> Trace:
    """The whole way of an event; verdicts that were not kept are recomputed."""
    hook = db.session.get_one(Hook, event.hook_id)
    body = events.body_of(event.id)
    seen, payload = seen_by_rules(event, hook, body) if body is not None else (None, None)
    hiding = Hiding(hook, event.headers, event.query, payload.value if payload else None, body)
    kept_runs = runs.runs_of_events([event.id])[event.id]
    hidings = hidings_with(hiding, kept_runs, hook, seen)
    all_runs = [hidings[run.id].over(run) for run in kept_runs]
    judged, unexplained = _judged(event, hook, seen, all_runs) if seen is not None else ([], 0)
    return Trace(
        event=event,
        hook=hook,
        body=body,
        payload=replace(payload, value=hiding.payload) if payload else None,
        duplicates=events.duplicates_of(event.id),
        judged=[replace(j, explanation=hiding.explanation(j.explanation)) for j in judged],
        unexplained=unexplained,
        runs=all_runs,
        attempts={
            run_id: [hidings[run_id].over(each) for each in tried]
            for run_id, tried in attempts.attempts_of([run.id for run in all_runs]).items()
        },
        signature=_signature(event, hook, body),
        hiding=hiding,
    )


def _signature(event: Event, hook: Hook, body: bytes | None) -> str:
    """What is said of the signature by today's secrets: how old it was, for example."""
    if event.verification != "verified" or body is None:
        return ""
    again = verify(hook, request_of(event, hook, body), event.received_at.timestamp())
    return again.reason if again is not None and again.ok else ""


def _judged(
    event: Event, hook: Hook, seen: dict[str, Any], all_runs: list[Run]
) -> tuple[list[JudgedRule], int]:
    """Met rules first, in order; then the others, nearest first; last those that took no part."""
    at = event.judged_at
    if at is None:
        return [], 0
    kept = {v.rule_id: v for v in verdicts.verdicts_of(event.id) if v.replay_no == 0}
    then = _as_they_stood(hook, at, kept)
    # Where a hook has thousands of rules, those that matched come first, then the near ones.
    hits = {rule_id for rule_id, verdict in kept.items() if verdict.met}
    told = sorted(then, key=lambda pair: (pair[0].id not in hits, pair[0].id not in kept))
    told = told[:MOST_EXPLAINED]
    newer = rules.newer_than(hook.id, at, MOST_NEWER)
    modes = modes_at(event.workspace_id, at)
    tell = _Telling(kept, modes, seen, workspaces.workspace(event.workspace_id).zone, all_runs)
    found = [tell.rule(rule, version) for rule, version in told]
    order = {rule.id: place for place, (rule, _) in enumerate(then)}
    found = list(_with_parts(sorted(found, key=lambda each: order[each.rule.id])))
    found += [replace(tell.rule(rule, version), part="newer") for rule, version in newer]
    found.sort(key=lambda j: (not (j.met and j.counted), not j.counted, j.explanation.missed))
    return found, len(then) - len(told)


def _as_they_stood(
    hook: Hook, at: datetime, kept: dict[str, Verdict]
) -> list[tuple[Rule, RuleVersion]]:
    """The rules with the versions that judged: a verdict on record says which, else the time."""
    pairs = rules.in_force(hook.id, at)
    other = [
        kept[rule.id].version_id
        for rule, version in pairs
        if rule.id in kept and kept[rule.id].version_id != version.id
    ]
    by_id = rules.versions_by_id(other)
    return [
        (rule, by_id.get(kept[rule.id].version_id, version) if rule.id in kept else version)
        for rule, version in pairs
    ]


@dataclass(frozen=True)
class _Telling:
    """What one has to know to tell a rule's verdict."""

    kept: dict[str, Verdict]
    modes: dict[str, str]
    seen: dict[str, Any]
    zone: str
    all_runs: Sequence[Run]

    def rule(self, rule: Rule, version: RuleVersion) -> JudgedRule:
        """The verdict of one rule, as if it had been looked at."""
        kept, parsed = self.kept.get(rule.id), parse(version.document)
        explanation = explain(parsed, self.seen, zone=self.zone)
        mode = kept.mode if kept else self.modes.get(rule.id, rule.mode)
        return JudgedRule(
            rule=rule,
            version=version,
            parsed=parsed,
            mode=mode,
            met=kept.met if kept else explanation.met,
            # A met rule always leaves a verdict; one without did not take part.
            part="elsewhere" if kept is None and explanation.met else "judged",
            by=None,
            explanation=explanation,
            runs=[run for run in self.all_runs if run.rule_id == rule.id],
        )


def _with_parts(found: Sequence[JudgedRule]) -> Iterator[JudgedRule]:
    """The rules in their order, each with the part it took."""
    stopper: JudgedRule | None = None
    spent = next((j for j in found if _hit(j) and not j.parsed.options.otherwise), None)
    for each in found:
        hit, last = _hit(each), each.parsed.options.otherwise
        if hit:
            yield each
        elif each.mode == "off":
            yield replace(each, part="off")
        elif last and spent:
            yield replace(each, part="spared", by=spent.rule)
        elif stopper and not last:
            yield replace(each, part="stopped", by=stopper.rule)
        else:
            yield each
        if hit and each.parsed.options.stop and not last:
            stopper = stopper or each
        if hit and last:
            spent = spent or each


def _hit(judged: JudgedRule) -> bool:
    return judged.met and judged.counted
