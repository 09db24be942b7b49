"""One's own account: name and time zone, another e-mail address, the other sessions.

An address is another one only once its owner has opened the link that was sent there, signed in
as the person who asked; until then nothing is changed. Whether an address has an account already
is told to nobody but its owner.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from rulebook.domain.accounts import IDLE, digest
from rulebook.domain.actor import Actor, note_everywhere
from rulebook.domain.credentials import email_problems
from rulebook.domain.throttle import count_try
from rulebook.domain.workspaces import zone_problems
from rulebook.errors import Conflict, Invalid, NotFound, Problem
from rulebook.storage import confirmations, db, users, utcnow
from rulebook.storage.confirmations import Confirmation
from rulebook.storage.users import Session, User

MAIL = "email"
LINK_LASTS = timedelta(hours=1)
LETTERS, WITHIN = 5, timedelta(hours=1)
LONGEST_NAME = 100
# Letters that steer others, such as those that turn the direction of writing round.
_STEERS = {"Cc", "Cs", "Co", "Zl", "Zp"}
_TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def me(actor: Actor) -> User:
    """The actor's account. Raises NotFound for nobody's token."""
    actor.must("read")
    found = users.user_by_id(actor.user_id or "")
    if found is None:
        raise NotFound("account")
    return found


def change_words(actor: Actor, name: str, zone: str) -> User:
    """Another name, another time zone for pages and alerts; "" is the workspace's. Commits. Raises
    Invalid."""
    user, name = me(actor), " ".join(name.split())
    problems = _name_problems(name) + (zone_problems(zone) if zone else [])
    if problems:
        raise Invalid(problems)
    if name != user.name:
        said = f"{user.name or 'none'} to {name or 'none'}"
        note_everywhere(user.id, actor.address, "account.name", said)
    if zone != user.zone:
        said = zone or "that of the workspace"
        note_everywhere(user.id, actor.address, "account.zone", said)
    user.name, user.zone = name, zone
    db.session.commit()
    return user


def _name_problems(name: str) -> list[Problem]:
    if len(name) > LONGEST_NAME:
        return [Problem("/name", f"The name has {len(name)} letters, 100 are the most.",
                        "Shorten it.")]  # fmt: skip
    if any(unicodedata.category(each) in _STEERS or each in _TURNS for each in name):
        return [Problem("/name", "The name holds a letter that cannot be seen.", "Type it anew.")]
    return []


def ask_for_email(actor: Actor, email: str, now: datetime | None = None) -> tuple[str, str]:
    """Wait for the owner of another address; the address, and the token of its link, which nobody
    can read again. Commits. Raises Invalid, TooMany."""
    user, email, now = me(actor), email.strip().lower(), now or utcnow()
    problems = email_problems(email)
    if not problems and email == user.email:
        problems = [Problem("/email", "This is your address already.", "Write the new one.")]
    if problems:
        raise Invalid(problems)
    user_id = user.id
    count_try(f"newmail:{user_id}", LETTERS, WITHIN, now)
    token = secrets.token_urlsafe(32)
    confirmations.ask(
        Confirmation(user_id=user_id, kind=MAIL, value=email, proof=digest(token),
                     created_at=now, expires_at=now + LINK_LASTS)
    )  # fmt: skip
    db.session.commit()
    return email, token


def waiting_email(actor: Actor, now: datetime | None = None) -> Confirmation | None:
    """The address that waits for its owner."""
    return confirmations.waiting(me(actor).id, MAIL, now or utcnow())


def forget_email(actor: Actor) -> None:
    """Wait no longer: the link leads nowhere. Commits."""
    confirmations.forget(me(actor).id, MAIL)
    db.session.commit()


def asked_for(actor: Actor, token: str, now: datetime | None = None) -> Confirmation:
    """What the link of this token confirms; looking does not use it up. Raises NotFound."""
    found = waiting_email(actor, now)
    if found is None or not secrets.compare_digest(found.proof, digest(token)):
        raise NotFound("link")
    return found


def confirm_email(actor: Actor, token: str, now: datetime | None = None) -> tuple[str, str]:
    """The new address is the person's from now on; the former and the new one. Links to set a
    password lead nowhere any more. Commits. Raises NotFound, Conflict."""
    asked, user = asked_for(actor, token, now), me(actor)
    old, new = user.email, asked.value
    if not confirmations.forget(user.id, MAIL, asked.id):
        raise NotFound("link")
    if users.user_by_email(new):
        db.session.commit()
        raise _taken(new)
    _take(user, new, actor.address, f"{old} to {new}")
    return old, new


def set_email(user: User, email: str) -> tuple[str, str]:
    """The same for whoever runs Rulebook, who knows whose address it is; no link is needed, and one
    that was sent leads nowhere. Commits. Raises Invalid, Conflict."""
    old, new = user.email, email.strip().lower()
    if problems := email_problems(new):
        raise Invalid(problems)
    if new != old:
        if users.user_by_email(new):
            raise _taken(new)
        confirmations.forget(user.id, MAIL)
        _take(user, new, "", f"{old} to {new}, on the machine itself")
    return old, new


def _take(user: User, new: str, address: str, said: str) -> None:
    user.email = new
    try:
        db.session.flush()
    except IntegrityError:  # somebody made an account of it in this very moment
        db.session.rollback()
        raise _taken(new) from None
    users.void_links("password", user.id)
    note_everywhere(user.id, address, "account.email", said)
    db.session.commit()


def _taken(email: str) -> Conflict:
    return Conflict(
        f"{email} has an account of its own here.",
        "Nothing was changed. Sign in with that one, or use another address.",
    )


def my_sessions(actor: Actor, now: datetime | None = None) -> list[Session]:
    """Where the actor is signed in, last used first."""
    now = now or utcnow()
    return users.sessions_of(me(actor).id, now, now - IDLE)


def end_other_sessions(actor: Actor, token: str) -> int:
    """Sign the actor out everywhere but where this token is; how many sessions ended. Commits."""
    user = me(actor)
    ended = users.end_other_sessions(user.id, digest(token))
    if ended:
        note_everywhere(user.id, actor.address, "account.sessions")
    db.session.commit()
    return ended


def session_name(session: Session) -> str:
    """What a page calls a session, so that what is stored of it stays here."""
    return digest(session.id_hash)[:24]


def end_session(actor: Actor, name: str, now: datetime | None = None) -> Session:
    """Sign the actor out of one of their sessions; which it was. Raises NotFound. Commits."""
    found = next((each for each in my_sessions(actor, now) if session_name(each) == name), None)
    if found is None or not users.end_session(found.user_id, found.id_hash):
        raise NotFound("session")
    note_everywhere(found.user_id, actor.address, "account.session")
    db.session.commit()
    return found
