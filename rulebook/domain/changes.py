"""How a version of a rule differs from the one in force now, as its author would tell it."""

from __future__ import annotations

from rulebook.actions import ACTIONS
from rulebook.domain.rules import phrase
from rulebook.domain.voice import Voice
from rulebook.storage import rules
from rulebook.storage.rules import Rule, RuleVersion
from rules import RuleError, parse
from rules.difference import LONGEST, difference
from rules.nodes import Step
from rules.values import as_text, clip


def changed_since(rule: Rule, version: RuleVersion, voice: Voice) -> list[str]:
    """What was changed between that version and today's, a sentence each."""
    if rule.version == version.number:
        return []
    return between(version, rules.version(rule.id, rule.version), voice)


def between(before: RuleVersion, after: RuleVersion, voice: Voice) -> list[str]:
    """What was changed between two versions, a sentence each; secrets stay masked."""
    try:
        old, new = parse(before.document), parse(after.document)
    except RuleError:
        return []
    tell = voice.telling(old.when, new.when)
    return difference(old, new, tell=tell, phrases=phrase, shown=_shown)


def _shown(step: Step, key: str) -> tuple[str, str]:
    """A setting's label and value, as the action's own form would show them."""
    action = ACTIONS.get(step.action)
    if action is None:
        return key, ""
    field = next((each for each in action.fields if each.name == key), None)
    label = field.label[:1].lower() + field.label[1:] if field else key
    value = action.mask(dict(step.config)).get(key)
    return label, "" if value is None else clip(as_text(value) or str(value), LONGEST)
