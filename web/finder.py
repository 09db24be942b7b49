"""The list of events: found by what the address asks for, drawn so that no row moves by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from rulebook.domain import history
from rulebook.domain.asking import TESTS, FieldAsked, field_asked
from rulebook.domain.gist import type_name
from rulebook.domain.saved import may_change, saved_filters
from rulebook.errors import Invalid
from rulebook.storage import event_lists, fields, finding, hooks, rules, utcnow
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.hooks import Hook
from web.eventlist import lines
from web.fragments import page
from web.guard import actor
from web.shown import zone

SHOWN = 50
MOST_HOOKS, MOST_PATHS = 5, 300
NOTHING_YET = "evt_0"  # below every id
STATES = {
    "": "any outcome",
    "matched": "a rule matched",
    "unmatched": "nothing matched",
    "failed": "something failed",
    "unknown": "may have been sent",
    "run_held": "something is held",
    "refused": "refused",
    "duplicate": "seen before",
    "handshake": "handshake",
    "held": "kept while paused",
    "poison": "could not be judged",
    "waiting": "not judged yet",
}
OF_RUNS = {"failed": ("failed",), "unknown": ("unknown",), "run_held": ("held",)}
CHECKS = {
    "": "verified or not",
    "verified": "verified",
    "refused": "refused by their signature",
    "none": "not checked",
}
WITHIN = {"": "any time", "1h": "the last hour", "24h": "the last 24 hours",
          "7d": "the last 7 days", "30d": "the last 30 days"}  # fmt: skip
SPANS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7),
          "30d": timedelta(days=30)}  # fmt: skip
CHOICES = {"state": STATES, "checked": CHECKS, "in": WITHIN, "test": TESTS}
ASKED = ("q", "hook", "type", "state", "rule", "checked", "in", "after", "before", "field", "test",
         "value")  # fmt: skip


@dataclass(frozen=True)
class Sought:
    """What an address asks for; `wrong`: what could not be read, in words."""

    asked: Mapping[str, str]
    narrowed: EventFilter
    fields: tuple[FieldAsked, ...] = ()
    wrong: str = ""
    more: bool = False


def sought(given: Mapping[str, str]) -> Sought:
    """What these values ask for; what is empty, unknown or cannot be read leaves a thing open."""
    asked = {name: given.get(name, "").strip()[:200] for name in ASKED}
    for name, known in CHOICES.items():
        if asked[name] not in known:
            asked[name] = ""
    if not asked["field"]:
        asked["test"] = asked["value"] = ""
    asked = {name: text for name, text in asked.items() if text}
    found: tuple[FieldAsked, ...] = ()
    wrong = ""
    if "field" in asked:
        try:
            test = asked.setdefault("test", "is")
            found = (field_asked(asked["field"], test, asked.get("value", "")),)
        except Invalid as problem:
            wrong = " ".join(f"{each.message} {each.fix}" for each in problem.problems)
    more = bool({"rule", "checked", "field", "after", "before"} & set(asked))
    return Sought(asked, _narrowed(asked), found, wrong, more)


def _narrowed(asked: Mapping[str, str]) -> EventFilter:
    state = asked.get("state", "")
    after = [start_of(asked.get("after"))]
    if "in" in asked:
        after.append(utcnow() - SPANS[asked["in"]])
    return EventFilter(
        hook_id=asked.get("hook"),
        event_type=asked.get("type"),
        state=state if state and state not in OF_RUNS else None,
        text=asked.get("q"),
        after=max((each for each in after if each), default=None),
        before=start_of(asked.get("before"), days=1),
        run_states=OF_RUNS.get(state, ()),
        verification=asked.get("checked"),
        rule_id=asked.get("rule"),
    )


def events_page() -> str:
    """The events that fit what the address asks for, newest first, or a part of that page."""
    here, looked_for = actor(), sought(request.args)
    asked, narrowed = looked_for.asked, looked_for.narrowed
    older, top = request.args.get("older"), request.args.get("top")
    found = history.search(here, narrowed, SHOWN, older, looked_for.fields, top)
    first = found.events[0].id if found.events else ""
    known_hooks = hooks.hooks(here.workspace_id, deleted=True)
    drawn = bool(request.args.get("part"))
    return page(
        "events/index.html",
        lines=lines(found.events, known_hooks),
        sought=looked_for,
        asked=asked,
        found=found,
        first=first,
        fresh=history.count_fresh(here, narrowed, top or first, looked_for.fields) if drawn else 0,
        at_top=not older,
        older=_address(asked, older=found.next) if found.next else None,
        newest=_address(asked) if older else None,
        top=_address(asked),
        refresh=_address(asked, part="list", top=first or NOTHING_YET),
        drops_of=_drops(asked, known_hooks),
        total=history.count_all(here) if not found.events else 0,
        most_counted=history.MOST_COUNTED,
        hooks=known_hooks,
        rules=[] if drawn else rules.rules(here.workspace_id),
        types=[] if drawn else _types(here.workspace_id, known_hooks, asked.get("hook")),
        choices=CHOICES,
        saved_filters=[] if drawn else saved_filters(here, "events"),
        may_change=partial(may_change, here),
        query=urlencode(asked),
        may_send=here.may("send"),
        may_export=here.may("own"),
        may_write=here.may("write"),
        paths=[] if drawn else _paths(known_hooks, asked.get("hook")),
    )


def _drops(asked: Mapping[str, str], known: list[Hook]) -> list[tuple[str, str]]:
    """For each part of the filter the address without it, and that part in words."""
    given = {name: asked.get(name, "") for name in ASKED}
    names = {hook.id: hook.name for hook in known}
    test = (
        "is there"
        if given["test"] == "is_there"
        else f"{TESTS.get(given['test'])} {given['value']}"
    )
    words = {
        "q": f"the words “{given['q']}”",
        "hook": f"of {names.get(given['hook'], 'a hook that is gone')}",
        "type": f"type {given['type']}",
        "state": STATES[given["state"]],
        "rule": "met the rule",
        "checked": CHECKS[given["checked"]],
        "in": f"in {WITHIN[given['in']]}",
        "after": f"from {given['after']}",
        "before": f"to {given['before']}",
        "field": f"{given['field']} {test}",
    }
    return [(_address(_without(asked, name)), words[name]) for name in asked if name in words]


def _without(asked: Mapping[str, str], name: str) -> dict[str, str]:
    gone = ("field", "test", "value") if name == "field" else (name,)
    return {key: text for key, text in asked.items() if key not in gone}


def _address(asked: Mapping[str, str], **more: str) -> str:
    query: dict[str, Any] = {**asked, **more}
    return url_for("events.index", **query)


def start_of(text: str | None, days: int = 0) -> datetime | None:
    """The first moment of a day in the workspace's zone, or of the day that many days later."""
    try:
        found = date.fromisoformat(text or "") + timedelta(days=days)
        return datetime.combine(found, time.min, zone())
    except (ValueError, OverflowError):
        return None


def _paths(known: list[Hook], hook_id: str | None) -> list[str]:
    """The fields that the hook's events have shown, or those of all hooks; as one types them."""
    chosen = [hook.id for hook in known if hook_id in (None, hook.id) and not hook.deleted_at]
    seen = fields.paths(chosen[:MOST_HOOKS])
    return sorted(path.removeprefix("$.") for path in seen)[:MOST_PATHS]


def _types(workspace_id: str, known: list[Hook], hook_id: str | None) -> list[tuple[str, str]]:
    """The types seen here, each with the words of the first sender that has some for it."""
    senders = {hook.provider for hook in known if hook_id in (None, hook.id)}
    found = []
    seen = set(event_lists.event_types(workspace_id)) | set(finding.types_of(workspace_id))
    for each in sorted(seen):
        words = {type_name(sender, each) for sender in senders} - {type_name("", each)}
        found.append((each, min(words, default=type_name("", each))))
    return found
