"""Runs planned for a rule that was met: what will be sent, filled in once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rulebook.actions import ACTIONS, HOP_HEADER, Action
from rulebook.domain.rendering import context_of, render
from rulebook.domain.rulesets import Judged
from rulebook.storage.base import new_id
from rulebook.storage.event_claims import AtWork
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook, HookAtWork
from rulebook.storage.rules import RuleVersion
from rulebook.storage.runs import MOST_TARGET, Run
from rules.nodes import Step


def plan(
    event: Event | AtWork,
    hook: Hook | HookAtWork,
    judged: Judged,
    seen: Mapping[str, Any],
    zone: str,
    now: datetime,
    replay_no: int = 0,
) -> list[dict[str, Any]]:
    """One run for each step of a rule that was met, as rows that are not stored yet. In Watch mode
    they are records of what would have been sent."""
    context = context_of(seen, judged.parsed.name, hook, zone)
    hops = _hops(event)
    return [
        _run(event, judged, step, position, context, now, replay_no, hops)
        for position, step in enumerate(judged.parsed.then)
    ]


def _hops(event: Event | AtWork) -> int:
    """How many hooks of Rulebook the event came through, so that rules in a ring come to an end."""
    found = [value for name, value in event.headers if name.lower() == HOP_HEADER]
    # Whatever has more digits than this is no count of ours.
    return int(found[0][:4]) if found and found[0].isdecimal() else 0


def _run(
    event: Event | AtWork,
    judged: Judged,
    step: Step,
    position: int,
    context: Mapping[str, Any],
    now: datetime,
    replay_no: int,
    hops: int,
) -> dict[str, Any]:
    action = ACTIONS[step.action]
    rendered = render(
        action, step.config, context, step.if_missing, connected=step.connection is not None
    )
    watched = rendered.state == "queued" and judged.mode == "watch"
    state = "watched" if watched else rendered.state
    message = action.message(rendered.config) if rendered.filled else None
    return {
        "id": new_id("run"),
        "workspace_id": event.workspace_id,
        "hook_id": event.hook_id,
        "event_id": event.id,
        "rule_id": judged.rule_id,
        "rule_version_id": judged.version_id,
        "step_id": step.id,
        "position": position,
        "replay_no": replay_no,
        "action": step.action,
        "connection_id": step.connection,
        "target": _target(action, rendered.config, step.connection) if state == "queued" else "",
        "config": rendered.config,
        "needs": list(step.needs),
        "if_missing": step.if_missing,
        "state": state,
        "summary": action.summary(rendered.config),
        "message": vars(message) if message else None,
        "sentence": rendered.sentence or _first_words(state),
        "fix": rendered.fix,
        "practice": action.practice and step.connection is None,
        "hops": hops,
        "repeat_safe": action.repeat_safe(rendered.config),
        "max_attempts": action.max_attempts,
        "next_attempt_at": now if state == "queued" else None,
        "expires_at": now + timedelta(seconds=action.expires_after),
        "finished_at": None if state == "queued" else now,
        "created_at": now,
    }


def as_run(
    event: Event,
    version: RuleVersion,
    step: Step,
    config: dict[str, Any],
    now: datetime,
    replay_no: int,
) -> Run:
    """A test of one step, with a config that is filled in already; not stored yet."""
    action = ACTIONS[step.action]
    message = action.message(config)
    return Run(
        id=new_id("run"),
        workspace_id=event.workspace_id,
        hook_id=event.hook_id,
        event_id=event.id,
        rule_id=version.rule_id,
        rule_version_id=version.id,
        step_id=step.id,
        replay_no=replay_no,
        test=True,
        action=step.action,
        connection_id=step.connection,
        target=_target(action, config, step.connection),
        config=config,
        needs=[],
        if_missing=step.if_missing,
        state="queued",
        summary=action.summary(config),
        message=vars(message) if message else None,
        sentence="",
        practice=action.practice and step.connection is None,
        hops=_hops(event),
        repeat_safe=action.repeat_safe(config),
        max_attempts=action.max_attempts,
        next_attempt_at=now,
        expires_at=now + timedelta(seconds=action.expires_after),
        created_at=now,
    )


def _target(action: Action, config: Mapping[str, Any], connection: str | None) -> str:
    """Whom the breaker counts it for: where an action can be practised, what stands in the way of
    its messages is the account, and in practice nobody; else it is the host."""
    if action.practice:
        return connection or ""
    return action.target(dict(config), None)[:MOST_TARGET]


def _first_words(state: str) -> str:
    return "Would have been sent: the rule is in Watch mode." if state == "watched" else ""
