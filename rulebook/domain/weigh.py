"""A draft on the scales: an unfinished rule judged as far as it is finished. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.actor import Actor
from rulebook.domain.backtest import Judged, judge_past
from rulebook.domain.called import possible_values
from rulebook.domain.hooks import find_hook
from rulebook.domain.past import Past
from rulebook.domain.rules import phrase
from rulebook.storage import fields, rules, workspaces
from rulebook.storage.hooks import Hook
from rules import RuleError, compile_rules, explain, lint, parse
from rules.catalog import CatalogField
from rules.explain import NEVER, Explanation
from rules.finding import Finding
from rules.lint import Note
from rules.nodes import Options, Rule, Step

GROUPS = ("all", "any", "none")
NO_STEP: dict[str, Any] = {"id": "none", "action": "none", "config": {}}
AMONG = 200  # events that warnings about other rules are tried on


@dataclass(frozen=True)
class Weighed:
    """What is known of a draft.

    rule: what is finished of it, None while nothing is. judged: the given events, newest first,
    each with its verdict and that of the rule as it was saved. hits: how many of them each
    finished node meets, by pointer; of a node inside an items group, by any item. verdict: the
    explanation for the chosen event; here: its findings by pointer. phrases: the steps in words.
    unfinished: pointers of conditions that cannot be judged yet. notes: what is probably not
    meant, once nothing is unfinished.
    """

    rule: Rule | None = None
    judged: list[Judged] = field(default_factory=list)
    hits: dict[str, int] = field(default_factory=dict)
    verdict: Explanation | None = None
    here: dict[str, Finding] = field(default_factory=dict)
    phrases: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def met(self) -> int:
        return sum(each.met for each in self.judged)

    @property
    def met_before(self) -> int:
        return sum(bool(each.before) for each in self.judged)


def weigh(
    actor: Actor,
    hook_id: str,
    document: dict[str, Any],
    past: list[Past],
    here: dict[str, Any] | None = None,
    saved: dict[str, Any] | None = None,
    rule_id: str | None = None,
) -> Weighed:
    """Judge what is finished of a draft against a hook's events, and the chosen one (here).

    saved: the document of the rule as it was, to tell what changes; rule_id: which rule that is,
    so that warnings about the hook's other rules leave it out.
    """
    actor.must("read")
    hook = find_hook(actor, hook_id)
    zone = workspaces.workspace(actor.workspace_id).zone
    finished = Finished(document.get("when"))
    told: dict[str, Any] = {
        "phrases": [phrase(_bare_step(raw)) for raw in document.get("then") or []],
        "unfinished": finished.unfinished,
    }
    if finished.rule is None:
        return Weighed(judged=[Judged(each.event, False, None) for each in past], **told)
    verdict = explain(finished.rule, here, zone=zone) if here else None
    return Weighed(
        rule=finished.rule,
        judged=judge_past(past, finished.rule, parse(saved) if saved else None, zone),
        hits=_hits(finished.nodes, past, zone),
        verdict=verdict,
        here={} if verdict is None else finished.findings(verdict.tree),
        notes=[] if finished.unfinished else _notes(hook, document, rule_id, past, zone),
        **told,
    )


class Finished:
    """A draft's conditions without those that are not finished.

    rule: what is left, None where nothing is; nodes: each finished node as a rule of its own, by
    its pointer in the draft; one inside an items group asks whether any item meets it.
    """

    def __init__(self, when: Any) -> None:
        self.nodes: dict[str, Rule] = {}
        self.unfinished: list[str] = []
        self._places: dict[int, str] = {}  # id of a node that is kept -> its pointer in the draft
        self._kept: list[Any] = []  # so that no id is used twice
        whole = self._finish(when, "/when", lambda node: node)
        self.rule = None if whole is None else self.nodes["/when"]
        self._moved = {} if whole is None else dict(self._pointers(whole, "/when"))

    def _finish(self, raw: Any, pointer: str, wrap: Callable[[Any], Any]) -> Any:
        """The node without what is unfinished in it, or None."""
        kind = next((kind for kind in GROUPS if isinstance(raw, dict) and kind in raw), None)
        if kind and isinstance(raw[kind], list):
            inside = [
                self._finish(each, f"{pointer}/{kind}/{at}", wrap)
                for at, each in enumerate(raw[kind])
            ]
            kept: Any = {kind: [each for each in inside if each is not None]}
            if not kept[kind]:
                return None
        elif isinstance(raw, dict) and "items" in raw:
            items = {"items": raw["items"], "match": "any"}
            where = self._finish(
                raw.get("where"), f"{pointer}/where", lambda node: wrap({**items, "where": node})
            )
            if where is None:
                return None
            kept = {**raw, "where": where}
        else:
            kept = dict(raw) if isinstance(raw, dict) else raw
        try:
            self.nodes[pointer] = _rule(wrap(kept))
        except RuleError:
            self.unfinished.append(pointer)
            return None
        self._kept.append(kept)
        self._places[id(kept)] = pointer
        return kept

    def _pointers(self, kept: Any, pointer: str) -> Iterator[tuple[str, str]]:
        """Where each node that is kept stands now, and where it stands in the draft."""
        yield pointer, self._places[id(kept)]
        kind = next((kind for kind in GROUPS if kind in kept), None)
        if kind:
            for at, each in enumerate(kept[kind]):
                yield from self._pointers(each, f"{pointer}/{kind}/{at}")
        elif "items" in kept:
            yield from self._pointers(kept["where"], f"{pointer}/where")

    def findings(self, tree: Finding) -> dict[str, Finding]:
        """The findings by pointer in the draft; of a list's items, those of the one that tells
        most."""
        found = {self._moved[tree.pointer]: tree}
        inside = tree.children
        if tree.kind == "items":
            inside = (telling(tree),) if tree.children else ()
        for child in inside:
            found |= self.findings(child)
        return found


def telling(items: Finding) -> Finding:
    """The item that tells most: one that fits, else the nearest."""
    return min(items.children, key=lambda one: (not one.met, len(one.flip) if one.flip else NEVER))


def _rule(when: Any) -> Rule:
    return parse({"name": "draft", "when": when, "then": [NO_STEP]})


def _hits(nodes: dict[str, Rule], past: list[Past], zone: str) -> dict[str, int]:
    hits = dict.fromkeys(nodes, 0)
    ruleset = compile_rules(list(nodes.items()), zone=zone)
    for each in past:
        for pointer in set(ruleset.match(each.seen)):
            hits[pointer] += 1
    return hits


def _notes(
    hook: Hook, document: dict[str, Any], rule_id: str | None, past: list[Past], zone: str
) -> list[Note]:
    """What is probably not meant, by itself and beside the hook's other rules."""
    steps = [_bare_step(raw) for raw in document.get("then") or []]
    parsed = _rule(document["when"])
    options = document.get("options") or {}
    whole = replace(
        parsed,
        then=tuple(steps),
        options=Options(bool(options.get("stop")), bool(options.get("otherwise"))),
    )
    others, above = _others(hook, rule_id)
    return lint(
        whole,
        others,
        fields_seen(hook.id),
        above=above,
        recipients=recipients,
        events=[each.seen for each in past[:AMONG]],
        zone=zone,
        possible=possible_values(hook.provider),
    )


def _others(hook: Hook, rule_id: str | None) -> tuple[list[Rule], list[Rule]]:
    """The hook's other rules that are not off, and those of them that stand above this one."""
    others, above, mine = [], [], False
    for rule, version in rules.current(hook.workspace_id, hook.id):
        mine = mine or rule.id == rule_id
        if rule.id == rule_id or rule.mode == "off":
            continue
        try:
            others.append(parse(version.document))
        except RuleError:
            continue
        if not mine:
            above.append(others[-1])
    return others, above


def recipients(step: Step) -> list[str]:
    """To whom a step writes, where its own fields say so."""
    action = ACTIONS.get(step.action)
    fields = action.fields if action else ()
    named = [one.name for one in fields if one.kind in ("phone", "email") and one.required]
    return [str(step.config[name]) for name in named if step.config.get(name)]


def _bare_step(raw: Any) -> Step:
    return Step(str(raw.get("id")), str(raw.get("action")), None, dict(raw.get("config") or {}))


def fields_seen(hook_id: str) -> list[CatalogField]:
    """The hook's catalogue as the warnings want it: what its events held, and which values. Only a
    field with few values counts as known in full, and of a list the catalogue holds the first item
    alone; elsewhere nothing can be said to be new."""
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
            len(field.examples) < fields.MOST_EXAMPLES and "[*]" not in field.path,
        )
        for field in known
    ]
