"""Everything about one event: what came, every rule's verdict with its reason, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rulebook.domain.reading import seen_by_rules
from rulebook.storage import attempts, db, events, rules, runs, verdicts, workspaces
from rulebook.storage.attempts import Attempt
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rulebook.storage.runs import Run
from rulebook.storage.verdicts import Verdict
from rules import explain, parse
from rules.explain import Explanation
from rules.payload import Payload


@dataclass(frozen=True)
class JudgedRule:
    """One rule's verdict on the event, by the version that was in force. `counted` is False when
    the rule did not take part: it was off, or a rule above it stopped the looking."""

    rule: Rule
    version: RuleVersion
    mode: str
    met: bool
    counted: bool
    explanation: Explanation
    runs: list[Run]


@dataclass(frozen=True)
class Trace:
    """One event with all that happened to it; `body` is None once it is no longer kept."""

    event: Event
    hook: Hook
    body: bytes | None
    payload: Payload | None
    seen: dict[str, Any] | None
    duplicates: list[Event]
    judged: list[JudgedRule]
    runs: list[Run]
    attempts: dict[str, list[Attempt]]


def trace(event: Event) -> Trace:
    """The whole way of an event; verdicts that were not kept are recomputed."""
    hook = db.session.get_one(Hook, event.hook_id)
    body = events.body_of(event.id)
    seen, payload = seen_by_rules(event, hook, body) if body is not None else (None, None)
    all_runs = runs.runs_of_events([event.id])[event.id]
    return Trace(
        event=event,
        hook=hook,
        body=body,
        payload=payload,
        seen=seen,
        duplicates=events.duplicates_of(event.id),
        judged=_judged(event, hook, seen, all_runs) if seen is not None else [],
        runs=all_runs,
        attempts=attempts.attempts_of([run.id for run in all_runs]),
    )


def _judged(
    event: Event, hook: Hook, seen: dict[str, Any], all_runs: list[Run]
) -> list[JudgedRule]:
    """Met rules first, in order; then the others, nearest first."""
    if event.judged_at is None:
        return []
    kept = {v.rule_id: v for v in verdicts.verdicts_of(event.id) if v.replay_no == 0}
    zone = workspaces.workspace(event.workspace_id).zone
    found = [
        _one(rule, version, kept.get(rule.id), seen, zone, all_runs)
        for rule, version in rules.in_force(hook.id, event.judged_at)
    ]
    return sorted(found, key=lambda j: (not (j.met and j.counted), j.explanation.missed))


def _one(
    rule: Rule,
    version: RuleVersion,
    kept: Verdict | None,
    seen: dict[str, Any],
    zone: str,
    all_runs: list[Run],
) -> JudgedRule:
    if kept is not None and kept.version_id != version.id:
        version = rules.version_by_id(kept.version_id)
    explanation = explain(parse(version.document), seen, zone=zone)
    # A met rule always leaves a verdict; where none was kept, the rule did not take part.
    counted = kept is not None or not explanation.met
    return JudgedRule(
        rule=rule,
        version=version,
        mode=kept.mode if kept else rule.mode,
        met=kept.met if kept else explanation.met,
        counted=counted,
        explanation=explanation,
        runs=[run for run in all_runs if run.rule_id == rule.id],
    )
