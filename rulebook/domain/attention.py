"""What needs a person: failures nobody retried, doubt, targets switched off, held runs, poison,
senders whose signatures are refused, what fell silent, fields that went missing, work that is late.

A person may say that failures are dealt with; the audit remembers it, and later ones count again.
Anything else may be muted for as long as it lasts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from rulebook.domain.actor import Actor
from rulebook.domain.breaker import FIX_OFF, called
from rulebook.domain.hiding import reason_shown
from rulebook.domain.shown_runs import runs_shown
from rulebook.errors import NotFound
from rulebook.storage import (
    db,
    events,
    figures,
    held,
    hooks,
    notices,
    rules,
    runs,
    tallies,
    targets,
    utcnow,
)
from rulebook.storage.figures import Heap
from rulebook.storage.runs import Run

LOOKS_BACK = timedelta(days=7)
LATE = timedelta(seconds=60)
REFUSED_LATELY = timedelta(hours=24)
REFUSED_IN_A_ROW = 3  # fewer may be anybody who found the address
NOTICED = ("silent", "drift")  # found by listening, now and then
SEEN = "attention.dismiss"
MUTED, UNMUTED = "attention.mute", "attention.unmute"


@dataclass(frozen=True)
class Worry:
    """One thing that needs a person. kind: failed, unknown, target, held, poison, refused, silent,
    drift or late; `thing` is the id of the rule (failed, unknown, held, silent) or hook (poison,
    refused, silent) or the name of the target it is about, and of a drift rule,
    event and fields; `newest` the id of the newest run or event."""

    kind: str
    thing: str
    count: int
    about: str
    sentence: str
    fix: str
    since: datetime
    newest: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.thing


def worries(workspace_id: str, now: datetime | None = None) -> list[Worry]:
    """What needs a person and is not muted, what waits for a decision first, then oldest first."""
    return heard_and_muted(workspace_id, now)[0]


def heard_and_muted(
    workspace_id: str, now: datetime | None = None
) -> tuple[list[Worry], list[Worry]]:
    """What needs a person in that order: what is not muted, and what is."""
    quiet = notices.muted(workspace_id)
    found = everything(workspace_id, now)
    return (
        [each for each in found if each.key not in quiet],
        [each for each in found if each.key in quiet],
    )


def everything(workspace_id: str, now: datetime | None = None) -> list[Worry]:
    """The same, with what is muted."""
    now = now or utcnow()
    seen = figures.last_noted(workspace_id, SEEN)
    doubtful, failed, kept = _of_runs(workspace_id, seen, now)
    return [
        *_late(workspace_id, now),
        *doubtful,
        *_targets(workspace_id),
        *failed,
        *kept,
        *_refused(workspace_id, now),
        *_poison(workspace_id, seen, now),
        *_noticed(workspace_id),
    ]


def mute(actor: Actor, kind: str, thing: str) -> None:
    """Hear no more of this for as long as it lasts. Raises NotFound when it is not there."""
    actor.must("write")
    found = [each for each in everything(actor.workspace_id) if each.key == (kind, thing)]
    if not found:
        raise NotFound("problem")
    now = utcnow()
    notices.open_notice(actor.workspace_id, noted(found[0], now))
    notices.set_open(actor.workspace_id, kind, thing, {"muted_at": now})
    actor.note(MUTED, thing, found[0].about)
    db.session.commit()


def unmute(actor: Actor, kind: str, thing: str) -> None:
    """Hear of it again. Raises NotFound."""
    actor.must("write")
    if not notices.set_open(actor.workspace_id, kind, thing, {"muted_at": None}):
        raise NotFound("problem")
    actor.note(UNMUTED, thing)
    db.session.commit()


def noted(worry: Worry, now: datetime) -> dict[str, object]:
    """A worry as the columns of a notice."""
    kept = {name: value for name, value in asdict(worry).items() if name != "newest"}
    return kept | {"opened_at": now, "seen_at": now}


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


def _of_runs(workspace_id: str, seen: dict[str, datetime], now: datetime) -> list[list[Worry]]:
    """In doubt, failed and held, by rule; names and newest runs of all are read at once."""
    heaps = figures.in_need_by_rule(workspace_id, now - LOOKS_BACK)
    heaps["failed"] = _not_dealt_with(workspace_id, heaps["failed"], seen)
    every = [heap for some in heaps.values() for heap in some]
    names = figures.rule_names(workspace_id, {heap.of for heap in every})
    there = runs.runs_by_id(workspace_id, [heap.newest for heap in every])
    newest = {run.id: run for run in runs_shown([*there.values()])}
    return [
        [_of_heap(kind, heap, names[heap.of], newest[heap.newest]) for heap in some]
        for kind, some in heaps.items()
    ]


def _of_heap(kind: str, heap: Heap, name: str, run: Run) -> Worry:
    about = run.summary if kind == "unknown" and heap.count == 1 else name
    last = "" if kind == "held" else run.id
    return Worry(kind, heap.of, heap.count, about, run.sentence, run.fix, heap.since, last)


def _not_dealt_with(workspace_id: str, failed: list[Heap], seen: dict[str, datetime]) -> list[Heap]:
    """Failures without those that somebody said are dealt with."""
    found = []
    for heap in failed:
        if heap.of in seen and seen[heap.of] >= heap.since:
            count, last = figures.failed_since(workspace_id, heap.of, seen[heap.of])
            if last is None:
                continue
            heap = replace(heap, count=count, newest=last)
        found.append(heap)
    return found


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


def _poison(workspace_id: str, seen: dict[str, datetime], now: datetime) -> list[Worry]:
    heaps = figures.poison_by_hook(workspace_id, now - LOOKS_BACK)
    if not heaps:
        return []
    newest = {
        each.id: each for each in events.events_of(workspace_id, [heap.newest for heap in heaps])
    }
    names = figures.hook_names(workspace_id, {heap.of for heap in heaps})
    fix = "Open the event; replay it once its rules are right."
    return [
        Worry("poison", heap.of, heap.count, names[heap.of], reason_shown(event), fix, heap.since)
        for heap in heaps
        if (event := newest.get(heap.newest))
        and not (heap.of in seen and event.received_at <= seen[heap.of])
    ]


def _refused(workspace_id: str, now: datetime) -> list[Worry]:
    """Hooks of which nothing was taken lately, because no signature was right."""
    since = now - REFUSED_LATELY
    lately = {
        hook_id
        for hook_id, _, kind, _ in tallies.by_thing(workspace_id, "hook_id", since, 96)
        if kind == "refused"
    }
    found = []
    for hook in events.hooks_that_refuse(workspace_id, lately) if lately else []:
        count, newest, first = events.refused_in_a_row(hook.id)
        if newest and first and count >= REFUSED_IN_A_ROW:
            fix = "Replace the signing secret if it was changed at the sender."
            found.append(Worry("refused", hook.id, count, hook.name, reason_shown(newest), fix,
                               first.received_at, newest.id))  # fmt: skip
    return found


def _noticed(workspace_id: str) -> list[Worry]:
    """What watching found: looking for it takes too long for a page."""
    return [
        Worry(each.kind, each.thing, each.count, each.about, each.sentence, each.fix, each.since)
        for each in notices.open_notices(workspace_id, *NOTICED)
    ]
