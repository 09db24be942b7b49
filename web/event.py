"""One event: what happened and why, what was sent to us, and what one can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain import evidence, hidden_fields, revealing, trying
from rulebook.domain.hiding import hiding_in
from rulebook.domain.hooks import hook_url, secrets_of
from rulebook.domain.pins import pin_event
from rulebook.domain.replay import Replayed, find_event
from rulebook.domain.replay import replay as replay_event
from rulebook.domain.shown_runs import runs_shown
from rulebook.domain.trace import Trace, trace
from rulebook.domain.trying import Tried
from rulebook.errors import NotFound
from rulebook.storage import event_lists, events, users
from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from rules.paths import name_of
from web.bytes import bytes_shown
from web.compare import compare
from web.curl import curl
from web.eventlist import CHECKED, title, type_words
from web.explained import canonical, missed
from web.finding import finding
from web.fragments import page
from web.guard import actor, bell, public_url
from web.headline import headline, next_look
from web.said import said_by
from web.shown import zone
from web.story import Told, spoken, story
from web.tracing import money_hints, steps, time_hints, took

VIEWS = ("fields", "bytes", "headers", "difference")


def show(event_id: str) -> ResponseReturnValue:
    """One event: what happened, why, and what was sent to us."""
    return _show(find_event(actor(), event_id))


def replay(event_id: str) -> ResponseReturnValue:
    """Judge the event by today's rules; first say what that would send."""
    event = find_event(actor(), event_id)
    if request.method == "GET":
        return _show(event, preview=replay_event(actor(), event_id, dry_run=True))
    done = replay_event(actor(), event_id, again=request.form.get("again") == "yes")
    bell().runs(done.due)
    flash(_replayed_words(done))
    return redirect(url_for("events.show", event_id=event_id), 303)


def try_today(event_id: str) -> ResponseReturnValue:
    """What today's rules say of the event and would send; nothing is sent."""
    tried = trying.try_today(actor(), event_id)
    return _show(find_event(actor(), event_id), tried=tried)


def body(event_id: str) -> ResponseReturnValue:
    """The exact bytes, to be saved and never to be shown as a page of ours."""
    event = find_event(actor(), event_id)
    kept = events.body_of(event.id)
    if kept is None:
        raise NotFound("body")
    return _saved(event, revealing.exact_bytes(actor(), event, kept))


def reveal(event_id: str) -> ResponseReturnValue:
    """The exact bytes with what is hidden in them, once, to an owner; it is noted who saw them."""
    event, kept = revealing.reveal(actor(), event_id)
    if request.form.get("save") == "yes":
        return _saved(event, kept)
    return _show(event, revealed=True)


def _saved(event: Event, kept: bytes) -> Response:
    answer = Response(kept, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{event.id}.bin"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def hide(event_id: str) -> ResponseReturnValue:
    """Hide a field of this event's hook, from now on and in what was stored."""
    event = find_event(actor(), event_id)
    path = hidden_fields.hide_field(actor(), event.hook_id, request.form.get("path", ""))
    flash(
        f"Hidden on this hook: {name_of(path)}. Rules still see it, and messages still say it. "
        "An owner may show it again on the hook's page.",
        "ok",
    )
    return redirect(url_for("events.show", event_id=event_id) + "#sent", 303)


def pin(event_id: str) -> ResponseReturnValue:
    """Keep what was sent beyond its time, or let it go with the others."""
    pinned = pin_event(actor(), event_id, request.form.get("pinned") == "yes").pinned
    kept = "Pinned: what was sent is kept until you take the pin out."
    flash(kept if pinned else "Not pinned any more: it goes with the others of its time.", "ok")
    return redirect(url_for("events.show", event_id=event_id), 303)


def share(event_id: str) -> ResponseReturnValue:
    """What a link to this event shows and which ones there are; or a new one, shown once."""
    event = find_event(actor(), event_id)
    if request.method == "GET":
        return _show(event, sharing=True)
    _, token = evidence.make_link(actor(), event_id)
    made = public_url() + url_for("evidence.show", token=token)
    return _show(event, sharing=True, made=made)


def revoke(event_id: str, evidence_id: str) -> ResponseReturnValue:
    """A link leads nowhere from now on."""
    evidence.revoke_link(actor(), evidence_id)
    flash("The link is revoked: it leads nowhere any more.", "ok")
    return redirect(url_for("events.show", event_id=event_id), 303)


def _show(
    event: Event,
    preview: Replayed | None = None,
    sharing: bool = False,
    made: str = "",
    tried: list[Tried] | None = None,
    revealed: bool = False,
) -> str:
    here, traced = actor(), trace(event)
    preview = _covered(preview) if preview else None
    hints = money_hints(traced)
    if traced.payload:
        hints |= time_hints(traced.payload.value, zone())
    hints |= dict.fromkeys(traced.hiding.places, "hidden")
    voice = spoken(traced)
    told = story(traced, voice, everything=request.args.get("rules") == "all")
    way = steps(traced, told)
    older, newer = event_lists.neighbours(event)
    links = evidence.links_of(here, event.id)
    return page(
        "events/show.html",
        event=event,
        hook=traced.hook,
        trace=traced,
        story=told,
        left_out=len(traced.judged) - len(told) + traced.unexplained,
        headline=headline(traced),
        headers=traced.hiding.headers,
        query=traced.hiding.query,
        hides_bytes=traced.hiding.of_body,
        revealed=revealed,
        may_own=here.may("own"),
        steps=way,
        took=took(traced, way),
        title=title(event, traced.hook),
        type_words=type_words(event, traced.hook),
        checked=CHECKED[event.verification],
        next_look=next_look(traced),
        older=older,
        newer=newer,
        preview=preview,
        preview_words=_preview_words(preview) if preview else "",
        tried=tried,
        missed=lambda each: missed(each.parsed, each.explanation, voice),
        sharing=sharing,
        made=made,
        links=links,
        makers=users.emails({link.made_by for link in links if link.made_by}),
        said=said_by(traced.hook.provider),
        may_send=here.may("send"),
        may_write=here.may("write"),
        **_sent(traced, told, hints),
    )


def _covered(preview: Replayed) -> Replayed:
    sent = runs_shown(preview.already_sent)
    return replace(preview, runs=runs_shown(preview.runs), already_sent=sent)


def _sent(traced: Trace, told: Sequence[Told], hints: dict[str, str]) -> dict[str, Any]:
    """What was sent to us, in the way that one wants to look at it."""
    event, payload = traced.event, traced.payload
    view = "bytes" if request.endpoint == "events.reveal" else request.args.get("view", "fields")
    view = view if view in VIEWS else "fields"
    find = request.args.get("find", "").strip()[:100] if view == "fields" else ""
    before = event_lists.previous_like(event) if view == "difference" else None
    return {
        "view": view,
        "hiding": view == "fields" and actor().may("write") and bool(request.args.get("hide")),
        "find": find,
        "only": finding(payload.value, find) if payload and find else None,
        "path_of": canonical,
        "marked": _marked(told),
        "hints": hints,
        "shown_bytes": bytes_shown(traced.body, payload),
        "curl": _curl(traced) if view == "bytes" else None,
        "before": before,
        "compared": _compared(traced, before) if before else None,
    }


def _curl(traced: Trace) -> str | None:
    event = traced.event
    if traced.body is None or traced.hiding.of_body:
        return None
    there = f"{public_url()}/in/..." if traced.hook.deleted_at else hook_url(traced.hook)
    secrets = secrets_of(traced.hook)
    return curl(event.method, there, event.query, event.headers, traced.body, secrets)


def _compared(traced: Trace, before: Event) -> Any:
    then = events.body_of(before.id)
    if then is None or traced.payload is None:
        return None
    old = hiding_in(traced.hook, before, then)
    return compare(old.payload, traced.payload.value, traced.hook.provider)


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
