"""What needs a person: failures nobody retried, doubt, targets switched off, held runs, poison,
work that is late.

A person may say that failures are dealt with; the audit remembers it, and later ones count again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rulebook.domain.actor import Actor
from rulebook.domain.breaker import FIX_OFF, called
from rulebook.errors import NotFound
from rulebook.storage import db, events, figures, held, hooks, rules, runs, targets, utcnow
from rulebook.storage.figures import Heap

LOOKS_BACK = timedelta(days=7)
LATE = timedelta(seconds=60)
MOST_DOUBTS = 10
SEEN = "attention.dismiss"


@dataclass(frozen=True)
class Worry:
    """One thing that needs a person. kind: failed, unknown, target, held, poison or late; `thing`
    is the id of the rule (failed, held), run (unknown) or hook (poison) or the name of the target
    it is about."""

    kind: str
    thing: str
    count: int
    about: str
    sentence: str
    fix: str
    since: datetime


def worries(workspace_id: str, now: datetime | None = None) -> list[Worry]:
    """Everything that needs a person, what waits for a decision first, then oldest first."""
    now = now or utcnow()
    seen = figures.last_noted(workspace_id, SEEN)
    return [
        *_late(workspace_id, now),
        *_doubts(workspace_id),
        *_targets(workspace_id),
        *_failures(workspace_id, seen, now),
        *_held(workspace_id),
        *_poison(workspace_id, seen, now),
    ]


def dismiss(actor: Actor, thing: str) -> None:
    """The failures of a rule, or the unjudged events of a hook, are dealt with. Raises NotFound."""
    actor.must("write")
    known = rules.rule(actor.workspace_id, thing) or hooks.hook(actor.workspace_id, thing, True)
    if known is None and thing not in figures.rule_names(actor.workspace_id, [thing]):
        raise NotFound("rule")
    actor.note(SEEN, thing, known.name if known else "")
    db.session.commit()


def _late(workspace_id: str, now: datetime) -> list[Worry]:
    since = figures.oldest_late(workspace_id, now - LATE)
    if since is None:
        return []
    fix = "Whoever runs Rulebook should look whether its worker is running."
    return [Worry("late", "", 1, "Work is late", "What is due is not being done.", fix, since)]


def _doubts(workspace_id: str) -> list[Worry]:
    return [
        Worry("unknown", run.id, 1, run.summary, run.sentence, run.fix, run.created_at)
        for run in figures.in_doubt(workspace_id, MOST_DOUBTS)
    ]


def _failures(workspace_id: str, seen: dict[str, datetime], now: datetime) -> list[Worry]:
    found = []
    for heap in figures.failed_by_rule(workspace_id, now - LOOKS_BACK):
        count, newest = heap.count, heap.newest
        if heap.of in seen and seen[heap.of] >= heap.since:
            count, last = figures.failed_since(workspace_id, heap.of, seen[heap.of])
            if last is None:
                continue
            newest = last
        found.append((heap, count, newest))
    names = figures.rule_names(workspace_id, [heap.of for heap, _, _ in found])
    return [_failure(workspace_id, names[heap.of], *each) for each in found if (heap := each[0])]


def _failure(workspace_id: str, name: str, heap: Heap, count: int, newest: str) -> Worry:
    run = runs.run(workspace_id, newest)
    assert run is not None, "it was counted in this transaction"
    return Worry("failed", heap.of, count, name, run.sentence, run.fix, heap.since)


def _targets(workspace_id: str) -> list[Worry]:
    off = targets.off_targets(workspace_id)
    counts = held.held_by_target(workspace_id) if off else {}
    names = called([(workspace_id, row.name) for row in off])
    return [
        Worry("target", row.name, counts.get(row.name, 0), names[workspace_id, row.name],
              f"Switched off. {row.off_reason}", FIX_OFF, row.off_at)
        for row in off
        if row.off_at
    ]  # fmt: skip


def _held(workspace_id: str) -> list[Worry]:
    heaps = figures.held_by_rule(workspace_id)
    names = figures.rule_names(workspace_id, [heap.of for heap in heaps])
    newest = runs.runs_by_id(workspace_id, [heap.newest for heap in heaps])
    return [
        Worry("held", heap.of, heap.count, names[heap.of], newest[heap.newest].sentence,
              newest[heap.newest].fix, heap.since)
        for heap in heaps
    ]  # fmt: skip


def _poison(workspace_id: str, seen: dict[str, datetime], now: datetime) -> list[Worry]:
    found = []
    for heap in figures.poison_by_hook(workspace_id, now - LOOKS_BACK):
        event = events.event(workspace_id, heap.newest)
        if event is None or (heap.of in seen and event.received_at <= seen[heap.of]):
            continue
        name = figures.hook_names(workspace_id, [heap.of])[heap.of]
        fix = "Open the event; replay it once its rules are right."
        found.append(Worry("poison", heap.of, heap.count, name, event.reason, fix, heap.since))
    return found
