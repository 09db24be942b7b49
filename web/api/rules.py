"""Rules: documents with a mode; every change of a document is a new version."""

from __future__ import annotations

from typing import Any

from rulebook.domain import rules as verbs
from rulebook.domain.hooks import find_hook
from rulebook.domain.preview import DEFAULT, MOST, Example, Planned, preview
from rulebook.domain.voice import Voice, voice_of, voices_of
from rulebook.errors import Invalid
from rulebook.storage import db, hooks, rules
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import MODES, Rule, RuleVersion
from web.api.calls import Ask, call
from web.api.events import listed as event_listed
from web.api.paging import paged, part
from web.api.shapes import Shape, Want, moment

RULE = Shape("Rule", "What to look for in a hook's events, and what to do then.", {
    "id": "text", "hook": "text", "name": "text", "mode": "text", "version": "count",
    "position": "count", "document": "object", "sentence": "text",
    "created_at": "time", "updated_at": "time",
})  # fmt: skip
VERSION = Shape("RuleVersion", "One saved state of a rule; it never changes.", {
    "number": "count", "document": "object", "sentence": "text", "created_at": "time",
    "created_by": "text?",
})  # fmt: skip
WOULD_SEND = Shape("WouldSend", "What one step would send; `state` is `would send`, or why not.", {
    "step": "text", "state": "text", "summary": "text", "message": "object?", "sentence": "text",
})  # fmt: skip
EXAMPLE = Shape("Example", "One stored event, judged.", {
    "event": "Event", "met": "yes/no", "explanation": "object", "would_send": "[WouldSend]",
})  # fmt: skip
PREVIEW = Shape("Preview", "A document judged against the newest stored events.", {
    "judged": "count", "met": "count", "met_ids": "texts", "oldest": "time?",
    "examples": "[Example]",
})  # fmt: skip
_DOCUMENT = Want("document", "object", "The rule document.", required=True)
_MODE = Want("mode", "text", "off, watch (only records) or live.", choices=MODES)
_HOOK = Want("hook", "text", "The id of the hook.", required=True)


@call("GET", "/rules", gives=RULE, listed=True,
      query=(Want("hook", "text", "Only the rules of this hook."),))  # fmt: skip
def index(ask: Ask) -> Any:
    """List rules, oldest first; `position` says in which order a hook judges them."""
    hook_id = ask.query.get("hook")
    if hook_id:
        find_hook(ask.actor, hook_id)
    found = rules.page_of_rules(ask.actor.workspace_id, hook_id, ask.limit + 1, ask.cursor)
    told = {rule.hook_id for rule, _ in found}
    known = hooks.hooks(ask.actor.workspace_id, deleted=True)
    voices = voices_of(hook for hook in known if hook.id in told)
    return paged(
        found, ask.limit, lambda pair: pair[0].id,
        lambda pair: _told(*pair, voices[pair[0].hook_id]),
    )  # fmt: skip


@call("POST", "/rules", "write", gives=RULE, status=201, body=(_HOOK, _DOCUMENT, _MODE))
def make(ask: Ask) -> Any:
    """Write a rule below the hook's others; its mode is off unless given."""
    hook_id = _hook_of(ask)
    mode = ask.body.get("mode", "off")
    return _shown(verbs.write_rule(ask.actor, hook_id, ask.body["document"], mode))


@call("POST", "/rules/preview", reads=True, gives=PREVIEW, body=(
    _HOOK, _DOCUMENT,
    Want("limit", "count", f"How many of the newest events, 1 to {MOST}; {DEFAULT} unless given."),
))  # fmt: skip
def try_out(ask: Ask) -> Any:
    """Judge a document against stored events and say what it would have done. Sends nothing."""
    limit = ask.body.get("limit", DEFAULT)
    if not 1 <= limit <= MOST:
        raise Invalid.at("/limit", f"limit is {limit}.", f"Choose 1 to {MOST}.")
    found = preview(ask.actor, _hook_of(ask), ask.body["document"], limit)
    return {
        "judged": found.judged,
        "met": found.met,
        "met_ids": found.met_ids,
        "oldest": moment(found.oldest),
        "examples": [_example(each) for each in found.examples],
    }


@call("GET", "/rules/{id}", gives=RULE)
def one(ask: Ask, id: str) -> Any:
    """Show one rule with the document in force."""
    return _shown(verbs.find_rule(ask.actor, id))


@call("PUT", "/rules/{id}", "write", gives=RULE, body=(
    _DOCUMENT,
    Want("version", "count", "The version that you saw; 409 when somebody saved since."),
))  # fmt: skip
def save(ask: Ask, id: str) -> Any:
    """Save a new version of a rule's document."""
    return _shown(verbs.save_rule(ask.actor, id, ask.body["document"], ask.body.get("version")))


@call("PATCH", "/rules/{id}", "write", gives=RULE, body=(
    _MODE,
    Want("move", "text", "One place up or down among the rules of its hook.",
         choices=("up", "down")),
))  # fmt: skip
def switch(ask: Ask, id: str) -> Any:
    """Switch a rule's mode, or move it up or down."""
    rule = verbs.find_rule(ask.actor, id)
    if not ask.body:
        raise Invalid.at("", "There is nothing to change.", "Give a mode: off, watch or live.")
    if "mode" in ask.body:
        rule = verbs.switch_rule(ask.actor, id, ask.body["mode"])
    if "move" in ask.body:
        rule = verbs.move_rule(ask.actor, id, -1 if ask.body["move"] == "up" else 1)
    return _shown(rule)


@call("DELETE", "/rules/{id}", "write", status=204)
def delete(ask: Ask, id: str) -> None:
    """Delete a rule; its history stays."""
    verbs.delete_rule(ask.actor, id)


@call("GET", "/rules/{id}/versions", gives=VERSION, listed=True)
def versions(ask: Ask, id: str) -> Any:
    """List a rule's versions, newest first."""
    rule = verbs.find_rule(ask.actor, id)
    found, voice = rules.versions(rule.id), voice_of(find_hook(ask.actor, rule.hook_id))
    return part(found, ask, lambda each: f"{10**9 - each.number:010}",
                lambda each: _version(each, voice))  # fmt: skip


def _hook_of(ask: Ask) -> str:
    """The hook named in the body, found: another workspace's is as unknown as none."""
    hook_id: str = ask.body["hook"]
    return find_hook(ask.actor, hook_id).id


def _shown(rule: Rule) -> dict[str, Any]:
    voice = voice_of(db.session.get_one(Hook, rule.hook_id))
    return _told(rule, rules.version(rule.id, rule.version), voice)


def _told(rule: Rule, version: RuleVersion, voice: Voice) -> dict[str, Any]:
    return {
        "id": rule.id,
        "hook": rule.hook_id,
        "name": rule.name,
        "mode": rule.mode,
        "version": rule.version,
        "position": rule.position,
        "document": version.document,
        "sentence": voice.read_back(version.document),
        "created_at": moment(rule.created_at),
        "updated_at": moment(rule.updated_at),
    }


def _version(version: RuleVersion, voice: Voice) -> dict[str, Any]:
    return {
        "number": version.number,
        "document": version.document,
        "sentence": voice.read_back(version.document),
        "created_at": moment(version.created_at),
        "created_by": version.created_by,
    }


def _example(example: Example) -> dict[str, Any]:
    return {
        "event": event_listed(example.event, hooks.hook_by_id(example.event.hook_id)),
        "met": example.explanation.met,
        "explanation": example.explanation.as_dict(),
        "would_send": [_would_send(each) for each in example.planned],
    }


def _would_send(planned: Planned) -> dict[str, Any]:
    return {
        "step": planned.step_id,
        "state": planned.state,
        "summary": planned.summary,
        "message": vars(planned.message) if planned.message else None,
        "sentence": planned.sentence,
    }
