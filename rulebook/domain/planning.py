"""Runs planned for a rule that was met: what will be sent, filled in once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rulebook.actions import ACTIONS, Action
from rulebook.domain.rendering import context_of, render
from rulebook.storage import workspaces
from rulebook.storage.base import new_id
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import RuleVersion
from rulebook.storage.runs import MOST_TARGET, Run
from rules.nodes import Rule as ParsedRule
from rules.nodes import Step


def plan(
    event: Event,
    hook: Hook,
    version: RuleVersion,
    parsed: ParsedRule,
    mode: str,
    seen: Mapping[str, Any],
    now: datetime,
    replay_no: int = 0,
) -> list[Run]:
    """One run for each step of a rule that was met, not yet stored. In Watch mode they are
    records of what would have been sent."""
    zone = workspaces.workspace(hook.workspace_id).zone
    context = context_of(seen, parsed.name, hook, zone)
    return [
        _run(event, version, step, position, mode, context, now, replay_no)
        for position, step in enumerate(parsed.then)
    ]


def _run(
    event: Event,
    version: RuleVersion,
    step: Step,
    position: int,
    mode: str,
    context: Mapping[str, Any],
    now: datetime,
    replay_no: int,
) -> Run:
    action = ACTIONS[step.action]
    rendered = render(
        action, step.config, context, step.if_missing, connected=step.connection is not None
    )
    state = "watched" if rendered.state == "queued" and mode == "watch" else rendered.state
    message = action.message(rendered.config) if rendered.state == "queued" else None
    return Run(
        id=new_id("run"),
        workspace_id=event.workspace_id,
        hook_id=event.hook_id,
        event_id=event.id,
        rule_id=version.rule_id,
        rule_version_id=version.id,
        step_id=step.id,
        position=position,
        replay_no=replay_no,
        action=step.action,
        connection_id=step.connection,
        config=rendered.config,
        needs=list(step.needs),
        if_missing=step.if_missing,
        state=state,
        summary=action.summary(rendered.config),
        message=vars(message) if message else None,
        sentence=rendered.sentence or _first_words(state),
        fix=rendered.fix,
        practice=action.practice and step.connection is None,
        repeat_safe=action.repeat_safe(rendered.config),
        max_attempts=action.max_attempts,
        next_attempt_at=now if state == "queued" else None,
        expires_at=now + timedelta(seconds=action.expires_after),
        finished_at=None if state == "queued" else now,
        created_at=now,
        target=_target(action, rendered.config, step.connection) if state == "queued" else "",
    )


def _target(action: Action, config: Mapping[str, Any], connection: str | None) -> str:
    """Whom the breaker counts it for: where an action can be practised, what stands in the way of
    its messages is the account, and in practice nobody; else it is the host."""
    if action.practice:
        return connection or ""
    return action.target(dict(config), None)[:MOST_TARGET]


def _first_words(state: str) -> str:
    return "Would have been sent: the rule is in Watch mode." if state == "watched" else ""
