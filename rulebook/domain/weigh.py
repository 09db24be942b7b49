"""A draft on the scales: an unfinished rule judged as far as it is finished. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.actor import Actor
from rulebook.domain.hooks import find_hook
from rulebook.domain.preview import DEFAULT, Planned, planned_for
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rendering import context_of, render
from rulebook.domain.rules import friendly_names, lone_step, phrase, step_problems
from rulebook.storage import events, fields, workspaces
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules import RuleError, compile_rules, explain, lint, parse
from rules.catalog import CatalogField
from rules.explain import Explanation
from rules.lint import Note
from rules.nodes import Node, Rule, Step
from rules.sentence import when_words
from rules.words import sentence_case

GROUPS = ("all", "any", "none")
SAVED = "saved"
NO_STEP: dict[str, Any] = {"id": "none", "action": "none", "config": {}}


@dataclass(frozen=True)
class Judged:
    """One event, whether the draft is met by it, and whether the saved rule is."""

    event: Event
    met: bool
    before: bool | None


@dataclass(frozen=True)
class Weighed:
    """What is known of a draft.

    judged: the hook's newest events, newest first, each with its verdict and that of the rule as it
    was saved (None for a new one). hits: how many of them each
    finished node meets, by pointer. here: the verdicts on the chosen event, by pointer. planned:
    for each step what it would send for that event, "unfinished" or None while it cannot.
    unfinished: pointers of conditions that cannot be judged yet. sentence: the rule so far.
    notes: what is probably not meant, once nothing is unfinished.
    """

    judged: list[Judged]
    hits: dict[str, int]
    here: dict[str, Explanation]
    planned: list[Planned | None]
    unfinished: list[str]
    sentence: str
    notes: list[Note]

    @property
    def met(self) -> int:
        return sum(each.met for each in self.judged)


def weigh(
    actor: Actor,
    hook_id: str,
    document: dict[str, Any],
    event: Event | None = None,
    saved: dict[str, Any] | None = None,
    limit: int = DEFAULT,
) -> Weighed:
    """Judge what is finished of a draft against the hook's newest events and a chosen one.

    saved: the document of the rule as it was, to tell what changes.
    """
    actor.must("read")
    hook = find_hook(actor, hook_id)
    nodes: dict[str, Rule] = {}
    unfinished: list[str] = []
    whole = _finished(document.get("when"), "/when", nodes, unfinished)
    zone = workspaces.workspace(actor.workspace_id).zone
    judged, hits = _judged(hook, nodes, parse(saved) if saved else None, zone, limit)
    here, context = _here(hook, nodes, event, zone, str(document.get("name") or ""))
    then = document.get("then") or []
    planned = [_planned(actor, at, raw, context) for at, raw in enumerate(then)]
    when = nodes["/when"].when if whole else None
    told = _sentence(when, document, hook.provider)
    notes = [] if unfinished or not whole else lint(nodes["/when"], fields=fields_seen(hook.id))
    return Weighed(judged, hits, here, planned, unfinished, told, notes)


def fields_seen(hook_id: str) -> list[CatalogField]:
    """The hook's catalogue as the warnings want it: what its events held, and which values. Only a
    field with few values counts as known in full; elsewhere nothing can be said to be new."""
    known = fields.fields(hook_id)
    of = max((field.seen for field in known), default=0)
    return [
        CatalogField(
            field.path,
            field.kinds,
            field.seen,
            of,
            tuple(str(example) for example in field.examples),
            {str(example): 1 for example in field.examples},
            len(field.examples) < fields.MOST_EXAMPLES,
        )
        for field in known
    ]


def _finished(
    raw: Any, pointer: str, nodes: dict[str, Rule], unfinished: list[str]
) -> dict[str, Any] | None:
    """The node without what is unfinished in it; each finished node is put into `nodes`."""
    kind = next((kind for kind in GROUPS if isinstance(raw, dict) and kind in raw), None)
    if kind and isinstance(raw[kind], list):
        inside = [
            _finished(each, f"{pointer}/{kind}/{at}", nodes, unfinished)
            for at, each in enumerate(raw[kind])
        ]
        raw = {kind: [each for each in inside if each is not None]}
        if not raw[kind]:
            return None
    try:
        nodes[pointer] = _rule(raw)
    except RuleError:
        unfinished.append(pointer)
        return None
    kept: dict[str, Any] = raw
    return kept


def _rule(when: Any) -> Rule:
    return parse({"name": "draft", "when": when, "then": [NO_STEP]})


def _judged(
    hook: Hook, nodes: dict[str, Rule], saved: Rule | None, zone: str, limit: int
) -> tuple[list[Judged], dict[str, int]]:
    newest = events.newest(hook.id, limit)
    bodies = events.bodies_of([event.id for event in newest])
    before = {SAVED: _rule(saved.document["when"])} if saved else {}
    ruleset = compile_rules(list({**nodes, **before}.items()), zone=zone)
    hits = dict.fromkeys(nodes, 0)
    judged = []
    for event in newest:
        if event.id not in bodies:
            continue
        met = ruleset.match(seen_by_rules(event, hook, bodies[event.id])[0])
        for pointer in set(met) - {SAVED}:
            hits[pointer] += 1
        judged.append(Judged(event, "/when" in met, SAVED in met if saved else None))
    return judged, hits


def _here(
    hook: Hook, nodes: dict[str, Rule], event: Event | None, zone: str, name: str
) -> tuple[dict[str, Explanation], dict[str, Any]]:
    body = events.body_of(event.id) if event else None
    if event is None or body is None:
        return {}, {}
    seen = seen_by_rules(event, hook, body)[0]
    found = {pointer: explain(rule, seen, zone=zone) for pointer, rule in nodes.items()}
    return found, context_of(seen, name, hook, zone)


def _planned(actor: Actor, at: int, raw: Any, context: dict[str, Any]) -> Planned | None:
    """What a step would send as far as it is written; what it needs of others plays no part."""
    action = ACTIONS.get(raw.get("action"))
    step = lone_step(raw)
    if action is None or step is None or not context:
        return None
    try:
        connected = step.connection is not None
        filled = render(action, step.config, context, step.if_missing, connected=connected)
    except RuleError:
        return None
    if not step_problems(actor, at, step):
        return planned_for(step, context)
    message = action.message(filled.config) if filled.config != step.config else None
    return Planned(step.id, "", message, "unfinished", "")


def _sentence(when: Node | None, document: dict[str, Any], provider: str) -> str:
    if when is None:
        start = "When ..."
    else:
        words = when_words(when, friendly_names(provider).get)
        start = sentence_case("when " + words)
    return f"{start}, {', then '.join(_phrases(document)) or 'do nothing yet'}."


def _phrases(document: dict[str, Any]) -> list[str]:
    found = []
    for raw in document.get("then") or []:
        step = Step(str(raw.get("id")), str(raw.get("action")), None, dict(raw.get("config") or {}))
        found.append(phrase(step))
    return found
