"""Events: what arrived, exactly; how it was judged and why; what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, url_for

from rulebook.domain import evidence, revealing
from rulebook.domain import replay as verbs
from rulebook.domain.actor import Actor
from rulebook.domain.asking import FieldAsked, read_field
from rulebook.domain.exporting import begin_export, events_to_take
from rulebook.domain.hiding import gist_shown
from rulebook.domain.history import search
from rulebook.domain.house import house
from rulebook.domain.pins import pin_event
from rulebook.domain.shown_runs import runs_shown
from rulebook.domain.trace import Trace, trace
from rulebook.errors import Invalid, NotFound, Problem
from rulebook.storage import events, hooks, rules
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.events import Event
from rulebook.storage.evidence import Evidence
from rulebook.storage.hooks import Hook
from web.api import runs as run_shapes
from web.api.calls import Ask, call
from web.api.paging import pack
from web.api.shapes import Shape, Want, moment
from web.guard import bell, public_url
from web.headline import headline
from web.story import Told, spoken, story
from web.taking import taken
from web.tracing import Step, steps

OF_RUNS = {"failed": ("failed",), "unknown": ("unknown",), "run_held": ("held",)}
STATES = ("received", "processing", "done", "poison", "duplicate", "refused", "held", "matched",
          "unmatched", *OF_RUNS)  # fmt: skip
_EVENT = {
    "id": "text", "hook": "text", "received_at": "time", "type": "text?", "provider_id": "text?",
    "state": "text", "verification": "text", "matched": "count", "gist": "text", "size": "count",
    "content_type": "text", "sample": "yes/no",
}  # fmt: skip
EVENT = Shape("Event", "One request that arrived. `matched`: how many rules it met.", _EVENT)
JUDGED = Shape("JudgedRule", "A rule's verdict by the version then in force. `part`: judged; or "
               "why it took no part: off, newer, stopped or spared (because of the rule `by`), "
               "elsewhere; `counted` is true for judged alone. `missed`: how many conditions it "
               "lacks; `said`: that in words; `changes`: how today's version differs.", {
    "rule": "text", "name": "text", "version": "count", "version_today": "count", "mode": "text",
    "met": "yes/no", "counted": "yes/no", "part": "text", "by": "text?", "missed": "count",
    "said": "text", "changes": "texts", "explanation": "object", "runs": "texts",
})  # fmt: skip
STEP = Shape("Step", "One step of an event's way, as its page tells it; `after` is the delay since "
             "the step before.", {
    "id": "text", "title": "text", "text": "text", "kind": "text", "at": "time?", "after": "text",
})  # fmt: skip
DELIVERY = Shape("Delivery", "A later delivery of the same event, which was noted and not judged.",
                 {"event": "text", "received_at": "time"})  # fmt: skip
LINK = Shape("EvidenceLink", "A link that shows one event, masked, to whoever has it.", {
    "id": "text", "event": "text", "created_at": "time", "expires_at": "time",
})  # fmt: skip
MADE = Shape("EvidenceLinkMade", "A new link; `url` is told this once and never again.", {
    **LINK.fields, "url": "text",
})  # fmt: skip
FULL = Shape("EventInFull", "All there is to say about an event. `body_kept` is false once the "
             "body's time is over; `problem` says why a body could not be read.", {
    **_EVENT, "method": "text", "query": "text", "headers": "list", "address": "text",
    "reason": "text", "judged_at": "time?", "duplicate_of": "text?", "duplicates": "texts",
    "deliveries": "[Delivery]", "pinned": "yes/no", "headline": "text",
    "body_kept": "yes/no", "payload": "any", "payload_kind": "text?", "problem": "text?",
    "notes": "texts", "steps": "[Step]", "rules": "[JudgedRule]", "runs": "[RunWithAttempts]",
})  # fmt: skip
REPLAYED = Shape("Replayed", "`runs`: what is sent, or would be in a dry run; `already_sent`: "
                 "what was left out because it was sent before.", {
    "dry_run": "yes/no", "runs": "[Run]", "already_sent": "[Run]",
})  # fmt: skip


NARROWS = (
    Want("hook", "text", "Only events of this hook."),
    Want("q", "text", "Only events that hold these words anywhere, or have this id."),
    Want("field", "text", "Only events with such a field: path:test:value, as in "
         "customer.email:is:jenny@example.com; the tests are is, is_not, contains, more_than, "
         "less_than and is_there. A path alone asks for being there."),
    Want("value", "text", "Only events where `field`, a path alone, is this text or number."),
    Want("type", "text", "Only events of this type."),
    Want("state", "text", "Only events in this state or with this outcome; failed, unknown and "
         "run_held: any of its runs is so.", choices=STATES),
    Want("verified", "text", "Only events whose signature was found so.",
         choices=("verified", "refused", "none")),
    Want("rule", "text", "Only events that met this rule."),
    Want("after", "time", "Only events received at this time or later."),
    Want("before", "time", "Only events received before this time."),
)  # fmt: skip


@call("GET", "/events", gives=EVENT, listed=True, query=(
    *NARROWS,
    Want("format", "text", "All that fit at once, streamed, for an owner: csv or ndjson.",
         choices=("json", "csv", "ndjson")),
))  # fmt: skip
def index(ask: Ask) -> Any:
    """List events, newest first. With `field` or `q` the looking for one page is bounded: it may
    hold few or none and still have a `next`, where to go on."""
    asked = ask.query
    narrowed, fields = narrowed_by(ask.actor, asked)
    if asked.get("format", "json") != "json":
        begin_export(ask.actor, f"events.{asked['format']}")
        return taken("events", asked["format"], events_to_take(ask.actor, narrowed, fields))
    page = search(ask.actor, narrowed, ask.limit, ask.cursor, fields)
    # The cursor is where the looking ended, which with `field` need not be an event of the page.
    known = {hook.id: hook for hook in hooks.hooks(ask.actor.workspace_id, deleted=True)}
    items = [listed(event, known[event.hook_id]) for event in page.events]
    return {"items": items, "next": pack(page.next) if page.next else None}


def narrowed_by(actor: Actor, asked: Mapping[str, Any]) -> tuple[EventFilter, list[FieldAsked]]:
    """What these parameters of the list narrow it by. Raises NotFound, Invalid."""
    hook_id = asked.get("hook")
    if hook_id and hooks.hook(actor.workspace_id, hook_id, deleted=True) is None:
        raise NotFound("hook")
    state = asked.get("state")
    narrowed = EventFilter(
        hook_id, asked.get("type"), None if state in OF_RUNS else state, asked.get("q"),
        asked.get("after"), asked.get("before"), OF_RUNS.get(state or "", ()),
        asked.get("verified"), asked.get("rule"),
    )  # fmt: skip
    if asked.get("value") is not None and not asked.get("field"):
        raise Invalid.at("/value", "A value needs a field to be looked for in.",
                         "Add field, such as $.amount.")  # fmt: skip
    fields = [read_field(asked["field"], asked.get("value"))] if asked.get("field") else []
    return narrowed, fields


@call("GET", "/events/{id}", gives=FULL)
def one(ask: Ask, id: str) -> Any:
    """Show one event in full: what came, every rule's verdict with its reasons, every try."""
    found = trace(verbs.find_event(ask.actor, id))
    told = story(found, spoken(found), everything=True)
    way = [_step(each) for each in steps(found, told)]
    return {**listed(found.event, found.hook), **_request(found), **_payload(found), "steps": way,
            **_outcome(found, told)}  # fmt: skip


@call("GET", "/events/{id}/body")
def body(ask: Ask, id: str) -> Any:
    """The exact bytes of the body, as they arrived. Where something is hidden in them, only an
    owner's token reads them, and it is noted."""
    event = verbs.find_event(ask.actor, id)
    exact = events.body_of(event.id)
    if exact is None:
        gone = NotFound("body")
        gone.fix = f"Bodies are kept for {house().config['RETENTION_DAYS']} days."
        raise gone
    if ask.actor.may("own"):
        revealing.note_read(ask.actor, event, exact)
    else:
        exact = revealing.exact_bytes(ask.actor, event, exact)
    name = f'attachment; filename="{event.id}.bin"'
    return Response(exact, headers={"Content-Disposition": name},
                    mimetype="application/octet-stream")  # fmt: skip


@call("POST", "/events/{id}/replay", gives=REPLAYED, body=(
    Want("rules", "texts", "The ids of the rules to judge by; all of the hook unless given."),
    Want("dry_run", "yes/no", "Only say what would be sent."),
    Want("again", "yes/no", "Send what was sent before as well."),
))  # fmt: skip
def replay(ask: Ask, id: str) -> Any:
    """Judge an event by today's rules and send what they ask for, except what was sent before.
    Needs the right to send, unless it is a dry run."""
    given = ask.body
    verbs.find_event(ask.actor, id)
    _check_rules(ask)
    done = verbs.replay(
        ask.actor, id, given.get("rules"), given.get("dry_run", False), given.get("again", False)
    )
    bell().runs(done.due)
    return {
        "dry_run": done.dry_run,
        "runs": [run_shapes.shown(run) for run in runs_shown(done.runs)],
        "already_sent": [run_shapes.shown(run) for run in runs_shown(done.already_sent)],
    }


@call("POST", "/events/{id}/pin", "write", gives=EVENT, body=(
    Want("pinned", "yes/no", "False takes the pin out again."),
))  # fmt: skip
def pin(ask: Ask, id: str) -> Any:
    """Keep what was sent beyond its time, for as long as the pin stays."""
    event = pin_event(ask.actor, id, ask.body.get("pinned", True))
    return listed(event, hooks.hook_by_id(event.hook_id))


@call("GET", "/events/{id}/evidence", gives=LINK, listed=True)
def links(ask: Ask, id: str) -> Any:
    """List the links that show this event now."""
    return {"items": [_link(each) for each in evidence.links_of(ask.actor, id)], "next": None}


@call("POST", "/events/{id}/evidence", "write", gives=MADE, status=201)
def share(ask: Ask, id: str) -> Any:
    """Make a link that shows this event, masked, for seven days to whoever has it."""
    link, token = evidence.make_link(ask.actor, id)
    return {**_link(link), "url": public_url() + url_for("evidence.show", token=token)}


@call("DELETE", "/events/{id}/evidence/{link}", "write", status=204)
def unshare(ask: Ask, id: str, link: str) -> Any:
    """Revoke a link: it leads nowhere from now on."""
    verbs.find_event(ask.actor, id)
    evidence.revoke_link(ask.actor, link)


def _link(link: Evidence) -> dict[str, Any]:
    return {
        "id": link.id,
        "event": link.event_id,
        "created_at": moment(link.created_at),
        "expires_at": moment(link.expires_at),
    }


def listed(event: Event, hook: Hook) -> dict[str, Any]:
    """An event as lists tell it."""
    return {
        "id": event.id,
        "hook": event.hook_id,
        "received_at": moment(event.received_at),
        "type": event.event_type,
        "provider_id": event.provider_id,
        "state": event.state,
        "verification": event.verification,
        "matched": event.matched,
        "gist": gist_shown(hook, event),
        "size": event.size,
        "content_type": event.content_type,
        "sample": event.sample,
    }


def _check_rules(ask: Ask) -> None:
    unknown = [
        Problem(f"/rules/{at}", f"There is no rule {rule_id!r} here.", "Leave it out.")
        for at, rule_id in enumerate(ask.body.get("rules", []))
        if rules.rule(ask.actor.workspace_id, rule_id) is None
    ]
    if unknown:
        raise Invalid(unknown)


def _request(found: Trace) -> dict[str, Any]:
    event = found.event
    return {
        "method": event.method,
        "query": found.hiding.query,
        "headers": found.hiding.headers,
        "address": event.address,
        "reason": found.hiding.text(event.reason),
        "judged_at": moment(event.judged_at),
        "duplicate_of": event.duplicate_of,
        "duplicates": [each.id for each in found.duplicates],
        "deliveries": [
            {"event": each.id, "received_at": moment(each.received_at)} for each in found.duplicates
        ],
        "pinned": event.pinned,
        "headline": headline(found),
    }


def _payload(found: Trace) -> dict[str, Any]:
    payload = found.payload
    return {
        "body_kept": found.body is not None,
        "payload": payload.value if payload else None,
        "payload_kind": payload.kind if payload else None,
        "problem": payload.problem if payload else None,
        "notes": list(payload.notes) if payload else [],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "title": step.title,
        "text": step.text,
        "kind": step.kind,
        "at": moment(step.at),
        "after": step.later.removeprefix("+"),
    }


def _outcome(found: Trace, told: Sequence[Told]) -> dict[str, Any]:
    return {
        "rules": [_judged(each) for each in told],
        "runs": [run_shapes.full(run, found.attempts[run.id]) for run in found.runs],
    }


def _judged(told: Told) -> dict[str, Any]:
    judged = told.judged
    return {
        "rule": judged.rule.id,
        "name": judged.rule.name,
        "version": judged.version.number,
        "version_today": judged.rule.version,
        "mode": judged.mode,
        "met": judged.met,
        "counted": judged.counted,
        "part": judged.part,
        "by": judged.by.id if judged.by else None,
        "missed": judged.explanation.missed,
        "said": f"{told.lead}{told.rest}",
        "changes": told.changes or [],
        "explanation": judged.explanation.as_dict(),
        "runs": [run.id for run in judged.runs],
    }
