"""Many at once: what a replay or a retry would send, the button, and how far it has come."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from rulebook.actions import ACTIONS
from rulebook.domain import bulk
from rulebook.domain.bulk import Preview, Which
from rulebook.errors import Conflict, Invalid, NotFound
from rulebook.storage.runs import RunFilter
from web.finder import sought
from web.fragments import page
from web.guard import actor

pages = Blueprint("bulk", __name__)
WHATS = ("replay", "retry")


@pages.get("/together/<what>")
def ask(what: str) -> ResponseReturnValue:
    """What it would send, for the chosen ones (`id`) or for all that fit; sends nothing."""
    which = _which(what, request.args)
    if what == "replay" and not which.chosen and not sought(request.args).asked:
        flash("Nothing was chosen, so nothing is sent. Tick events, or narrow the list.", "off")
        return redirect(url_for("events.index"), 303)
    found = bulk.preview(actor(), which)
    given = [(name, text) for name, text in request.args.items(multi=True) if name != "again"]
    return render_template(
        "bulk_ask.html",
        what=what,
        which=which,
        found=found,
        would=would_words(found),
        given=given,
        back=url_for("events.index" if what == "replay" else "runs.index"),
        may_send=actor().may("send"),
    )


@pages.post("/together/<what>")
def begin(what: str) -> ResponseReturnValue:
    """Begin it; the worker carries it on."""
    which = _which(what, request.form)
    if what == "replay" and not which.chosen and not sought(request.form).asked:
        return redirect(url_for("events.index"), 303)
    try:
        made = bulk.begin(actor(), which)
    except (Conflict, Invalid) as refused:
        flash(refused.message if isinstance(refused, Conflict) else str(refused), "doubt")
        return redirect(url_for("events.index" if what == "replay" else "runs.index"), 303)
    return redirect(url_for("bulk.show", bulk_id=made.id), 303)


@pages.get("/bulks/<bulk_id>")
def show(bulk_id: str) -> ResponseReturnValue:
    """How far it has come; it can be left, and stopped."""
    found = bulk.find_bulk(actor(), bulk_id)
    return page("bulk.html", bulk=found, may_send=actor().may("send"),
                refresh=url_for("bulk.show", bulk_id=bulk_id, part="progress"))  # fmt: skip


@pages.post("/bulks/<bulk_id>/stop")
def stop(bulk_id: str) -> ResponseReturnValue:
    """End it before its time."""
    try:
        bulk.stop(actor(), bulk_id)
        flash("Stopped. What was sent stays sent.", "ok")
    except Conflict as refused:
        flash(f"{refused.message} {refused.fix}", "doubt")
    return redirect(url_for("bulk.show", bulk_id=bulk_id), 303)


def _which(what: str, given: MultiDict[str, str]) -> Which:
    if what not in WHATS:
        raise NotFound("thing to do")
    chosen = tuple(given.getlist("id")[: bulk.MOST_CHOSEN])
    again = given.get("again") == "yes"
    if what == "replay":
        asked = sought(given)
        return Which(what, chosen, asked.narrowed, asked.fields, again=again)
    of_runs = RunFilter(hook_id=given.get("hook") or None, rule_id=given.get("rule") or None,
                        states=("failed",))  # fmt: skip
    return Which(what, chosen, runs=of_runs, again=again)


def would_words(found: Preview) -> str:
    """What would be sent, in words: 97 SMS and 2 e-mails, about $0.77."""
    parts = []
    for action, count in found.would.most_common():
        one, several = ACTIONS[action].noun if action in ACTIONS else ("message", "messages")
        parts.append(f"{count:,} {one if count == 1 else several}")
    if not parts:
        return "nothing"
    listed = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return listed + (f", about ${found.cost:,.2f}" if found.cost else "")
