"""People of the workspace and invitations into it.

A token needs a scope of its own for changing them, which only an owner can give, after the password
was asked for; keys that were made for hooks and rules reach nobody. Owners are left to the page
People in any case: a key that got lost must neither make one nor lock one out.
"""

from __future__ import annotations

from typing import Any

from rulebook.domain import people as verbs
from rulebook.domain.actor import ROLES, Actor
from rulebook.errors import NotAllowed
from rulebook.storage import invites, workspaces
from rulebook.storage.invites import Invite
from rulebook.storage.users import User
from web.api.calls import Ask, call
from web.api.paging import part
from web.api.shapes import Shape, Want, moment
from web.people import send_invitation

PERSON = Shape("Person", "Somebody of the workspace. `name` may be empty.", {
    "id": "text", "email": "text", "name": "text", "role": "text",
})  # fmt: skip
_INVITE = {"id": "text", "email": "text", "role": "text", "mailed": "yes/no", "created_at": "time",
           "expires_at": "time"}  # fmt: skip
INVITE = Shape("Invite", "Somebody who was asked in and has not joined. `mailed`: the link went "
               "out by e-mail.", _INVITE)  # fmt: skip
NEW = Shape("NewInvite", "A new invitation. `link`: where no e-mail could be sent, the link to "
            "hand over, which is shown this once; else empty. `sentence`: why none could be sent.",
            {**_INVITE, "link": "text", "sentence": "text"})  # fmt: skip
_LESS = tuple(role for role in ROLES if role != "owner")
_ROLE = Want("role", "text", "What they may do; owners are made on the page People.",
             required=True, choices=_LESS)  # fmt: skip


@call("GET", "/people", gives=PERSON, listed=True)
def index(ask: Ask) -> Any:
    """List the people of the workspace, oldest account first."""
    found = workspaces.members(ask.actor.workspace_id)
    return part(found, ask, lambda each: each[0].id, lambda each: _person(*each))


@call("PATCH", "/people/{id}", "people", gives=PERSON, body=(_ROLE,))
def change(ask: Ask, id: str) -> Any:
    """Give an editor or a viewer another role."""
    _must_not_be_owner(ask.actor, id)
    role = ask.body["role"]
    return _person(verbs.change_role(ask.actor, id, role), role)


@call("DELETE", "/people/{id}", "people", status=204)
def remove(ask: Ask, id: str) -> None:
    """Remove an editor or a viewer: signed out, their tokens revoked; what they made stays."""
    _must_not_be_owner(ask.actor, id)
    verbs.remove(ask.actor, id)


@call("GET", "/invites", gives=INVITE, listed=True)
def asked(ask: Ask) -> Any:
    """List the invitations that nobody has accepted or revoked, oldest first."""
    return part(invites.open_invites(ask.actor.workspace_id), ask, lambda each: each.id, _invite)


@call("POST", "/invites", "people", gives=NEW, status=201, body=(
    Want("email", "text", "Whom to invite; an earlier invitation of the same address ends.",
         required=True),
    _ROLE,
))  # fmt: skip
def invite(ask: Ask) -> Any:
    """Invite somebody by e-mail, as editor or viewer; at most 20 a day for a workspace."""
    made, token = verbs.invite(ask.actor, ask.body["email"], ask.body["role"])
    told = {**_invite(made), "link": "", "sentence": ""}
    sent, link = send_invitation(ask.actor, made, token)
    if sent.kind == "yes":
        return {**told, "mailed": True}
    return {**told, "link": link, "sentence": f"{sent.sentence} {sent.fix}".strip()}


@call("DELETE", "/invites/{id}", "people", status=204)
def revoke(ask: Ask, id: str) -> None:
    """Revoke an invitation: its link leads nowhere from now on."""
    verbs.revoke_invite(ask.actor, id)


def _must_not_be_owner(actor: Actor, user_id: str) -> None:
    """Nobody becomes an owner between this and what follows in the same transaction."""
    workspaces.lock_people(actor.workspace_id)
    if workspaces.role_of(user_id, actor.workspace_id) == "owner":
        raise NotAllowed("A token changes and removes no owner.",
                         "Do it on the page People, which asks for the password.")  # fmt: skip


def _person(user: User, role: str) -> dict[str, Any]:
    return {"id": user.id, "email": user.email, "name": user.name, "role": role}


def _invite(found: Invite) -> dict[str, Any]:
    return {
        "id": found.id,
        "email": found.email,
        "role": found.role,
        "mailed": found.mailed,
        "created_at": moment(found.created_at),
        "expires_at": moment(found.expires_at),
    }
