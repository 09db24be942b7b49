"""The compiled rules of each hook, kept in memory until the hook's `rules_version` moves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from rulebook.storage import rules, workspaces
from rulebook.storage.hooks import Hook, HookAtWork
from rules import compile_rules, parse
from rules.nodes import Rule as ParsedRule
from rules.ruleset import RuleSet

MOST_HOOKS = 1000


@dataclass(frozen=True)
class Judged:
    """A rule as it is judged now: the version in force, parsed."""

    rule_id: str
    version_id: str
    number: int
    mode: str
    parsed: ParsedRule


@dataclass(frozen=True)
class HookRules:
    """All rules of a hook that are not off, compiled."""

    rules_version: int
    zone: str
    by_id: dict[str, Judged]
    ruleset: RuleSet[str]


_kept: OrderedDict[str, HookRules] = OrderedDict()
_lock = threading.Lock()


def rules_of(hook: Hook | HookAtWork) -> HookRules:
    """The hook's rules, compiled; compiled anew when any of them changed."""
    if isinstance(hook, HookAtWork):
        zone = hook.zone
    else:
        zone = workspaces.workspace(hook.workspace_id).zone
    with _lock:
        found = _kept.get(hook.id)
        if found and found.rules_version == hook.rules_version and found.zone == zone:
            _kept.move_to_end(hook.id)
            return found
    compiled = _compile(hook, zone)
    with _lock:
        _kept[hook.id] = compiled
        _kept.move_to_end(hook.id)
        while len(_kept) > MOST_HOOKS:
            _kept.popitem(last=False)
    return compiled


def _compile(hook: Hook | HookAtWork, zone: str) -> HookRules:
    by_id = {
        rule.id: Judged(rule.id, version.id, version.number, rule.mode, parse(version.document))
        for rule, version in rules.current(hook.workspace_id, hook.id)
        if rule.mode != "off"
    }
    ruleset = compile_rules([(id, judged.parsed) for id, judged in by_id.items()], zone=zone)
    return HookRules(hook.rules_version, zone, by_id, ruleset)
