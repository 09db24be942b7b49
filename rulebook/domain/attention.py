"""What needs a person: failures nobody retried, doubt, targets switched off, held runs, poison,
senders whose signatures are refused, what fell silent, fields that went missing, work that is late.

A person may say that failures are dealt with; the audit remembers it, and later ones count again.
Anything else may be muted for as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from rulebook.domain.actor import Actor
from rulebook.domain.breaker import FIX_OFF, called
from rulebook.domain.hiding import hiding_in, told_before_hiding
from rulebook.domain.masking import HIDDEN
from rulebook.domain.shown_runs import runs_shown
from rulebook.errors import NotFound
from rulebook.storage import (
    db,
    event_lists,
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
from rulebook.storage.events import Event
from rulebook.storage.figures import Heap
from rulebook.storage.hooks import Hook
from rulebook.storage.notices import Notice
from rulebook.storage.runs import Run
from rulebook.storage.targets import Target

LOOKS_BACK = timedelta(days=7)
LATE = timedelta(seconds=60)
REFUSED_LATELY = timedelta(hours=24)
REFUSED_IN_A_ROW = 3  # fewer may be anybody who found the address
NOTICED = ("silent", "drift")  # found by listening, now and then
SEEN = "attention.dismiss"
UNNOTED = ("newest", "until", "again")  # what is read anew whenever a problem is told
MUTED, UNMUTED = "attention.mute", "attention.unmute"


@dataclass(frozen=True)
class Worry:
    """One thing that needs a person. kind: failed, unknown, target, held, poison, refused, silent,
    drift or late; `thing` is the id of the rule (failed, unknown, held, silent) or hook (poison,
    refused, silent) or the name of the target it is about, and of a drift rule,
    event and fields; `newest` the id of the newest run or event; `until` when the first of held
    runs is too old to be sent; `again` how many of the failed runs can be retried."""

    kind: str
    thing: str
    count: int
    about: str
    sentence: str
    fix: str
    since: datetime
    newest: str = ""
    until: datetime | None = None
    again: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.thing


class _Refused(NamedTuple):
    """A hook of which nothing was taken lately: how many in a row, the newest and the first."""

    hook: Hook
    in_a_row: int
    newest: Event
    first: Event


@dataclass(frozen=True)
class _There:
    """What needs a person, before it is put into words."""

    late: datetime | None
    heaps: dict[str, list[Heap]]  # doubtful, failed and held runs
    off: list[Target]
    refused: list[_Refused]
    poison: list[Heap]
    noticed: list[Notice]  # what watching found: looking for it takes too long for a page
    quiet: set[tuple[str, str]]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Kind and thing of each."""
        return [
            *([("late", "")] if self.late else []),
            *((kind, heap.of) for kind, some in self.heaps.items() for heap in some),
            *(("target", row.name) for row in self.off),
            *(("refused", each.hook.id) for each in self.refused),
            *(("poison", heap.of) for heap in self.poison),
            *((each.kind, each.thing) for each in self.noticed),
        ]


def count_worries(workspace_id: str, now: datetime | None = None) -> int:
    """How many things need a person and are not muted: for every page, so nothing is read but what
    counting takes."""
    there = _there(workspace_id, now or utcnow())
    return sum(key not in there.quiet for key in there.keys)


def worries(workspace_id: str, now: datetime | None = None) -> list[Worry]:
    """What needs a person and is not muted, what waits for a decision first, then oldest first."""
    return heard_and_muted(workspace_id, now)[0]


def heard_and_muted(
    workspace_id: str, now: datetime | None = None
) -> tuple[list[Worry], list[Worry]]:
    """What needs a person in that order: what is not muted, and what is."""
    there = _there(workspace_id, now or utcnow())
    found = _told(workspace_id, there)
    return (
        [each for each in found if each.key not in there.quiet],
        [each for each in found if each.key in there.quiet],
    )


def everything(workspace_id: str, now: datetime | None = None) -> list[Worry]:
    """The same, with what is muted."""
    return _told(workspace_id, _there(workspace_id, now or utcnow()))


def _there(workspace_id: str, now: datetime) -> _There:
    seen = figures.last_noted(workspace_id, SEEN)
    heaps = figures.in_need_by_rule(workspace_id, now - LOOKS_BACK)
    heaps["failed"] = _not_dealt_with(workspace_id, heaps["failed"], seen)
    known = notices.open_notices(workspace_id)
    return _There(
        figures.oldest_late(workspace_id, now - LATE),
        heaps,
        targets.off_targets(workspace_id),
        _refused(workspace_id, now),
        _not_looked_at(workspace_id, seen, now),
        [each for each in known if each.kind in NOTICED],
        {(each.kind, each.thing) for each in known if each.muted_at},
    )


def _told(workspace_id: str, there: _There) -> list[Worry]:
    doubtful, failed, kept = _of_runs(workspace_id, there.heaps)
    refused, poison = _of_events(workspace_id, there.refused, there.poison)
    return [
        *_late(there.late),
        *doubtful,
        *_targets(workspace_id, there.off),
        *failed,
        *kept,
        *refused,
        *poison,
        *(
            Worry(each.kind, each.thing, each.count, each.about, each.sentence, each.fix,
                  each.since)
            for each in there.noticed
        ),
    ]  # fmt: skip


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
    kept = {name: value for name, value in asdict(worry).items() if name not in UNNOTED}
    return kept | {"opened_at": now, "seen_at": now}


def dismiss(actor: Actor, thing: str) -> None:
    """The failures of a rule, or the unjudged events of a hook, are dealt with. Raises NotFound."""
    actor.must("write")
    known = rules.rule(actor.workspace_id, thing) or hooks.hook(actor.workspace_id, thing, True)
    if known is None and thing not in figures.rule_names(actor.workspace_id, [thing]):
        raise NotFound("rule")
    actor.note(SEEN, thing, known.name if known else "")
    db.session.commit()


def _late(since: datetime | None) -> list[Worry]:
    if since is None:
        return []
    fix = "Whoever runs Rulebook should look whether its worker is running."
    return [Worry("late", "", 1, "Work is late", "What is due is not being done.", fix, since)]


def _of_runs(workspace_id: str, heaps: dict[str, list[Heap]]) -> list[list[Worry]]:
    """In doubt, failed and held, by rule; names and newest runs of all are read at once."""
    every = [heap for some in heaps.values() for heap in some]
    names = figures.rule_names(workspace_id, {heap.of for heap in every})
    there = runs.runs_by_id(workspace_id, [heap.newest for heap in every])
    newest = {run.id: run for run in runs_shown([*there.values()])}
    until = held.first_to_expire(workspace_id, {heap.of for heap in heaps["held"]})
    return [
        [_of_heap(kind, heap, names[heap.of], newest[heap.newest], until) for heap in some]
        for kind, some in heaps.items()
    ]


def _of_heap(kind: str, heap: Heap, name: str, run: Run, until: dict[str, datetime]) -> Worry:
    about = run.summary if kind == "unknown" and heap.count == 1 else name
    last, end = ("", until.get(heap.of)) if kind == "held" else (run.id, None)
    return Worry(
        kind, heap.of, heap.count, about, run.sentence, run.fix, heap.since, last, end, heap.again
    )


def _not_dealt_with(workspace_id: str, failed: list[Heap], seen: dict[str, datetime]) -> list[Heap]:
    """Failures without those that somebody said are dealt with."""
    found = []
    for heap in failed:
        if heap.of in seen and seen[heap.of] >= heap.since:
            later = figures.failed_since(workspace_id, heap.of, seen[heap.of])
            found += [later] if later else []
        else:
            found.append(heap)
    return found


def _targets(workspace_id: str, off: list[Target]) -> list[Worry]:
    counts = held.held_by_target(workspace_id) if off else {}
    names = called([(workspace_id, row.name) for row in off])
    return [
        Worry("target", row.name, counts.get(row.name, 0), names[workspace_id, row.name],
              f"Switched off. {row.off_reason}", FIX_OFF, row.off_at)
        for row in off
        if row.off_at
    ]  # fmt: skip


def _of_events(
    workspace_id: str, refused: list[_Refused], poison: list[Heap]
) -> tuple[list[Worry], list[Worry]]:
    """Hooks that refuse and hooks with unjudged events; what they read is read at once."""
    known = events.events_by_id(workspace_id, [heap.newest for heap in poison])
    reasons = _reasons(workspace_id, [*known, *(each.newest for each in refused)])
    names = figures.hook_names(workspace_id, {heap.of for heap in poison}) if poison else {}
    secret = "Replace the signing secret if it was changed in the tool."
    replay = "Open the event; replay it once its rules are right."
    return [
        Worry("refused", hook.id, count, hook.name, reasons[newest.id], secret,
              first.received_at, newest.id)
        for hook, count, newest, first in refused
    ], [
        Worry("poison", heap.of, heap.count, names[heap.of], reasons[heap.newest], replay,
              heap.since)
        for heap in poison
        if heap.newest in reasons
    ]  # fmt: skip


def _not_looked_at(workspace_id: str, seen: dict[str, datetime], now: datetime) -> list[Heap]:
    """Heaps of events that could not be judged, without those that somebody has dealt with."""
    heaps = figures.poison_by_hook(workspace_id, now - LOOKS_BACK)
    doubted = [heap.newest for heap in heaps if heap.of in seen]
    dealt_with = {
        each.id
        for each in events.events_by_id(workspace_id, doubted)
        if each.received_at <= seen[each.hook_id]
    }
    return [heap for heap in heaps if heap.newest not in dealt_with]


def _refused(workspace_id: str, now: datetime) -> list[_Refused]:
    """Hooks of which nothing was taken lately, because no signature was right."""
    since = now - REFUSED_LATELY
    lately = {
        hook_id
        for hook_id, _, kind, _ in tallies.by_thing(workspace_id, "hook_id", since, 96)
        if kind == "refused"
    }
    found = []
    for hook in event_lists.hooks_that_refuse(workspace_id, lately) if lately else []:
        count, newest, first = event_lists.refused_in_a_row(hook.id)
        if newest and first and count >= REFUSED_IN_A_ROW:
            found.append(_Refused(hook, count, newest, first))
    return found


def _reasons(workspace_id: str, found: Sequence[Event]) -> dict[str, str]:
    """Why events of a workspace are in their states, as people may see it; by event id."""
    if not found:
        return {}
    known = {hook.id: hook for hook in hooks.hooks(workspace_id, deleted=True)}
    bodies = events.bodies_of([event.id for event in found])
    reasons = {}
    for event in found:
        hook = known[event.hook_id]
        told = not told_before_hiding(hook, event)
        hiding = hiding_in(hook, event, bodies.get(event.id)) if told else None
        reasons[event.id] = hiding.text(event.reason) if hiding else HIDDEN
    return reasons
