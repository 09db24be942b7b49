"""Targets: hosts and accounts that keep failing, and the switch of those that are off."""

from __future__ import annotations

from typing import Any

from rulebook.domain import targets as verbs
from rulebook.domain.targets import Trouble
from web.api.calls import Ask, call
from web.api.paging import paged
from web.api.shapes import Shape, Want, moment
from web.guard import bell

TARGET = Shape("Target", "A host or an account in trouble. `name` is its key; `held` runs of it "
               "wait for a person.", {
    "name": "text", "called": "text", "state": "text", "reason": "text", "failures": "count",
    "held": "count", "since": "time?", "until": "time?",
})  # fmt: skip
SWITCHED = Shape("SwitchedOn", "What became of the runs that were held for the target.", {
    "sent": "count", "cancelled": "count",
})  # fmt: skip
MOST_RUNG = 500  # the sweeper rings the others


@call("GET", "/targets", gives=TARGET, listed=True)
def index(ask: Ask) -> Any:
    """List the targets that are switched off, or that runs wait for, by name."""
    found = verbs.troubles(ask.actor, ask.limit + 1, ask.cursor)
    return paged(found, ask.limit, lambda each: each.name, _shown)


@call("POST", "/targets/switch-on", "send", gives=SWITCHED, body=(
    Want("name", "text", "The target's name, as the list gives it.", required=True),
    Want("held", "text", "What becomes of the runs that are held for it; send unless given.",
         choices=verbs.CHOICES),
))  # fmt: skip
def switch_on(ask: Ask) -> Any:
    """Send to a target again that was switched off."""
    done = verbs.switch_on(ask.actor, ask.body["name"], ask.body.get("held", "send"))
    bell().runs(done.due[:MOST_RUNG])
    return {"sent": len(done.due), "cancelled": done.cancelled}


def _shown(trouble: Trouble) -> dict[str, Any]:
    return {
        "name": trouble.name,
        "called": trouble.called,
        "state": trouble.state,
        "reason": trouble.reason,
        "failures": trouble.failures,
        "held": trouble.held,
        "since": moment(trouble.since),
        "until": moment(trouble.until),
    }
