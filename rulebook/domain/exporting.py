"""Events and runs as rows to take away: read page by page, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rulebook.domain.actor import Actor
from rulebook.domain.asking import FieldAsked
from rulebook.domain.history import search
from rulebook.domain.hooks import secrets_of
from rulebook.domain.masking import Masking
from rulebook.domain.reading import payload_of
from rulebook.storage import db, events, hooks, reading, runs
from rulebook.storage.events import Event, EventFilter
from rulebook.storage.hooks import Hook
from rulebook.storage.runs import Run, RunFilter

PAGE = 50  # rows with their bodies, which are held at once
Row = dict[str, Any]
COLUMNS = {
    "events": ("id", "received_at", "hook", "provider", "type", "provider_id", "verification",
               "state", "reason", "gist", "matched", "method", "address", "content_type", "size",
               "sample", "payload"),
    "runs": ("id", "event", "rule", "rule_version", "action", "summary", "state", "practice",
             "test", "attempts", "receipt", "delivery", "sentence", "created_at", "finished_at"),
}  # fmt: skip


def begin_export(actor: Actor, what: str) -> None:
    """Only an owner may take everything away, and it is noted. Commits. Raises NotAllowed."""
    actor.must("own")
    actor.note("export", "", what)
    db.session.commit()


def events_to_take(
    actor: Actor, narrowed: EventFilter, fields: Sequence[FieldAsked] = ()
) -> Iterator[Row]:
    """The events that fit, newest first. Tokens and card numbers are masked."""
    actor.must("own")
    known = {hook.id: hook for hook in hooks.hooks(actor.workspace_id, deleted=True)}
    before: str | None = None
    while True:
        with reading():
            page = search(actor, narrowed, PAGE, before, fields)
            bodies = events.bodies_of([event.id for event in page.events])
            rows = [_event(e, known[e.hook_id], bodies.get(e.id)) for e in page.events]
            db.session.commit()
        db.session.expunge_all()
        yield from rows
        if not page.next:
            return
        before = page.next


def runs_to_take(actor: Actor, narrowed: RunFilter) -> Iterator[Row]:
    """The runs that fit, newest first."""
    actor.must("own")
    before: str | None = None
    while True:
        with reading():
            page = runs.page_of_runs(actor.workspace_id, narrowed, PAGE, before)
            rows = [_run(run) for run in page]
            db.session.commit()
        db.session.expunge_all()
        yield from rows
        if len(rows) < PAGE:
            return
        before = rows[-1]["id"]


def _event(event: Event, hook: Hook, body: bytes | None) -> Row:
    payload = None if body is None else payload_of(event, hook.provider, body).value
    masking = Masking(people=False)
    masking.hide(*secrets_of(hook))
    masked = masking.value(payload)  # first: what is masked in it is masked in the texts as well
    return {
        "id": event.id,
        "received_at": event.received_at.isoformat(),
        "hook": hook.name,
        "provider": hook.provider,
        "type": event.event_type or "",
        "provider_id": event.provider_id or "",
        "verification": event.verification,
        "state": event.state,
        "reason": masking.text(event.reason),
        "gist": masking.text(event.gist),
        "matched": event.matched,
        "method": event.method,
        "address": event.address,
        "content_type": event.content_type,
        "size": event.size,
        "sample": event.sample,
        "payload": masked,
    }


def _run(run: Run) -> Row:
    masking = Masking(people=False)
    return {
        "id": run.id,
        "event": run.event_id,
        "rule": run.rule_id,
        "rule_version": run.rule_version_id,
        "action": run.action,
        "summary": masking.text(run.summary),
        "state": run.state,
        "practice": run.practice,
        "test": run.test,
        "attempts": run.attempts,
        "receipt": run.provider_ref or "",
        "delivery": run.delivery or "",
        "sentence": masking.text(run.sentence),
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else "",
    }
