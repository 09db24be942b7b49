"""Runs as people may see them: without what is hidden of their events, also where a template made
something else of it, such as capitals, an amount or a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.hidden import hidden_on
from rulebook.domain.hiding import Hiding, hiding_in
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rendering import context_of
from rulebook.storage import events, hooks, rules, workspaces
from rulebook.storage.hooks import Hook
from rulebook.storage.runs import Run
from rules import parse
from rules.errors import RuleError
from rules.nodes import Rule, Step
from rules.templates import compile_template


def runs_shown(found: Sequence[Run]) -> list[Run]:
    """Runs of any events of one workspace, as people may see them."""
    hiding = hidings_of(found)
    return [hiding[run.id].over(run) for run in found]


def hiding_of_run(run: Run) -> Hiding:
    """What is hidden of one run and its attempts."""
    return hidings_of([run])[run.id]


def hidings_of(found: Sequence[Run]) -> dict[str, Hiding]:
    """What is hidden of these runs of one workspace, by their ids."""
    if not found:
        return {}
    workspace_id = found[0].workspace_id
    known = {h.id: h for h in hooks.hooks(workspace_id, deleted=True)}
    of = {e.id: e for e in events.events_by_id(workspace_id, [r.event_id for r in found])}
    # Without a field to hide, what is hidden stands beside the body.
    hides = {id for id, h in known.items() if hidden_on(h.provider, h.settings).paths}
    bodies = events.bodies_of([id for id, e in of.items() if e.hook_id in hides])
    hiding = {id: hiding_in(known[e.hook_id], e, bodies.get(id)) for id, e in of.items()}
    written = _rules_of([run for run in found if hiding[run.event_id].hides_fields])
    hidings: dict[str, Hiding] = {}
    for event in of.values():
        hook, mine = known[event.hook_id], [run for run in found if run.event_id == event.id]
        has = hiding[event.id].hides_fields
        seen = seen_by_rules(event, hook, bodies[event.id])[0] if has else {}
        hidings |= _with(hiding[event.id], mine, hook, seen, written)
    return hidings


def hidings_with(
    hiding: Hiding, found: Sequence[Run], hook: Hook, seen: Mapping[str, Any] | None
) -> dict[str, Hiding]:
    """The same for runs of one event, of which is known what rules see of it."""
    return _with(hiding, found, hook, seen or {}, _rules_of(found) if hiding.hides_fields else {})


def _rules_of(found: Sequence[Run]) -> dict[str, Rule]:
    versions = rules.versions_by_id({run.rule_version_id for run in found}) if found else {}
    return {id: parse(version.document) for id, version in versions.items()}


def _with(
    hiding: Hiding,
    found: Sequence[Run],
    hook: Hook,
    seen: Mapping[str, Any],
    written: Mapping[str, Rule],
) -> dict[str, Hiding]:
    if not written or not hiding.hides_fields:
        return {run.id: hiding for run in found}
    zone = workspaces.workspace(hook.workspace_id).zone
    hidings = {}
    for run in found:
        rule = written[run.rule_version_id]
        context = context_of(seen, rule.name, hook, zone)
        steps = [step for step in rule.then if step.id == run.step_id]
        made = [text for step in steps for text in made_of_hidden(hiding, step, context)]
        hidings[run.id] = hiding.also(made)
    return hidings


def made_of_hidden(hiding: Hiding, step: Step, context: Mapping[str, Any]) -> Iterator[str]:
    """What a step's templates write for fields that are hidden."""
    action = ACTIONS.get(step.action)
    for field in action.fields if action else ():
        given = step.config.get(field.name) if field.template else None
        for source in given.values() if isinstance(given, dict) else [given]:
            if action and isinstance(source, str):
                yield from _made(hiding, source, action.escape(field.name, step.config), context)


def _made(hiding: Hiding, source: str, escape: str, context: Mapping[str, Any]) -> Iterator[str]:
    try:
        template = compile_template(source, escape=escape)
    except RuleError:
        return  # of a version that was written when templates could do something else
    for written in template.written(context):
        if any(hiding.hides(field) for field in written.fields):
            yield from (written.text, written.plain)
