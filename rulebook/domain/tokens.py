"""API tokens: made once, shown once, found by their hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from rulebook.domain.accounts import digest
from rulebook.domain.actor import SCOPES, USUAL, Actor
from rulebook.errors import Invalid, NotFound
from rulebook.storage import db, users, utcnow, workspaces
from rulebook.storage.users import ApiToken

PREFIX = "rbk_"
USED_EVERY = timedelta(minutes=10)


def make_token(actor: Actor, name: str, scopes: list[str] | None = None) -> tuple[ApiToken, str]:
    """A token in the actor's name and its text, which nobody can read again."""
    actor.must("write")
    scopes = list(USUAL) if scopes is None else scopes
    if not name.strip():
        raise Invalid.at("/name", "The token needs a name.", "Say what will use it.")
    for scope in scopes:
        if scope not in SCOPES:
            raise Invalid.at("/scopes", f"There is no scope {scope!r}.",
                             f"The scopes are {', '.join(SCOPES)}.")  # fmt: skip
        actor.must(scope)
    if actor.user_id is None:
        raise Invalid.at("", "A token needs a person.", "Sign in first.")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        workspace_id=actor.workspace_id,
        user_id=actor.user_id,
        name=name.strip()[:100],
        token_hash=digest(text),
        hint=text[:8],
        scopes=scopes,
    )
    db.session.add(token)
    db.session.flush()
    actor.note("token.create", token.id, token.name)
    db.session.commit()
    return token, text


@dataclass(frozen=True)
class Bearer:
    """Who a token speaks for; `stale` when its last use should be noted anew."""

    actor: Actor
    stale: bool


def bearer(text: str, address: str) -> Bearer | None:
    """Who a token speaks for: never more than its maker may today. Writes nothing."""
    token = users.token_by_hash(digest(text))
    if token is None:
        return None
    role = workspaces.role_of(token.user_id, token.workspace_id)
    if role is None:
        return None
    actor = Actor(token.workspace_id, token.user_id, role, address, frozenset(token.scopes))
    return Bearer(actor, token.used_at is None or token.used_at + USED_EVERY < utcnow())


def note_use(text: str) -> None:
    """Note that the token is in use; every ten minutes is enough. Commits."""
    token = users.token_by_hash(digest(text))
    if token:
        token.used_at = utcnow()
    db.session.commit()


def revoke_token(actor: Actor, token_id: str) -> None:
    """The token stops working at once; somebody else's by an owner. Raises NotFound, NotAllowed."""
    actor.must("write")
    token = users.token_of(actor.workspace_id, token_id)
    if token is None or token.revoked_at is not None:
        raise NotFound("token")
    if token.user_id != actor.user_id:
        actor.must("own")
    token.revoked_at = utcnow()
    actor.note("token.revoke", token.id, token.name)
    db.session.commit()
