"""Bulks: what is done to many events or runs at once, after a preview, in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from rulebook.domain import bulk as verbs
from rulebook.domain import saved
from rulebook.domain.chosen import MOST_CHOSEN, Which
from rulebook.domain.deeds import DEEDS
from rulebook.domain.heldback import cancelled_for_a_newer, left_out
from rulebook.domain.shown_runs import runs_shown
from rulebook.errors import Invalid, Problem
from rulebook.storage.bulks import Bulk
from rulebook.storage.users import emails
from web import finder, runlist
from web.api import events, runs
from web.api.calls import Ask, call, read_query
from web.api.paging import paged
from web.api.shapes import Shape, Want, moment
from web.bulklist import of_which

BULK = Shape("Bulk", "Something that is done to many at once. `state`: going, done or stopped; "
             "`looked`: how many events or runs were looked at; `total`: of how many, counted up "
             "to 10,000, where that is known; `done`: how many runs came of it; `cancelled`: how "
             "many were cancelled for a newer one; `left_out`: of how many nothing came, and why; "
             "`of`: what it was asked for, in words; `by`: the e-mail address of whoever asked.", {
    "id": "text", "what": "text", "state": "text", "looked": "count", "total": "count?",
    "done": "count", "cancelled": "count", "left_out": "[LeftOut]", "sentence": "text",
    "of": "text", "by": "text?", "created_at": "time", "finished_at": "time?",
})  # fmt: skip
LEFT_OUT = Shape("LeftOut", "How many are left out for one reason.", {
    "why": "text", "count": "count",
})  # fmt: skip
WOULD = Shape("Would", "How many runs of one action.", {"action": "text", "count": "count"})
PREVIEW = Shape("BulkPreview", "What a bulk would do; nothing was done. `already_sent`: how many "
                "were sent, or may have arrived, and are left out unless `again`; `cancelled`: "
                "how many would be cancelled for a newer one; `cost`: about how much "
                "the messages cost, in US dollars; `next`: where only the newest were looked at, "
                "the `cursor` of a preview of the others; `examples`: some runs.", {
    "what": "text", "looked": "count", "would": "[Would]", "cost": "text", "already_sent": "count",
    "cancelled": "count", "left_out": "[LeftOut]", "examples": "[Run]", "next": "text?",
})  # fmt: skip
_WHICH = (
    Want("what", "text", "What is done: replay events, retry, release or cancel runs, or release "
         "the newest held run for each receiver and cancel the older ones (one_each).",
         required=True, choices=tuple(DEEDS)),
    Want("ids", "texts", f"The chosen ones, at most {MOST_CHOSEN}."),
    Want("filter", "object", "Instead: all that fit, by the parameters of the list of events (to "
         "replay) or runs, each a text, such as {\"state\": \"failed\"}; {} for all."),
    Want("saved", "text", "Instead: all that fit the saved filter with this id."),
    Want("again", "yes/no", "What was sent already, or may have arrived, as well."),
)  # fmt: skip
_CURSOR = Want("cursor", "text", "Where to look further: `next` of the preview before.")


@call("POST", "/bulks/preview", gives=PREVIEW, reads=True, body=(*_WHICH, _CURSOR))
def preview(ask: Ask) -> Any:
    """Say what would be done, by the newest 200 (10,000 held or waiting ones), or by as many as it
    takes to find some."""
    which = _which(ask)
    found = verbs.preview(ask.actor, which, ask.body.get("cursor"))
    return {
        "what": which.what,
        "looked": found.looked,
        "would": [{"action": name, "count": n} for name, n in found.would.most_common()],
        "cost": f"{found.cost:.4f}",
        "already_sent": found.already_sent,
        "cancelled": found.cancelled,
        "left_out": _left_out(found.left_out),
        "examples": [runs.shown(run) for run in runs_shown(found.examples)],
        "next": found.next,
    }


@call("POST", "/bulks", "send", gives=BULK, status=201, body=_WHICH)
def begin(ask: Ask) -> Any:
    """Begin it; it goes on in small steps behind live work, also after a restart."""
    return _shown(verbs.begin(ask.actor, _which(ask)))


@call("GET", "/bulks", gives=BULK, listed=True)
def index(ask: Ask) -> Any:
    """List bulks, newest first."""
    found = verbs.recent(ask.actor, ask.limit + 1, ask.cursor)
    of, by = of_which(ask.actor.workspace_id, found), emails(_askers(found))
    return paged(found, ask.limit, lambda each: each.id, lambda each: _told(each, of, by))


@call("GET", "/bulks/{id}", gives=BULK)
def one(ask: Ask, id: str) -> Any:
    """Show how far a bulk has come."""
    return _shown(verbs.find_bulk(ask.actor, id))


@call("POST", "/bulks/{id}/stop", "send", gives=BULK)
def stop(ask: Ask, id: str) -> Any:
    """End a bulk before its time; what was done stays done."""
    return _shown(verbs.stop(ask.actor, id))


def _which(ask: Ask) -> Which:
    """Which are meant; one way of saying so, and no other."""
    given = ask.body
    ways = [name for name in ("ids", "filter", "saved") if name in given]
    if len(ways) != 1:
        raise Invalid.at(f"/{ways[1] if ways else 'ids'}", "Say in one way which are meant.",
                         "Give ids, or filter, or saved.")  # fmt: skip
    what, again = given["what"], given.get("again", False)
    if ways == ["ids"]:
        if not 1 <= len(given["ids"]) <= MOST_CHOSEN:
            raise Invalid.at("/ids", f"{len(given['ids'])} ids were given.",
                             f"Give 1 to {MOST_CHOSEN}, or a filter.")  # fmt: skip
        return Which(what, tuple(given["ids"]), again=again)
    if ways == ["saved"]:
        return _saved(ask, what, again)
    if DEEDS[what].of == "events":
        query = _filter(given["filter"], events.NARROWS)
        try:
            narrowed, fields = events.narrowed_by(ask.actor, query)
        except Invalid as wrong:
            raise Invalid(_within("/filter", wrong)) from None
        return Which(what, events=narrowed, fields=tuple(fields), again=again)
    query = _filter(given["filter"], runs.NARROWS)
    return Which(what, runs=runs.narrowed_by(ask.actor, query), again=again)


def _within(where: str, wrong: Invalid) -> list[Problem]:
    return [replace(each, pointer=where + each.pointer) for each in wrong.problems]


def _filter(given: Mapping[str, Any], wanted: tuple[Want, ...]) -> dict[str, Any]:
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    if len(texts) < len(given):
        name = next(name for name in given if name not in texts)
        raise Invalid.at(f"/filter/{name}", f"{name} must be a text.", 'Such as {"state": "held"}.')
    return read_query(wanted, texts, "/filter")


def _saved(ask: Ask, what: str, again: bool) -> Which:
    of = DEEDS[what].of
    kept = saved.find_filter(ask.actor, of, ask.body["saved"])
    query = dict(parse_qsl(kept.query))
    if of == "runs":
        return Which(what, runs=runlist.sought(query).narrowed, again=again)
    found = finder.sought(query)
    if found.wrong:
        raise Invalid.at("/saved", found.wrong, "Correct the filter on its page.")
    return Which(what, events=found.narrowed, fields=found.fields, again=again)


def _left_out(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"why": why, "count": count} for why, count in counts.items()]


def _askers(found: Sequence[Bulk]) -> set[str]:
    return {each.user_id for each in found if each.user_id}


def _shown(bulk: Bulk) -> dict[str, Any]:
    return _told(bulk, of_which(bulk.workspace_id, [bulk]), emails(_askers([bulk])))


def _told(bulk: Bulk, of: Mapping[str, str], by: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": bulk.id,
        "what": bulk.what,
        "state": bulk.state,
        "looked": bulk.looked,
        "total": bulk.total,
        "done": bulk.sent,
        "cancelled": cancelled_for_a_newer(bulk),
        "left_out": _left_out(left_out(bulk)),
        "sentence": bulk.sentence,
        "of": of[bulk.id],
        "by": by.get(bulk.user_id or ""),
        "created_at": moment(bulk.created_at),
        "finished_at": moment(bulk.finished_at),
    }
