"""The people of a workspace: invited, given another role, removed, leaving, handing over."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from rulebook.domain.accounts import digest
from rulebook.domain.actor import ROLES, Actor
from rulebook.domain.credentials import email_problems
from rulebook.domain.house import house
from rulebook.domain.throttle import count_try
from rulebook.errors import Conflict, Invalid, NotFound, Problem
from rulebook.storage import db, invites, users, utcnow, workspaces
from rulebook.storage.invites import Invite
from rulebook.storage.users import User

LASTS = timedelta(days=7)
MOST, WITHIN = 20, timedelta(days=1)


def invite(actor: Actor, email: str, role: str, now: datetime | None = None) -> tuple[Invite, str]:
    """Ask somebody in; the invitation and its token, which nobody can read again. An earlier one
    of the same address ends. Commits. Raises Invalid, TooMany."""
    actor.must("people")
    email, now = email.strip().lower(), now or utcnow()
    problems = _invite_problems(actor, email, role)
    if problems:
        raise Invalid(problems)
    count_try(f"invite:{actor.workspace_id}", MOST, WITHIN, now)
    workspaces.lock_people(actor.workspace_id)  # two presses leave one invitation
    invites.end_others(actor.workspace_id, email, now)
    token = secrets.token_urlsafe(32)
    made = Invite(
        workspace_id=actor.workspace_id,
        email=email,
        role=role,
        token_hash=digest(token),
        made_by=actor.user_id,
        created_at=now,
        expires_at=now + LASTS,
    )
    db.session.add(made)
    db.session.flush()
    actor.note("person.invite", made.id, f"{email} as {role}")
    db.session.commit()
    return made, token


def _invite_problems(actor: Actor, email: str, role: str) -> list[Problem]:
    problems = email_problems(email)
    if role not in ROLES:
        problems.append(Problem("/role", f"There is no role {role!r}.", "Choose one."))
    known = users.user_by_email(email)
    if known and workspaces.role_of(known.id, actor.workspace_id):
        problems.append(Problem("/email", f"{email} is in this workspace already.",
                                "Change the role in the list."))  # fmt: skip
    if known is None and house().config["SIGNUP"] == "first":
        problems.append(
            Problem(
                "/email",
                f"{email} has no account, and new ones are made on the machine alone here.",
                f"Whoever runs Rulebook makes one: rulebook user add {email}. Or they set "
                "RULEBOOK_SIGNUP to invite.",
            )
        )
    return problems


def mailed(actor: Actor, invite_id: str) -> None:
    """Note that the invitation was sent by e-mail. Commits."""
    found = invites.invite(actor.workspace_id, invite_id)
    if found:
        found.mailed = True
    db.session.commit()


def revoke_invite(actor: Actor, invite_id: str) -> Invite:
    """The link leads nowhere from now on. Commits. Raises NotFound."""
    actor.must("people")
    found = invites.invite(actor.workspace_id, invite_id)
    if found is None or not invites.end(found.id, utcnow()):
        raise NotFound("invitation")
    actor.note("person.uninvite", found.id, found.email)
    db.session.commit()
    return found


def change_role(actor: Actor, user_id: str, role: str) -> User:
    """Another role for somebody; there stays an owner. Commits. Raises Invalid, NotFound."""
    actor.must("people")
    user, before = _member(actor, user_id)
    if role not in ROLES:
        raise Invalid.at("/role", f"There is no role {role!r}.", "Choose one.")
    if before == "owner" and role != "owner":
        _must_not_be_last(actor)
    workspaces.set_role(actor.workspace_id, user.id, role)
    actor.note("person.role", user.id, f"{user.email}: {before} to {role}")
    db.session.commit()
    return user


def remove(actor: Actor, user_id: str) -> User:
    """Somebody is no longer here: signed out of this workspace, their tokens for it revoked. What
    they made stays. Commits. Raises NotFound."""
    actor.must("people")
    user, before = _member(actor, user_id)
    if before == "owner":
        _must_not_be_last(actor)
    _take_out(actor, user, "person.remove")
    return user


def leave(actor: Actor) -> None:
    """Leave the workspace oneself; the last owner cannot. Commits. Raises Conflict."""
    actor.must("read")
    user, before = _member(actor, actor.user_id or "")
    if before == "owner":
        _must_not_be_last(actor)
    _take_out(actor, user, "person.leave")


def hand_over(actor: Actor, user_id: str) -> User:
    """Somebody else becomes an owner, and the actor an editor. Commits. Raises NotFound."""
    actor.must("people")
    user, before = _member(actor, user_id)
    if user.id == actor.user_id:
        raise Conflict("You own this workspace already.", "Choose somebody else.")
    workspaces.set_role(actor.workspace_id, user.id, "owner")
    workspaces.set_role(actor.workspace_id, actor.user_id or "", "editor")
    actor.note("person.handover", user.id, user.email)
    db.session.commit()
    return user


def _member(actor: Actor, user_id: str) -> tuple[User, str]:
    """Somebody of the workspace with their role; nobody else changes its people meanwhile."""
    workspaces.lock_people(actor.workspace_id)
    role = workspaces.role_of(user_id, actor.workspace_id)
    user = users.user_by_id(user_id)
    if role is None or user is None:
        raise NotFound("person")
    return user, role


def _must_not_be_last(actor: Actor) -> None:
    owners = [user for user, role in workspaces.members(actor.workspace_id) if role == "owner"]
    if len(owners) < 2:
        raise Conflict(
            "A workspace has an owner, and there is no other.",
            "Make somebody else an owner first, or hand the workspace over.",
        )


def _take_out(actor: Actor, user: User, what: str) -> None:
    workspaces.take_out(actor.workspace_id, user.id)
    users.end_sessions(user.id, actor.workspace_id)
    users.revoke_tokens(user.id, actor.workspace_id, utcnow())
    actor.note(what, user.id, user.email)
    db.session.commit()
