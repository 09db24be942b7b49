"""Rules: write one, save a new version, switch its mode, move it, delete it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rulebook.actions import ACTIONS, Action
from rulebook.domain.actor import Actor
from rulebook.domain.hooks import find_hook
from rulebook.errors import Conflict, Invalid, NotFound, Problem
from rulebook.storage import audit, connections, db, hooks, rules, utcnow
from rulebook.storage.rules import MODES, Rule, RuleVersion
from rules import RuleError, parse
from rules.nodes import Rule as ParsedRule
from rules.nodes import Step
from rules.templates import compile_template

SWITCHED = "rule.switch"


def write_rule(actor: Actor, hook_id: str, document: Any, mode: str = "off") -> Rule:
    """A new rule below the hook's others. Raises Invalid with a pointer to each problem."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    parsed = check_document(actor, document)
    _check_mode(mode)
    rule = Rule(
        workspace_id=actor.workspace_id,
        hook_id=hook.id,
        name=parsed.name,
        mode=mode,
        position=rules.next_position(hook.id),
    )
    db.session.add(rule)
    db.session.flush()
    _add_version(actor, rule, parsed)
    actor.note("rule.create", rule.id, rule.name)
    return _changed(rule)


def save_rule(actor: Actor, rule_id: str, document: Any, seen_version: int | None = None) -> Rule:
    """A new version of a rule; Conflict when somebody saved since `seen_version`."""
    actor.must("write")
    rule = find_rule(actor, rule_id)
    if seen_version is not None and seen_version != rule.version:
        raise Conflict(
            f"This rule was saved as version {rule.version} meanwhile.",
            "Look at the new version, then make your change again.",
        )
    parsed = check_document(actor, document)
    if parsed.document == rules.version(rule.id, rule.version).document:
        return rule
    rule.version += 1
    rule.name, rule.updated_at = parsed.name, utcnow()
    _add_version(actor, rule, parsed)
    actor.note("rule.save", rule.id, f"version {rule.version}")
    return _changed(rule)


def switch_rule(actor: Actor, rule_id: str, mode: str) -> Rule:
    """Off, watch or live."""
    actor.must("write")
    rule = find_rule(actor, rule_id)
    _check_mode(mode)
    actor.note(SWITCHED, rule.id, f"{rule.mode} to {mode}")
    rule.mode = mode
    return _changed(rule)


def modes_at(workspace_id: str, moment: datetime) -> dict[str, str]:
    """The mode at that moment of every rule that was switched since, by rule id."""
    found: dict[str, str] = {}
    for deed in audit.deeds_since(workspace_id, SWITCHED, moment):
        found.setdefault(deed.thing, deed.detail.partition(" to ")[0])
    return found


def move_rule(actor: Actor, rule_id: str, by: int) -> Rule:
    """Up (-1) or down (1) among the rules of its hook."""
    actor.must("write")
    rule = find_rule(actor, rule_id)
    order = rules.rules(actor.workspace_id, rule.hook_id)
    here = order.index(rule)
    order.insert(max(0, here + by), order.pop(here))
    for position, each in enumerate(order):
        each.position = position
    actor.note("rule.move", rule.id, "up" if by < 0 else "down")
    return _changed(rule)


def delete_rule(actor: Actor, rule_id: str) -> None:
    """The rule is judged no more; its history stays."""
    actor.must("write")
    rule = find_rule(actor, rule_id)
    rule.deleted_at = utcnow()
    actor.note("rule.delete", rule.id, rule.name)
    _changed(rule)


def find_rule(actor: Actor, rule_id: str) -> Rule:
    """One of the actor's rules. Raises NotFound."""
    actor.must("read")
    rule = rules.rule(actor.workspace_id, rule_id)
    if rule is None:
        raise NotFound("rule")
    return rule


def check_document(actor: Actor, document: Any) -> ParsedRule:
    """The parsed document, its actions, templates and connections checked. Raises Invalid."""
    try:
        parsed = parse(document)
    except RuleError as error:
        found = [_problem(each) for each in (error, *error.others)]
        raise Invalid([*found, *_readable_steps(actor, document)]) from None
    problems = [p for at, step in enumerate(parsed.then) for p in step_problems(actor, at, step)]
    if problems:
        raise Invalid(problems)
    return parsed


def _readable_steps(actor: Actor, document: Any) -> list[Problem]:
    """What is wrong with the steps that can be read, in a document that as a whole cannot."""
    steps = document.get("then") if isinstance(document, dict) else None
    found = []
    for at, raw in enumerate(steps if isinstance(steps, list) else []):
        if step := lone_step(raw):
            found += step_problems(actor, at, step)
    return found


def lone_step(raw: Any) -> Step | None:
    """A step read by itself, whatever steps it needs; None when it cannot be read."""
    if not isinstance(raw, dict):
        return None
    alone = {key: value for key, value in raw.items() if key != "needs"}
    try:
        return parse({"name": "lone", "when": {"every_event": True}, "then": [alone]}).then[0]
    except RuleError:
        return None


def phrase(step: Step) -> str:
    """What a step does, as a verb for the rule's sentence."""
    action = ACTIONS.get(step.action)
    return action.phrase(dict(step.config)) if action else step.action


def _problem(error: RuleError) -> Problem:
    return Problem(error.pointer, error.message, error.fix)


def step_problems(actor: Actor, at: int, step: Step) -> list[Problem]:
    """What is wrong with a step: its action, config, templates and connection."""
    here = f"/then/{at}"
    action = ACTIONS.get(step.action)
    if action is None:
        return [Problem(f"{here}/action", f"There is no action {step.action!r}.",
                        f"Choose one of {', '.join(sorted(ACTIONS))}.")]  # fmt: skip
    config = dict(step.config)
    wrong = action.check(config, connected=step.connection is not None)
    found = [Problem(f"{here}/config{p.pointer}", p.message, p.fix) for p in wrong]
    found += _template_problems(action, config, f"{here}/config")
    return found + _connection_problems(actor, action, step, here)


def _template_problems(action: Action, config: dict[str, Any], here: str) -> list[Problem]:
    found = []
    for field in action.fields:
        if not field.template:
            continue
        for pointer, text in _texts(config.get(field.name), f"{here}/{field.name}"):
            try:
                compile_template(text, pointer=pointer, escape=action.escape(field.name, config))
            except RuleError as error:
                found.append(_problem(error))
    return found


def _texts(value: Any, pointer: str) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(pointer, value)]
    if isinstance(value, dict):
        return [(f"{pointer}/{key}", text) for key, text in value.items() if isinstance(text, str)]
    return []


def _connection_problems(actor: Actor, action: Action, step: Step, here: str) -> list[Problem]:
    if step.connection is None:
        if action.connection_required and not action.practice:
            return [Problem(f"{here}/connection", f"{action.label} needs a connection.",
                            "Make one under Connections, then choose it.")]  # fmt: skip
        return []
    chosen = connections.connection(actor.workspace_id, step.connection)
    if chosen is None:
        return [Problem(f"{here}/connection", "There is no such connection.",
                        "Choose one of this workspace's connections.")]  # fmt: skip
    if chosen.kind not in {kind.name for kind in action.connections}:
        return [Problem(f"{here}/connection", f"{chosen.name} cannot be used for this action.",
                        "Choose another connection.")]  # fmt: skip
    return []


def _check_mode(mode: Any) -> None:
    if mode not in MODES:
        raise Invalid.at("/mode", f"There is no mode {mode!r}.", "It is off, watch or live.")


def _add_version(actor: Actor, rule: Rule, parsed: ParsedRule) -> None:
    db.session.add(
        RuleVersion(
            workspace_id=rule.workspace_id,
            rule_id=rule.id,
            number=rule.version,
            document=dict(parsed.document),
            created_by=actor.user_id,
        )
    )


def _changed(rule: Rule) -> Rule:
    hooks.count_rule_change(rule.hook_id)
    db.session.commit()
    return rule
