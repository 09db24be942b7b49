"""A rule's versions: what each says and changed, when, by whom. Going back to one is
looked at in the builder first."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from rulebook.domain.changes import between
from rulebook.domain.hooks import find_hook
from rulebook.domain.rules import find_rule
from rulebook.domain.voice import Voice, voice_of
from rulebook.storage import rules, users
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rules import RuleError
from web.guard import actor

FEW = 5  # versions that stand below the builder


@dataclass(frozen=True)
class Told:
    """One version in words. who: an e-mail address, blank when its author has left."""

    version: RuleVersion
    sentence: str
    who: str
    changes: list[str]


def told(rule: Rule, hook: Hook, most: int | None = None) -> list[Told]:
    """The versions, newest first, each with what it changed of the one before."""
    found = rules.versions(rule.id, most and most + 1)
    voice, shown = voice_of(hook), found[:most]
    names = users.emails({each.created_by for each in shown if each.created_by})
    return [
        Told(
            each,
            in_words(each, voice),
            names.get(each.created_by or "", ""),
            between(before, each, voice) if before else [],
        )
        for each, before in zip(shown, [*found[1:], None], strict=False)
    ]


def in_words(version: RuleVersion, voice: Voice) -> str:
    """A version as a sentence, or why it has none."""
    try:
        return voice.read_back(version.document)
    except RuleError as error:
        return f"This rule cannot be read any more: {error.message} {error.fix}"


def versions(rule_id: str) -> ResponseReturnValue:
    """Every version of a rule."""
    rule = find_rule(actor(), rule_id)
    hook = find_hook(actor(), rule.hook_id)
    return render_template(
        "rules/versions.html", rule=rule, told=told(rule, hook), may_write=actor().may("write")
    )
