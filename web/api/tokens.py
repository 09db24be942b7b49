"""API tokens: made once, shown once."""

from __future__ import annotations

from typing import Any

from rulebook.domain import tokens as verbs
from rulebook.domain.actor import SCOPES
from rulebook.storage import users
from rulebook.storage.users import ApiToken
from web.api.calls import Ask, call
from web.api.paging import part
from web.api.shapes import Shape, Want, moment

_TOKEN = {"id": "text", "name": "text", "scopes": "texts", "hint": "text", "created_at": "time",
          "used_at": "time?"}  # fmt: skip
TOKEN = Shape("Token", "A key for this API; `hint` is how its text begins.", _TOKEN)
NEW = Shape("NewToken", "A new token with its text, which is shown this once.",
            {**_TOKEN, "token": "text"})  # fmt: skip


@call("GET", "/tokens", gives=TOKEN, listed=True)
def index(ask: Ask) -> Any:
    """List the workspace's tokens that still work, oldest first."""
    return part(users.tokens_of(ask.actor.workspace_id), ask, lambda each: each.id, _shown)


@call("POST", "/tokens", "write", gives=NEW, status=201, body=(
    Want("name", "text", "What will use it.", required=True),
    Want("scopes", "texts", f"Some of {', '.join(SCOPES)}; those of the caller unless given."),
))  # fmt: skip
def make(ask: Ask) -> Any:
    """Make a token in the caller's name; it can never do more than the caller."""
    scopes = ask.body.get("scopes", [scope for scope in SCOPES if ask.actor.may(scope)])
    token, text = verbs.make_token(ask.actor, ask.body["name"], scopes)
    return {**_shown(token), "token": text}


@call("DELETE", "/tokens/{id}", "write", status=204)
def revoke(ask: Ask, id: str) -> None:
    """Revoke a token; it stops working at once."""
    verbs.revoke_token(ask.actor, id)


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "hint": token.hint,
        "created_at": moment(token.created_at),
        "used_at": moment(token.used_at),
    }
