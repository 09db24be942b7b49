"""Events are judged by their hooks' rules: verdicts, planned runs and `done` in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

log = logging.getLogger("rulebook.judge")
MOST_EXPLAINED = 50


@dataclass(frozen=True)
class Thought:
    """What came of judging one event, before any of it is written down."""

    event: Event
    hook: Hook
    payload: Payload
    planned: list[Run]
    kept: list[Verdict]
    settled: dict[str, Any]


def judge(event_id: str, now: datetime | None = None) -> list[str]:
    """Judge one event; the ids of the runs that are due at once. Harmless when repeated."""
    return judge_all([event_id], now)


def judge_all(event_ids: Sequence[str], now: datetime | None = None) -> list[str]:
    """Judge several events, written down in one transaction; the ids of the runs that are due at
    once. Where one of several cannot be judged, each is judged on its own, so that it fails alone.
    """
    now = now or utcnow()
    token = new_id("lease")
    claimed = [each for each in event_ids if events.claim_event(each, token, now)]
    db.session.commit()
    if len(claimed) == 1:
        return _judge(claimed, token, now)
    try:
        return _judge(claimed, token, now) if claimed else []
    except Exception:
        log.warning("Judging %d events together failed; each is judged alone.", len(claimed))
        db.session.rollback()
    return [run_id for each in claimed for run_id in _judge_alone(each, token, now)]


def _judge_alone(event_id: str, token: str, now: datetime) -> list[str]:
    try:
        return _judge([event_id], token, now)
    except Exception:
        log.exception("The event %s could not be judged; it is tried again later.", event_id)
        db.session.rollback()
        return []


def _judge(claimed: Sequence[str], token: str, now: datetime) -> list[str]:
    with reading():  # however long the thinking takes, no writer waits for it
        thoughts = [_think(event_id, now) for event_id in claimed]
        db.session.commit()
    # A claim that was lost meanwhile is somebody else's to write down.
    done = [t for t in thoughts if events.finish_event(t.event.id, token, t.settled)]
    for thought in done:
        db.session.add_all([*thought.planned, *thought.kept])
    db.session.flush()
    _note(done, now)
    db.session.commit()
    return [run.id for t in done for run in t.planned if run.state == "queued"]


def _think(event_id: str, now: datetime) -> Thought:
    event = events.event_by_id(event_id)
    hook = db.session.get_one(Hook, event.hook_id)
    seen, payload = seen_by_rules(event, hook, events.body_of(event_id) or b"")
    hook_rules = rules_of(hook)
    met = [hook_rules.by_id[rule_id] for rule_id in hook_rules.ruleset.match(seen)]
    settled = {
        "state": "done",
        "matched": len(met),
        "judged": len(hook_rules.by_id),
        "judged_at": now,
        "gist": gist_of(event, hook, payload),
        "reason": payload.problem or "",
    }
    planned = _plan(event, hook, met, seen, now)
    kept = list(_verdicts(event, hook_rules, met, seen, now))
    return Thought(event, hook, payload, planned, kept, settled)


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


def _note(done: Sequence[Thought], now: datetime) -> None:
    """What later searching and field picking go by. One worker at a time changes a catalogue, and
    all take the hooks in one order, so that none waits for the other in a ring."""
    by_hook: dict[str, list[Sighting]] = {}
    for thought in done:
        found = by_hook.setdefault(thought.hook.id, [])
        found += (Sighting(f.path, f.kind, f.example) for f in fields_of(thought.payload.value))
        events.put_text(thought.event.id, words_of(thought.event, thought.payload.value))
    for hook_id in sorted(by_hook):
        hooks.lock_hook(hook_id)
        fields.see(hook_id, by_hook[hook_id], now)
