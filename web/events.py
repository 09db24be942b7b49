"""Events: the list with its filters, and one event with its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain.gist import type_name
from rulebook.domain.replay import Replayed, find_event
from rulebook.domain.replay import replay as replay_event
from rulebook.domain.trace import trace
from rulebook.errors import NotFound
from rulebook.storage import events, hooks
from rulebook.storage.events import Event, EventFilter
from rulebook.storage.hooks import Hook
from rulebook.storage.runs import Run
from web.bytes import bytes_shown
from web.eventlist import CHECKED, lines, title, type_words
from web.explained import canonical
from web.fragments import page
from web.guard import actor, bell
from web.shown import zone
from web.tracing import Told, headline, money_hints, settled, steps, story

pages = Blueprint("events", __name__)
SHOWN = 50
NOTHING_YET = "evt_0"  # below every id
STATES = (
    ("", "any outcome"),
    ("matched", "a rule matched"),
    ("unmatched", "nothing matched"),
    ("failed", "something failed"),
    ("unknown", "may have been sent"),
    ("refused", "refused"),
    ("duplicate", "seen before"),
    ("held", "held"),
    ("poison", "could not be judged"),
)
OF_RUNS = ("failed", "unknown")
ASKED = ("q", "hook", "type", "state", "after", "before")


@pages.get("/events")
def index() -> ResponseReturnValue:
    """The events that fit the filter, newest first; the filter lives in the address."""
    here, asked = actor(), _asked()
    narrowed = narrowed_by(asked)
    older, newer = request.args.get("older"), request.args.get("newer")
    top = request.args.get("top")  # a list that refreshes itself stays with the rows it has
    if newer:
        found = events.page_after(here.workspace_id, narrowed, SHOWN, newer)
    else:
        found = events.page_of_events(here.workspace_id, narrowed, SHOWN + 1, older, top)
    more, found = len(found) > SHOWN, found[:SHOWN]
    first = found[0].id if found else ""
    return page(
        "events/index.html",
        lines=lines(here.workspace_id, found),
        asked=asked,
        first=first,
        fresh=_fresh(here.workspace_id, narrowed, first),
        at_top=not older and not newer,
        older=_address(asked, older=found[-1].id) if found and (more or newer) else None,
        newer=_address(asked, newer=first) if older and found else None,
        top=_address(asked),
        refresh=_address(asked, part="list", top=first or NOTHING_YET),
        anything=bool(found) or events.count_newer(here.workspace_id, EventFilter(), "", 1) > 0,
        hooks=hooks.hooks(here.workspace_id, deleted=True),
        types=_types(here.workspace_id, asked.get("hook")),
        states=STATES,
    )


@pages.get("/events/<event_id>")
def show(event_id: str) -> ResponseReturnValue:
    """One event: what happened, why, and what was sent to us."""
    return _show(find_event(actor(), event_id))


@pages.route("/events/<event_id>/replay", methods=["GET", "POST"])
def replay(event_id: str) -> ResponseReturnValue:
    """Judge the event by today's rules; first say what that would send."""
    event = find_event(actor(), event_id)
    if request.method == "GET":
        return _show(event, replay_event(actor(), event_id, dry_run=True))
    done = replay_event(actor(), event_id, again=request.form.get("again") == "yes")
    bell().runs(done.due)
    flash(_replayed_words(done))
    return redirect(url_for("events.show", event_id=event_id), 303)


@pages.get("/events/<event_id>/body")
def body(event_id: str) -> ResponseReturnValue:
    """The exact bytes, to be saved and never to be shown as a page of ours."""
    event = find_event(actor(), event_id)
    kept = events.body_of(event.id)
    if kept is None:
        raise NotFound("body")
    answer = Response(kept, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{event.id}.bin"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def narrowed_by(asked: Mapping[str, str]) -> EventFilter:
    """The filter that an address asks for; what cannot be read leaves a thing open."""
    state = asked.get("state")
    return EventFilter(
        hook_id=asked.get("hook"),
        event_type=asked.get("type"),
        state=None if state in OF_RUNS else state,
        run_state=state if state in OF_RUNS else None,
        text=asked.get("q"),
        after=_start_of(asked.get("after")),
        before=_start_of(asked.get("before"), days=1),
    )


def _show(event: Event, preview: Replayed | None = None) -> str:
    here, traced = actor(), trace(event)
    told = story(traced)
    older, newer = events.neighbours(event)
    view = request.args.get("view", "fields")
    hints = money_hints(traced)
    return page(
        "events/show.html",
        event=event,
        hook=traced.hook,
        trace=traced,
        story=told,
        headline=headline(traced),
        steps=steps(traced, told),
        title=title(event, traced.hook),
        type_words=type_words(event, traced.hook),
        checked=CHECKED[event.verification],
        settled=settled(traced),
        older=older,
        newer=newer,
        view=view if view in ("fields", "bytes", "headers") else "fields",
        shown_bytes=bytes_shown(traced.body, traced.payload),
        path_of=canonical,
        marked=_marked(told),
        hints=hints,
        preview=preview,
        preview_words=_preview_words(preview) if preview else "",
        may_send=here.may("send"),
        may_write=here.may("write"),
    )


def _marked(told: Sequence[Told]) -> set[str]:
    """The values that the rules which matched looked at; where none did, the nearest one."""
    chosen = [each for each in told if each.matched] or told[:1]
    return set().union(*(each.looked for each in chosen))


def _preview_words(preview: Replayed) -> str:
    due = [run for run in preview.runs if run.state == "queued"]
    watched = sum(run.state == "watched" for run in preview.runs)
    if not preview.runs and not preview.already_sent:
        return "No rule of today matches this event. Nothing would be sent."
    words = f"Would send {_listed(due)}." if due else "Would send nothing new."
    if watched:
        words += f" {watched} more in Watch mode would only be noted."
    return words


def _listed(found: list[Run]) -> str:
    named = [run.summary for run in found[:5]]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return ", ".join(named) + more


def _replayed_words(done: Replayed) -> str:
    if done.runs:
        count = len(done.runs)
        return f"Replayed: {count} run{'s' if count != 1 else ''} by the rules of today."
    if done.already_sent:
        return "Nothing was sent again, because it was sent before."
    return "Replayed: no rule of today matches, so nothing is sent."


def _asked() -> dict[str, str]:
    """The filter as it stands in the address, without what is empty or unknown."""
    given = {name: request.args.get(name, "").strip()[:200] for name in ASKED}
    if given["state"] not in dict(STATES):
        given["state"] = ""
    return {name: text for name, text in given.items() if text}


def _address(asked: Mapping[str, str], **more: str) -> str:
    query: dict[str, Any] = {**asked, **more}
    return url_for("events.index", **query)


def _fresh(workspace_id: str, narrowed: EventFilter, first: str) -> int:
    return events.count_newer(workspace_id, narrowed, request.args.get("top") or first)


def _start_of(text: str | None, days: int = 0) -> datetime | None:
    """The first moment of a day in the workspace's zone, or of the day that many days later."""
    try:
        found = date.fromisoformat(text or "") + timedelta(days=days)
        return datetime.combine(found, time.min, zone())
    except (ValueError, OverflowError):
        return None


def _types(workspace_id: str, hook_id: str | None) -> list[tuple[str, str]]:
    """The types seen, each with the words of the first sender that has some for it."""
    senders = {hook.provider for hook in _hooks(workspace_id, hook_id)}
    found = []
    for each in events.event_types(workspace_id, hook_id):
        words = {type_name(sender, each) for sender in senders} - {type_name("", each)}
        found.append((each, min(words, default=type_name("", each))))
    return found


def _hooks(workspace_id: str, hook_id: str | None) -> list[Hook]:
    found = hooks.hooks(workspace_id, deleted=True)
    return [hook for hook in found if hook_id in (None, hook.id)]
