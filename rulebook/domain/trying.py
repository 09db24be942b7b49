"""Today's rules on a stored event: what each says of it and would send. Nothing is sent, ever."""

from __future__ import annotations

from dataclasses import dataclass

from rulebook.domain.actor import Actor
from rulebook.domain.hiding import Hiding
from rulebook.domain.planning import plan
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.replay import find_event
from rulebook.domain.rulesets import rules_of
from rulebook.errors import Conflict
from rulebook.storage import db, events, rules, runs, utcnow
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule
from rules import explain, parse
from rules.explain import Explanation
from rules.nodes import Rule as ParsedRule

MOST_TRIED = 200


@dataclass(frozen=True)
class Tried:
    """One rule of today: whether it would match, why, and what it would send. `cut_off`: its
    conditions fit, and another rule keeps it from being looked at."""

    rule: Rule
    parsed: ParsedRule
    met: bool
    cut_off: bool
    explanation: Explanation
    would_send: list[str]


def try_today(actor: Actor, event_id: str) -> list[Tried]:
    """What today's rules say of the event, those that match first, then the nearest; at most the
    first 200 of its hook. Raises Conflict when what was sent is no longer kept."""
    event = find_event(actor, event_id)
    hook, body = db.session.get_one(Hook, event.hook_id), events.body_of(event.id)
    if body is None:
        raise Conflict("What was sent is no longer kept.", "It cannot be judged again.")
    seen, payload = seen_by_rules(event, hook, body)
    hiding = Hiding(hook, event.headers, event.query, payload.value, body)
    today = rules_of(hook)
    met, number, now = set(today.ruleset.match(seen)), runs.last_replay(event.id) + 1, utcnow()
    found = []
    for rule, version in rules.current(actor.workspace_id, hook.id)[:MOST_TRIED]:
        parsed = parse(version.document)
        explanation = explain(parsed, seen, zone=today.zone)
        planned = (
            plan(event, hook, today.by_id[rule.id], seen, today.zone, now, number)
            if rule.id in met
            else []
        )
        would_send = [hiding.text(run["summary"]) for run in planned]
        fits = explanation.met and rule.mode != "off"
        cut_off = fits and rule.id not in met
        told = hiding.explanation(explanation)
        found.append(Tried(rule, parsed, rule.id in met, cut_off, told, would_send))
    return sorted(found, key=lambda each: (not each.met, each.explanation.missed))
