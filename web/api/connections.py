"""Connections: stored credentials. What is secret goes in and never comes out."""

from __future__ import annotations

from typing import Any

from rulebook.actions import CONNECTION_KINDS
from rulebook.domain import connections as verbs
from rulebook.errors import Invalid
from rulebook.storage import connections
from rulebook.storage.connections import Connection
from web.api.calls import Ask, call
from web.api.paging import part
from web.api.shapes import Shape, Want, moment

CONNECTION = Shape("Connection", "An account elsewhere. `config` holds nothing secret.", {
    "id": "text", "kind": "text", "name": "text", "account": "text", "config": "object",
    "used_by": "texts", "created_at": "time", "tested_at": "time?", "test_ok": "yes/no?",
    "test_sentence": "text",
})  # fmt: skip
TESTED = Shape("ConnectionTest", "Whether the credentials work; nothing was sent.", {
    "ok": "yes/no", "sentence": "text", "fix": "text",
})  # fmt: skip
_CONFIG = "The fields of this kind; secrets that are left out of a change stay as they are."


@call("GET", "/connections", gives=CONNECTION, listed=True)
def index(ask: Ask) -> Any:
    """List the workspace's connections, oldest first."""
    found = connections.connections(ask.actor.workspace_id)
    return part(found, ask, lambda each: each.id, _shown)


@call("POST", "/connections", "own", gives=CONNECTION, status=201, body=(
    Want("kind", "text", "What kind of account.", required=True, choices=tuple(CONNECTION_KINDS)),
    Want("name", "text", "What people call it.", required=True),
    Want("config", "object", _CONFIG, required=True),
))  # fmt: skip
def make(ask: Ask) -> Any:
    """Store credentials, sealed."""
    return _shown(verbs.make_connection(ask.actor, **ask.body))


@call("GET", "/connections/{id}", gives=CONNECTION)
def one(ask: Ask, id: str) -> Any:
    """Show one connection without its secrets."""
    return _shown(verbs.find_connection(ask.actor, id))


@call("PATCH", "/connections/{id}", "own", gives=CONNECTION, body=(
    Want("name", "text", "What people call it."),
    Want("config", "object", _CONFIG),
))  # fmt: skip
def change(ask: Ask, id: str) -> Any:
    """Change a connection's name or fields."""
    verbs.find_connection(ask.actor, id)
    if not ask.body:
        raise Invalid.at("", "There is nothing to change.", "Give a name or a config.")
    return _shown(verbs.change_connection(ask.actor, id, **ask.body))


@call("DELETE", "/connections/{id}", "own", status=204)
def delete(ask: Ask, id: str) -> None:
    """Forget the credentials; refused while a rule uses them."""
    verbs.delete_connection(ask.actor, id)


@call("POST", "/connections/{id}/test", "send", gives=TESTED)
def test(ask: Ask, id: str) -> Any:
    """Ask the account elsewhere whether the credentials are good."""
    outcome = verbs.test_connection(ask.actor, id)
    return {"ok": outcome.kind == "yes", "sentence": outcome.sentence, "fix": outcome.fix}


def _shown(connection: Connection) -> dict[str, Any]:
    users = verbs.rules_using(connection.workspace_id, connection.id)
    return {
        "id": connection.id,
        "kind": connection.kind,
        "name": connection.name,
        "account": verbs.account_of(connection),
        "config": CONNECTION_KINDS[connection.kind].mask(connection.config),
        "used_by": [rule.name for rule in users],
        "created_at": moment(connection.created_at),
        "tested_at": moment(connection.tested_at),
        "test_ok": connection.test_ok,
        "test_sentence": connection.test_sentence or "",
    }
