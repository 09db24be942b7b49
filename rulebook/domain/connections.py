"""Connections: make one, test it, replace its secrets, delete it; secrets are never shown again."""

from __future__ import annotations

from typing import Any

from rulebook.actions import CONNECTION_KINDS, ConnectionKind, Outcome
from rulebook.domain.actor import Actor
from rulebook.domain.house import house
from rulebook.errors import ConfigError, Invalid, NotFound, Problem
from rulebook.storage import connections, db, new_id, rules, utcnow
from rulebook.storage.connections import Connection
from rulebook.storage.rules import Rule
from rules import parse


def make_connection(actor: Actor, kind: str, name: str, config: dict[str, Any]) -> Connection:
    """Store credentials, sealed. Raises Invalid with a pointer to each box."""
    actor.must("own")
    found = _kind(kind)
    problems = _name_problems(name)
    problems += [_inside(p) for p in found.check(config)]
    if problems:
        raise Invalid(problems)
    connection = Connection(
        id=new_id("con"), workspace_id=actor.workspace_id, kind=kind, name=name.strip()
    )
    _put(connection, found, config)
    db.session.add(connection)
    actor.note("connection.create", connection.id, connection.name)
    db.session.commit()
    return connection


def change_connection(
    actor: Actor, connection_id: str, name: str | None = None, config: dict[str, Any] | None = None
) -> Connection:
    """Change name or fields; a secret that is left out stays as it is."""
    actor.must("own")
    connection = find_connection(actor, connection_id)
    kind = _kind(connection.kind)
    merged = {**_credentials(connection), **(config or {})}
    problems = _name_problems(connection.name if name is None else name)
    problems += [_inside(p) for p in kind.check(merged)]
    if problems:
        raise Invalid(problems)
    connection.name = connection.name if name is None else name.strip()
    _put(connection, kind, merged)
    connection.tested_at = connection.test_ok = None
    actor.note("connection.change", connection.id, connection.name)
    db.session.commit()
    return connection


def test_connection(actor: Actor, connection_id: str) -> Outcome:
    """Ask the account elsewhere whether the credentials are good; nothing is sent."""
    actor.must("send")
    connection = find_connection(actor, connection_id)
    kind, credentials = _kind(connection.kind), _credentials(connection)
    db.session.rollback()
    outcome = kind.test(credentials, house().egress, house().config)
    connection = find_connection(actor, connection_id)
    if kind.try_out:
        connection.tested_at, connection.test_ok = utcnow(), outcome.kind == "yes"
        said = "it works" if connection.test_ok else "it failed"
        actor.note("connection.test", connection.id, said)
    connection.test_sentence = f"{outcome.sentence} {outcome.fix}".strip()
    db.session.commit()
    return outcome


def delete_connection(actor: Actor, connection_id: str) -> None:
    """Forget the credentials. Refused while a rule uses them."""
    actor.must("own")
    connection = find_connection(actor, connection_id)
    users = rules_using(actor.workspace_id, connection.id)
    if users:
        raise Invalid.at("", f"The rule {users[0].name!r} sends through {connection.name}.",
                         "Choose another connection there first.")  # fmt: skip
    connection.deleted_at, connection.sealed, connection.config = utcnow(), "", {}
    actor.note("connection.delete", connection.id, connection.name)
    db.session.commit()


def rules_using(workspace_id: str, connection_id: str) -> list[Rule]:
    """The rules that send through it."""
    return [
        rule
        for rule, version in rules.current(workspace_id)
        if any(step.connection == connection_id for step in parse(version.document).then)
    ]


def find_connection(actor: Actor, connection_id: str) -> Connection:
    """One of the actor's connections. Raises NotFound."""
    actor.must("read")
    connection = connections.connection(actor.workspace_id, connection_id)
    if connection is None:
        raise NotFound("connection")
    return connection


def open_connection(workspace_id: str, connection_id: str) -> dict[str, Any] | None:
    """The credentials in full, `kind` included, for carrying out a run; None once deleted."""
    connection = connections.connection(workspace_id, connection_id)
    return None if connection is None else _credentials(connection)


def account_of(connection: Connection) -> str:
    """One line that says which account it is, without anything secret."""
    return _kind(connection.kind).account(connection.config)


def secrets_of(connection: Connection) -> set[str]:
    """The names of the fields whose secrets are stored; none where they cannot be opened."""
    try:
        found: dict[str, Any] = house().sealer.open(connection.sealed, connection.id)
    except ConfigError:
        return set()
    return {name for name, value in found.items() if value}


def _credentials(connection: Connection) -> dict[str, Any]:
    sealed: dict[str, Any] = house().sealer.open(connection.sealed, connection.id)
    return {**connection.config, **sealed}


def _put(connection: Connection, kind: ConnectionKind, config: dict[str, Any]) -> None:
    secret = {field.name for field in kind.fields if field.hidden}
    connection.config = {k: v for k, v in config.items() if k not in secret and v != ""}
    hidden = {k: v for k, v in config.items() if k in secret and v != ""}
    connection.sealed = house().sealer.seal(hidden, connection.id)


def _kind(kind: str) -> ConnectionKind:
    if kind not in CONNECTION_KINDS:
        raise Invalid.at("/kind", f"There is no kind of connection {kind!r}.",
                         f"Choose one of {', '.join(sorted(CONNECTION_KINDS))}.")  # fmt: skip
    return CONNECTION_KINDS[kind]


def _name_problems(name: Any) -> list[Problem]:
    if isinstance(name, str) and 1 <= len(name.strip()) <= 100:
        return []
    return [Problem("/name", "The connection needs a name.", "Such as Twilio, main.")]


def _inside(problem: Problem) -> Problem:
    return Problem(f"/config{problem.pointer}", problem.message, problem.fix)
