"""The Practice outbox: messages as they would look, kept instead of sent."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain.phones import kept_code
from rulebook.domain.shown_runs import hidings_of
from rulebook.storage import connections, rules, runs
from web.guard import actor
from web.said import parts_of

pages = Blueprint("outbox", __name__)

PAGE = 30


@pages.get("/outbox")
def index() -> ResponseReturnValue:
    """What was kept, newest first, from `before` downwards, or from `upto`."""
    me = actor()
    before, upto = request.args.get("before"), request.args.get("upto")
    # An id with anything behind it is the next text after it: the row itself is in the page.
    start = before or (f"{upto}0" if upto else None)
    found = connections.page_of_messages(me.workspace_id, PAGE + 1, start)
    shown, more = found[:PAGE], len(found) > PAGE
    planned = runs.runs_by_id(me.workspace_id, [message.run_id for message in shown])
    hiding = hidings_of(list(planned.values()))
    shown = [hiding[each.run_id].over(each) for each in shown]
    planned = {run.id: hiding[run.id].over(run) for run in planned.values()}
    newer = connections.count_newer_messages(me.workspace_id, upto) if upto else 0
    first = upto or (shown[0].id if shown else None)
    return render_template(
        "outbox.html",
        messages=shown,
        code=kept_code(me),
        runs=planned,
        named=rules.named({run.rule_version_id for run in planned.values()}),
        parts={run.id: parts_of(run.message) for run in planned.values()},
        newer=newer,
        older_url=url_for("outbox.index", before=shown[-1].id) if more else None,
        newest_url=url_for("outbox.index") if before or newer else None,
        poll_url=url_for("outbox.index", before=before, upto=None if before else first),
    )
