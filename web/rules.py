"""The list of rules: each as a sentence, its mode, order and history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain import rules as verbs
from rulebook.domain.called import possible_values
from rulebook.domain.rules import find_rule
from rulebook.domain.voice import Voice, voices_of
from rulebook.domain.weigh import fields_seen
from rulebook.storage import figures, hooks, rules, utcnow, verdicts
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rules import RuleError, lint, parse
from rules.nodes import Rule as ParsedRule
from rules.words import sentence_case
from web import builder, far
from web.guard import actor, own_page
from web.versions import in_words, versions

pages = Blueprint("rules", __name__)
pages.add_url_rule("/rules/new", "new", builder.new)
pages.add_url_rule("/rules", "create", builder.create, methods=["POST"])
pages.add_url_rule("/rules/preview", "preview", builder.preview, methods=["POST"])
pages.add_url_rule("/rules/far", "far", far.poll, methods=["POST"])
pages.add_url_rule("/rules/<rule_id>", "edit", builder.edit)
pages.add_url_rule("/rules/<rule_id>", "save", builder.save, methods=["POST"])
pages.add_url_rule("/rules/<rule_id>/versions", "versions", versions)

WEEK = timedelta(days=7)
MANY = 100  # events that are counted for a rule that watches


@dataclass(frozen=True)
class Listed:
    """One rule as the list shows it."""

    rule: Rule
    sentence: str
    hits: int
    last_hit: datetime | None
    notes: list[tuple[str, str]]
    watched: int | None = None  # events it would have sent for, where it only watches


@pages.get("/rules")
def index() -> ResponseReturnValue:
    """Every rule as a sentence, hook by hook, in the order in which they are judged."""
    known = hooks.hooks(actor().workspace_id)
    listed = _listed(known)
    return render_template(
        "rules/index.html",
        groups=[(hook, listed[hook.id]) for hook in known if listed.get(hook.id)],
        hooks=known,
        most_watched=MANY,
        may_write=actor().may("write"),
    )


def _listed(known: Iterable[Hook]) -> dict[str, list[Listed]]:
    here = actor().workspace_id
    hits, last = verdicts.hits_since(here, utcnow() - WEEK), verdicts.last_hits(here)
    by_hook: dict[str, list[tuple[Rule, RuleVersion]]] = {}
    current, voices = rules.current(here), voices_of(known)
    watched = figures.watched_by([each.id for rule, each in current if rule.mode == "watch"], MANY)
    for rule, version in current:
        by_hook.setdefault(rule.hook_id, []).append((rule, version))
    return {
        hook.id: [
            Listed(
                rule,
                in_words(version, voices[hook.id]),
                hits.get(rule.id, 0),
                last.get(rule.id),
                notes,
                watched.get(version.id),
            )
            for (rule, version), notes in zip(
                by_hook[hook.id], _notes(hook, by_hook[hook.id], voices[hook.id]), strict=True
            )
        ]
        for hook in known
        if hook.id in by_hook
    }


def _notes(
    hook: Hook, current: list[tuple[Rule, RuleVersion]], voice: Voice
) -> list[list[tuple[str, str]]]:
    """What is probably not meant, for each rule of a hook: what is so, and what to do."""
    seen = fields_seen(hook.id)
    parsed = [_parsed(version) for _, version in current]
    found = [
        lint(
            one,
            [other for other in parsed if other and other is not one],
            seen,
            possible=possible_values(hook.provider),
        )
        if one
        else []
        for one in parsed
    ]
    return [
        [(sentence_case(voice.noted(note, one)), note.fix) for note in notes]
        for one, notes in zip(parsed, found, strict=True)
    ]


def _parsed(version: RuleVersion) -> ParsedRule | None:
    try:
        return parse(version.document)
    except RuleError:
        return None


@pages.post("/rules/<rule_id>/mode")
def mode(rule_id: str) -> ResponseReturnValue:
    """Off, watch or live."""
    verbs.switch_rule(actor(), rule_id, request.form.get("mode", ""))
    return _back()


@pages.post("/rules/<rule_id>/move")
def move(rule_id: str) -> ResponseReturnValue:
    """One place up (by -1) or down (by 1)."""
    verbs.move_rule(actor(), rule_id, -1 if request.form.get("by") == "-1" else 1)
    return _back()


@pages.route("/rules/<rule_id>/delete", methods=["GET", "POST"])
def delete(rule_id: str) -> ResponseReturnValue:
    """Ask first, then delete; what the rule did stays in the history."""
    rule = find_rule(actor(), rule_id)
    actor().must("write")
    if request.method == "GET":
        return render_template("rules/delete.html", rule=rule)
    verbs.delete_rule(actor(), rule_id)
    flash(f"“{rule.name}” is deleted. What it did stays in the history.", "ok")
    return redirect(url_for("rules.index"), 303)


def _back() -> ResponseReturnValue:
    return redirect(own_page(request.form.get("next"), url_for("rules.index")), 303)
