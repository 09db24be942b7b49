"""Events: the list with its filters, and one event with its trace."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain.replay import Replayed, find_event
from rulebook.domain.replay import replay as replay_event
from rulebook.domain.trace import trace
from rulebook.errors import NotFound
from rulebook.storage import events
from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from web import finder
from web.bytes import bytes_shown
from web.eventlist import CHECKED, title, type_words
from web.explained import canonical
from web.fragments import page
from web.guard import actor, bell
from web.tracing import Told, headline, money_hints, settled, steps, story

pages = Blueprint("events", __name__)


@pages.get("/events")
def index() -> ResponseReturnValue:
    """The events that fit the filter, newest first; the filter lives in the address."""
    return finder.events_page()


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
