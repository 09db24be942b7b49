"""Fields: what a hook's events have been seen to contain."""

from __future__ import annotations

from typing import Any

from rulebook.domain.hooks import find_hook
from rulebook.storage import fields
from rulebook.storage.fields import Field
from web.api.calls import Ask, call
from web.api.paging import part
from web.api.shapes import Shape, Want, moment

FIELD = Shape("Field", "One path seen in a hook's events: its kinds, how often, some examples.", {
    "path": "text", "kinds": "object", "seen": "count", "examples": "list",
    "last_seen_at": "time",
})  # fmt: skip


@call("GET", "/fields", gives=FIELD, listed=True, query=(
    Want("hook", "text", "The hook whose fields are asked for.", required=True),
))  # fmt: skip
def index(ask: Ask) -> Any:
    """List the fields seen in a hook's events, in the order of their paths."""
    hook = find_hook(ask.actor, ask.query["hook"])
    return part(fields.fields(hook.id), ask, lambda field: field.path, _shown)


def _shown(field: Field) -> dict[str, Any]:
    return {
        "path": field.path,
        "kinds": field.kinds,
        "seen": field.seen,
        "examples": field.examples,
        "last_seen_at": moment(field.last_seen_at),
    }
