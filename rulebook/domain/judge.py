"""An event is judged by its hook's rules: verdicts, planned runs and `done` in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rulebook.domain.gist import gist_of, words_of
from rulebook.domain.planning import plan
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rulesets import HookRules, Judged, rules_of
from rulebook.storage import db, events, fields, hooks, new_id, reading, rules, utcnow
from rulebook.storage.events import Event
from rulebook.storage.fields import Sighting
from rulebook.storage.hooks import Hook
from rulebook.storage.runs import Run
from rulebook.storage.verdicts import Verdict
from rules import explain
from rules.catalog import fields_of
from rules.payload import Payload

MOST_EXPLAINED = 50


def judge(event_id: str, now: datetime | None = None) -> list[str]:
    """Judge one event; the ids of the runs that are due at once. Harmless when repeated."""
    now = now or utcnow()
    token = new_id("lease")
    claimed = events.claim_event(event_id, token, now)
    db.session.commit()
    if not claimed:
        return []
    with reading():  # however long the thinking takes, no writer waits for it
        event = events.event_by_id(event_id)
        hook = db.session.get_one(Hook, event.hook_id)
        seen, payload = seen_by_rules(event, hook, events.body_of(event_id) or b"")
        hook_rules = rules_of(hook)
        met = [hook_rules.by_id[rule_id] for rule_id in hook_rules.ruleset.match(seen)]
        planned = _plan(event, hook, met, seen, now)
        kept = list(_verdicts(event, hook_rules, met, seen, now))
        db.session.commit()
    settled = {
        "state": "done",
        "matched": len(met),
        "judged": len(hook_rules.by_id),
        "judged_at": now,
        "gist": gist_of(event, hook, payload),
        "reason": payload.problem or "",
    }
    if not events.finish_event(event_id, token, settled):
        db.session.rollback()
        return []
    db.session.add_all([*planned, *kept])
    db.session.flush()
    _note(event, payload, hook, now)
    db.session.commit()
    return [run.id for run in planned if run.state == "queued"]


def _plan(
    event: Event, hook: Hook, met: list[Judged], seen: dict[str, Any], now: datetime
) -> list[Run]:
    return [
        run
        for judged in met
        for run in plan(
            event, hook, rules.version_by_id(judged.version_id), judged.parsed, judged.mode,
            seen, now,
        )
    ]  # fmt: skip


def _verdicts(
    event: Event, hook_rules: HookRules, met: list[Judged], seen: dict[str, Any], now: datetime
) -> Iterator[Verdict]:
    """Met ones, and those missed by one condition; the others are recomputed when looked at."""
    for judged in met:
        yield _verdict(event, judged, True, "", now)
    met_ids = {judged.rule_id for judged in met}
    unmet = [judged for judged in hook_rules.by_id.values() if judged.rule_id not in met_ids]
    for judged in unmet[:MOST_EXPLAINED]:
        explanation = explain(judged.parsed, seen, zone=hook_rules.zone)
        if not explanation.met and explanation.missed == 1:
            yield _verdict(event, judged, False, explanation.summary, now)


def _verdict(event: Event, judged: Judged, met: bool, summary: str, now: datetime) -> Verdict:
    return Verdict(
        event_id=event.id,
        rule_id=judged.rule_id,
        workspace_id=event.workspace_id,
        version_id=judged.version_id,
        version=judged.number,
        mode=judged.mode,
        met=met,
        summary=summary,
        created_at=now,
    )


def _note(event: Event, payload: Payload, hook: Hook, now: datetime) -> None:
    """What later searching and field picking go by. One worker at a time changes a catalogue."""
    hooks.lock_hook(hook.id)
    sightings = (Sighting(f.path, f.kind, f.example) for f in fields_of(payload.value))
    fields.see(hook.id, sightings, now)
    events.put_text(event.id, words_of(event, payload.value))
