"""Events and runs as rows to take away: read page by page, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from rulebook.actions import ACTIONS, Message
from rulebook.domain import found_runs
from rulebook.domain.actor import Actor
from rulebook.domain.asking import FieldAsked
from rulebook.domain.hiding import hiding_in, told_before_hiding
from rulebook.domain.history import search
from rulebook.domain.masking import Masking
from rulebook.domain.shown_runs import runs_shown
from rulebook.domain.tallying import price_of
from rulebook.storage import (
    connections,
    db,
    events,
    hooks,
    reading,
    rules,
)
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.ledger import RunFilter
from rulebook.storage.runs import Run

PAGE = 50  # rows with their bodies, which are held at once
Row = dict[str, Any]
COLUMNS = {
    "events": ("id", "received_at", "hook", "provider", "type", "provider_id", "verification",
               "state", "reason", "gist", "matched", "method", "address", "content_type", "size",
               "sample", "payload"),
    "runs": ("id", "event", "rule", "rule_version", "action", "summary", "state", "practice",
             "test", "attempts", "receipt", "delivery", "sentence", "created_at", "finished_at",
             "said", "to", "message", "cost", "hook", "rule_name", "connection", "may_repeat"),
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


def runs_to_take(actor: Actor, narrowed: RunFilter, said: Callable[[Run], str]) -> Iterator[Row]:
    """The runs that fit, newest first; said: a run's state in words."""
    actor.must("own")
    before: str | None = None
    while True:
        with reading():
            page = found_runs.page(actor.workspace_id, narrowed, PAGE, before)
            rows = _rows(actor.workspace_id, page.runs, said)
            db.session.commit()
        db.session.expunge_all()
        yield from rows
        if not page.next:
            return
        before = page.next


def _rows(workspace_id: str, some: Sequence[Run], said: Callable[[Run], str]) -> list[Row]:
    """Runs with what their events say is secret masked, and the names of what they belong to."""
    about = [*{run.event_id for run in some}]
    their = {event.id: event for event in events.events_by_id(workspace_id, about)}
    bodies = events.bodies_of(about)
    known = {hook.id: hook for hook in hooks.hooks(workspace_id, deleted=True)}
    named = rules.named({run.rule_version_id for run in some})
    through = connections.names_of({run.connection_id for run in some if run.connection_id})
    rows = []
    for run in runs_shown(some):
        hook, event = known[run.hook_id], their[run.event_id]
        masking, _payload = _masked(event, hook, bodies.get(event.id))
        rows.append({
            **_run(run, masking), "said": said(run), "hook": hook.name,
            "rule_name": named[run.rule_version_id][0].name,
            "connection": through.get((workspace_id, run.connection_id or ""), ""),
        })  # fmt: skip
    return rows


def _masked(event: Event, hook: Hook, body: bytes | None) -> tuple[Masking, Any]:
    """What an event says, masked; what was masked in it is from now on masked in texts as well."""
    hiding = hiding_in(hook, event, body)
    masking = Masking(people=False)
    masking.hide(*hiding.texts)
    return masking, masking.value(hiding.payload)


def _event(event: Event, hook: Hook, body: bytes | None) -> Row:
    masking, masked = _masked(event, hook, body)
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
        "gist": "" if told_before_hiding(hook, event) else masking.text(event.gist),
        "matched": event.matched,
        "method": event.method,
        "address": event.address,
        "content_type": event.content_type,
        "size": event.size,
        "sample": event.sample,
        "payload": masked,
    }


def _run(run: Run, masking: Masking) -> Row:
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
        **_told(run, masking),
        "cost": _plain(price_of(run)),
        "may_repeat": run.may_repeat,
    }


def _told(run: Run, masking: Masking) -> Row:
    """What the run sends and to whom, without what its action keeps secret."""
    action = ACTIONS.get(run.action)
    if action is None:
        return {"to": "", "message": ""}
    config = action.mask(run.config)
    message = Message(**run.message) if run.message else action.looked_at(config)
    to = (message.to if message else "") or run.target.partition("/")[0]
    texts = [message.subject, message.text or message.html] if message else []
    return {"to": masking.text(to), "message": masking.text("\n".join(filter(None, texts)))}


def _plain(price: Decimal | None) -> str:
    """In US dollars; empty where it costs nothing or that is not known."""
    return "" if price is None else f"{price.normalize():f}"
