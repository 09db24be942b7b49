"""Many at once: what would come of it, the button, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from rulebook.actions import ACTIONS
from rulebook.domain import bulk
from rulebook.domain.chosen import MOST_CHOSEN, MOST_COUNTED, Which
from rulebook.domain.deed import Preview
from rulebook.domain.deeds import DEEDS
from rulebook.domain.heldback import cancelled_for_a_newer, left_out
from rulebook.domain.shown_runs import runs_shown
from rulebook.errors import Conflict, Invalid, NotFound
from rulebook.storage import users
from web import finder, runlist
from web.bulklist import of_which
from web.fragments import page
from web.guard import actor

pages = Blueprint("bulk", __name__)

SHOWN = 50


@dataclass(frozen=True)
class Words:
    """How a deed is called: on its button, while it goes on, once it is done, of what it is done,
    what came of it."""

    verb: str
    doing: str
    done: str
    of: tuple[str, str]
    came: tuple[str, str]
    icon: str


WORDS = {
    "replay": Words("Replay", "Replaying", "Replayed", ("event", "events"),
                    ("run planned", "runs planned"), "replay"),
    "retry": Words("Retry", "Retrying", "Retried", ("run", "runs"),
                   ("run planned", "runs planned"), "replay"),
    "release": Words("Release", "Releasing", "Released", ("held run", "held runs"),
                     ("run released", "runs released"), "send"),
    "one_each": Words("Send one per person", "Sending one per person", "Sent one per person",
                      ("held run", "held runs"), ("run released", "runs released"), "send"),
    "cancel": Words("Cancel", "Cancelling", "Cancelled", ("waiting run", "waiting runs"),
                    ("run cancelled", "runs cancelled"), "cross"),
}  # fmt: skip
_LISTS = {"events": "events.index", "runs": "runs.index"}


@pages.get("/together/<what>")
def ask(what: str) -> ResponseReturnValue:
    """What would come of it, for the chosen ones (`id`, `page`) or for all that fit (`fit`);
    changes nothing."""
    which, back = _which(what, request.args), _back(what, request.args)
    if which is None:
        flash("Nothing was chosen. Tick some, or take all that fit.", "off")
        return redirect(back, 303)
    given = [(n, text) for n, text in request.args.items(multi=True) if n not in ("again", "upto")]
    found = bulk.preview(actor(), which, request.args.get("upto"))
    found.examples = runs_shown(found.examples)
    further = [*given, *([("again", "yes")] if which.again else []), ("upto", found.next or "")]
    return render_template(
        "bulk_ask.html",
        what=what,
        words=WORDS[what],
        sends=DEEDS[what].sends,
        which=which,
        found=found,
        would=would_words(found),
        given=given,
        further=further,
        back=back,
        may_send=actor().may("send"),
    )


@pages.post("/together/<what>")
def begin(what: str) -> ResponseReturnValue:
    """Begin it; the worker carries it on."""
    which, back = _which(what, request.form), _back(what, request.form)
    if which is None:
        return redirect(back, 303)
    try:
        made = bulk.begin(actor(), which)
    except (Conflict, Invalid) as refused:
        flash(refused.message if isinstance(refused, Conflict) else str(refused), "doubt")
        return redirect(back, 303)
    return redirect(url_for("bulk.show", bulk_id=made.id), 303)


@pages.get("/bulks")
def index() -> ResponseReturnValue:
    """What was done to many at once, newest first."""
    older = request.args.get("older")
    found = bulk.recent(actor(), SHOWN + 1, older)
    shown = found[:SHOWN]
    return page(
        "bulks.html",
        bulks=shown,
        words=WORDS,
        cancelled=cancelled_for_a_newer,
        left_out=left_out,
        of=of_which(actor().workspace_id, shown),
        by=users.emails({each.user_id for each in shown if each.user_id}),
        most_counted=MOST_COUNTED,
        at_top=not older,
        older=url_for("bulk.index", older=shown[-1].id) if len(found) > SHOWN else None,
        refresh=url_for("bulk.index", part="list"),
    )


@pages.get("/bulks/<bulk_id>")
def show(bulk_id: str) -> ResponseReturnValue:
    """How far it has come; it can be left, and stopped."""
    found = bulk.find_bulk(actor(), bulk_id)
    return page(
        "bulk.html",
        bulk=found,
        words=WORDS[found.what],
        sends=DEEDS[found.what].sends,
        cancelled=cancelled_for_a_newer(found),
        left_out=left_out(found),
        of=of_which(actor().workspace_id, [found])[found.id],
        by=users.emails({found.user_id or ""}).get(found.user_id or ""),
        most_counted=MOST_COUNTED,
        may_send=actor().may("send"),
        refresh=url_for("bulk.show", bulk_id=bulk_id, part="progress"),
    )


@pages.post("/bulks/<bulk_id>/stop")
def stop(bulk_id: str) -> ResponseReturnValue:
    """End it before its time."""
    try:
        bulk.stop(actor(), bulk_id)
        flash("Stopped. What was done stays done.", "ok")
    except Conflict as refused:
        flash(f"{refused.message} {refused.fix}", "doubt")
    return redirect(url_for("bulk.show", bulk_id=bulk_id), 303)


def _which(what: str, given: MultiDict[str, str]) -> Which | None:
    """Which are meant; None where nothing was chosen, which is not everything."""
    if what not in WORDS:
        raise NotFound("thing to do")
    again, fit = given.get("again") == "yes", given.get("fit") == "yes"
    if not fit:
        shown = [each for ids in given.getlist("page") for each in ids.split(".")]
        chosen = tuple(dict.fromkeys([*given.getlist("id"), *shown]))[:MOST_CHOSEN]
        return Which(what, chosen, again=again) if chosen else None
    if DEEDS[what].of == "events":
        asked = finder.sought(given)
        return Which(what, (), asked.narrowed, asked.fields, again=again)
    return Which(what, runs=runlist.sought(given).narrowed, again=again)


def _back(what: str, given: MultiDict[str, str]) -> str:
    """The list as it was narrowed."""
    of = DEEDS[what].of if what in DEEDS else "runs"
    known = finder.sought(given).asked if of == "events" else runlist.sought(given).asked
    query: dict[str, Any] = dict(known)
    return url_for(_LISTS[of], **query)


def would_words(found: Preview) -> str:
    """What it would be done to, in words: 97 SMS and 2 e-mails, about $0.77."""
    parts = []
    for action, count in found.would.most_common():
        one, several = ACTIONS[action].noun if action in ACTIONS else ("message", "messages")
        parts.append(f"{count:,} {one if count == 1 else several}")
    if not parts:
        return "nothing"
    listed = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return listed + (f", about ${found.cost:,.2f}" if found.cost else "")
