"""A rule judged against stored events: what it would have done. Sends nothing, stores nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rulebook.actions import ACTIONS, Message
from rulebook.domain.actor import Actor
from rulebook.domain.hiding import Hiding
from rulebook.domain.hooks import find_hook
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rendering import context_of, render
from rulebook.domain.rules import check_document
from rulebook.domain.shown_runs import made_of_hidden
from rulebook.storage import event_lists, events, workspaces
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules import compile_rules, explain
from rules.explain import Explanation
from rules.nodes import Rule as ParsedRule
from rules.nodes import Step

MOST = 10_000
DEFAULT = 200
EXAMPLES = 5


@dataclass(frozen=True)
class Planned:
    """What one step would send for one event, or why nothing: a state and a sentence."""

    step_id: str
    summary: str
    message: Message | None
    state: str
    sentence: str


@dataclass(frozen=True)
class Example:
    """One stored event and its verdict."""

    event: Event
    explanation: Explanation
    planned: list[Planned]


@dataclass(frozen=True)
class Preview:
    """How many of the newest events were judged and met, which, and a few of them in full."""

    judged: int
    met: int
    met_ids: list[str]
    examples: list[Example]
    oldest: datetime | None


def preview(actor: Actor, hook_id: str, document: Any, limit: int = DEFAULT) -> Preview:
    """Judge a document against the hook's newest events. Raises Invalid with pointers."""
    actor.must("read")
    hook = find_hook(actor, hook_id)
    parsed = check_document(actor, document)
    newest = event_lists.newest(hook.id, max(1, min(limit, MOST)))
    bodies = events.bodies_of([event.id for event in newest])
    zone = workspaces.workspace(actor.workspace_id).zone
    ruleset = compile_rules([("this", parsed)], zone=zone)
    kept = [event for event in newest if event.id in bodies]
    seen = {event.id: seen_by_rules(event, hook, bodies[event.id])[0] for event in kept}
    met = {event.id for event in kept if ruleset.match(seen[event.id])}
    shown = _worth_showing(kept, met)
    return Preview(
        judged=len(kept),
        met=len(met),
        met_ids=[event.id for event in kept if event.id in met],
        examples=[
            _example(event, hook, parsed, seen[event.id], zone, bodies[event.id]) for event in shown
        ],
        oldest=kept[-1].received_at if kept else None,
    )


def try_on(actor: Actor, hook_id: str, document: Any, event_id: str) -> Example | None:
    """The verdict on one stored event and what would be sent; None when there is no such event."""
    hook = find_hook(actor, hook_id)
    parsed = check_document(actor, document)
    event, body = events.event(actor.workspace_id, event_id), events.body_of(event_id)
    if event is None or event.hook_id != hook.id or body is None:
        return None
    zone = workspaces.workspace(actor.workspace_id).zone
    return _example(event, hook, parsed, seen_by_rules(event, hook, body)[0], zone, body)


def _worth_showing(kept: list[Event], met: set[str]) -> list[Event]:
    hits = [event for event in kept if event.id in met][:EXAMPLES]
    misses = [event for event in kept if event.id not in met]
    return hits + misses[: max(EXAMPLES - len(hits), 1)]


def _example(
    event: Event, hook: Hook, parsed: ParsedRule, seen: dict[str, Any], zone: str, body: bytes
) -> Example:
    hiding = Hiding(hook, event.headers, event.query, seen["payload"], body)
    explanation = hiding.explanation(explain(parsed, seen, zone=zone))
    context = context_of(seen, parsed.name, hook, zone)
    planned = [
        _shown(planned_for(step, context), hiding.also(made_of_hidden(hiding, step, context)))
        for step in parsed.then
    ]
    return Example(event, explanation, planned)


def _shown(planned: Planned, hiding: Hiding) -> Planned:
    return replace(
        planned,
        summary=hiding.text(planned.summary),
        message=hiding.written(planned.message),
        sentence=hiding.text(planned.sentence),
    )


def planned_for(step: Step, context: dict[str, Any]) -> Planned:
    """What a step would send, filled in from this context."""
    action = ACTIONS[step.action]
    rendered = render(
        action, step.config, context, step.if_missing, connected=step.connection is not None
    )
    ready = rendered.state == "queued"
    return Planned(
        step.id,
        action.summary(rendered.config),
        action.message(rendered.config) if ready else None,
        "would send" if ready else rendered.state,
        rendered.sentence,
    )
