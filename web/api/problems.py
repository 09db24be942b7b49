"""Problems: what needs a person now, and which of it nobody wants to hear of; what was told."""

from __future__ import annotations

from typing import Any

from rulebook.domain.attention import Worry, everything, mute, unmute
from rulebook.domain.told import alerts_told
from rulebook.storage import notices
from rulebook.storage.alerts import Alert
from web.api.calls import Ask, call
from web.api.paging import paged, part
from web.api.shapes import Shape, Want, moment

PROBLEM = Shape("Trouble", "Something that needs a person. `thing`: the id of the rule or hook, or "
                "the name of the target; `newest`: the id of the newest run or event of it.", {
    "kind": "text", "thing": "text", "about": "text", "sentence": "text", "fix": "text",
    "count": "count", "since": "time", "newest": "text", "muted": "yes/no",
})  # fmt: skip
ALERT = Shape("Alert", "A message of Rulebook to one of its people. `state`: planned, sending, "
              "sent, failed, unknown (it may have been sent) or kept (there was no way).", {
    "id": "text", "to": "text", "subject": "text", "text": "text", "state": "text",
    "sentence": "text", "created_at": "time", "finished_at": "time?",
})  # fmt: skip


@call("GET", "/problems", gives=PROBLEM, listed=True)
def index(ask: Ask) -> Any:
    """List what needs a person now, muted things included, by kind."""
    quiet = notices.muted(ask.actor.workspace_id)
    found = everything(ask.actor.workspace_id)
    return part(found, ask, _key, lambda each: _shown(each, each.key in quiet))


@call("POST", "/problems/mute", "write", status=204, body=(
    Want("kind", "text", "Its kind, as the list gives it.", required=True),
    Want("thing", "text", "What it is about, as the list gives it.", required=True),
    Want("muted", "yes/no", "no: hear of it again; yes unless given."),
))  # fmt: skip
def hush(ask: Ask) -> Any:
    """Hear no more of a problem for as long as it lasts."""
    verb = mute if ask.body.get("muted", True) else unmute
    verb(ask.actor, ask.body["kind"], ask.body["thing"])


@call("GET", "/alerts", gives=ALERT, listed=True)
def told(ask: Ask) -> Any:
    """List what people were told of problems, newest first."""
    found = alerts_told(ask.actor.workspace_id, ask.limit + 1, ask.cursor)
    return paged(found, ask.limit, lambda each: each.id, _letter)


def _key(worry: Worry) -> str:
    return f"{worry.kind} {worry.thing}"


def _shown(worry: Worry, muted: bool) -> dict[str, Any]:
    names = ("kind", "thing", "about", "sentence", "fix", "count", "newest")
    said = {name: getattr(worry, name) for name in names}
    return {**said, "since": moment(worry.since), "muted": muted}


def _letter(alert: Alert) -> dict[str, Any]:
    names = ("id", "to", "subject", "text", "state", "sentence")
    said = {name: getattr(alert, name) for name in names}
    return {**said, "created_at": moment(alert.created_at),
            "finished_at": moment(alert.finished_at)}  # fmt: skip
