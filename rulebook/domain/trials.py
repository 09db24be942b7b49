"""A real test: one message of a saved rule, marked [Test], to a person who agreed to get it.

It goes to the author's own address where the step writes to one, and to their own phone, once that
is confirmed by a code. Any other receiver is typed and vouched for by the author, because nobody
can tell whose phone or chat it is. It is a run like any other, and counts as one in what may be
sent; the rules have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rulebook.actions import ACTIONS, Action, Field, is_template
from rulebook.domain.actor import Actor
from rulebook.domain.hooks import find_hook
from rulebook.domain.phones import own_addresses
from rulebook.domain.planning import as_run
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rendering import context_of, render
from rulebook.domain.replay import find_event
from rulebook.domain.rules import find_rule
from rulebook.domain.spending import within_limits
from rulebook.domain.throttle import count_try
from rulebook.errors import Conflict, Invalid, NotFound, TooMany
from rulebook.storage import db, events, rules, runs, utcnow, workspaces
from rulebook.storage.rules import RuleVersion
from rulebook.storage.runs import Run
from rules import parse
from rules.nodes import Step

MOST, WITHIN = 20, timedelta(hours=1)
ONCE = timedelta(days=1)


@dataclass(frozen=True)
class Trial:
    """A step that can be tried for real. field: the box that says who gets it, None where the step
    itself says; to: the receiver to begin with; own: whether that is the author, who needs not
    vouch; others: whether another one may be named; practice: it is only kept in the Practice
    outbox."""

    step_id: str
    action: Action
    summary: str
    field: Field | None
    to: str
    own: bool
    others: bool
    practice: bool


def trials(actor: Actor, version: RuleVersion) -> list[Trial]:
    """The steps of a saved rule that can be tried, in order."""
    actor.must("send")
    return [_trial(actor, step) for step in parse(version.document).then if step.action in ACTIONS]


def _trial(actor: Actor, step: Step) -> Trial:
    action = ACTIONS[step.action]
    field = next((each for each in action.fields if each.receiver), None)
    practice = action.practice and step.connection is None
    known = own_addresses(actor, for_real=not practice)
    mine = known.get(field.kind, "") if field else ""
    written = str(step.config.get(field.name) or "") if field else ""
    to = mine or ("" if is_template(written) else written)
    others = field is not None and (not mine or field.kind != "email")
    summary = action.summary(dict(step.config))
    return Trial(step.id, action, summary, field, to, bool(mine), others, practice)


def send_test(
    actor: Actor, rule_id: str, event_id: str, step_id: str, to: str, vouched: bool, key: str
) -> Run:
    """Plan one message of a rule's current version for a stored event. key: the same for every
    press of one button, so that two presses send one message. Raises Invalid, Conflict, TooMany."""
    actor.must("send")
    rule, event = find_rule(actor, rule_id), find_event(actor, event_id)
    version = rules.version(rule.id, rule.version)
    parsed = parse(version.document)
    step = next((each for each in parsed.then if each.id == step_id), None)
    if step is None or event.hook_id != rule.hook_id or step.action not in ACTIONS:
        raise NotFound("step")
    trial = _trial(actor, step)
    to = to.strip() if trial.others else ""
    if trial.own and to in ("", trial.to):
        to = trial.to
    elif not trial.practice and not vouched:
        raise Invalid.at("/vouched", "Nobody has said yet that its receiver expects this message.",
                         "Tick the box, if it is so.")  # fmt: skip
    config = _config(trial, step, to, _context(actor, rule.hook_id, event_id, parsed.name))
    _once(actor, key)
    run = as_run(event, version, step, config, utcnow(), runs.last_replay(event.id) + 1)
    within_limits([run], run.created_at)
    db.session.add(run)
    actor.note("rule.test", rule.id, run.summary)
    db.session.commit()
    return run


def _context(actor: Actor, hook_id: str, event_id: str, name: str) -> dict[str, Any]:
    hook, body = find_hook(actor, hook_id), events.body_of(event_id)
    if body is None:
        raise Conflict("The body of this event is no longer kept.", "Choose a newer event.")
    seen = seen_by_rules(find_event(actor, event_id), hook, body)[0]
    return context_of(seen, name, hook, workspaces.workspace(actor.workspace_id).zone)


def _config(trial: Trial, step: Step, to: str, context: dict[str, Any]) -> dict[str, Any]:
    """What is sent: to this receiver alone, filled in and marked."""
    action, written = trial.action, dict(step.config)
    if trial.field:
        if not to.strip() or is_template(to):
            raise Invalid.at("/to", "Nobody is named who gets the test.", "Write who gets it.")
        written = action.to_one(written, to.strip())
    rendered = render(action, written, context, step.if_missing, connected=bool(step.connection))
    if rendered.state != "queued":
        raise Invalid.at("/to" if trial.field else "", rendered.sentence, rendered.fix)
    return action.as_test(rendered.config)


def _once(actor: Actor, key: str) -> None:
    who = actor.user_id or actor.workspace_id
    try:
        count_try(f"trial:{who}:{key[:40]}", 1, ONCE, utcnow())
    except TooMany:
        raise Conflict("This test was asked for already.", "Nothing was sent twice.") from None
    count_try(f"trials:{who}", MOST, WITHIN, utcnow())
