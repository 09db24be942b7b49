"""People: the first account, signing in and out, one-time links, passwords."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from rulebook.domain.actor import note_everywhere
from rulebook.domain.credentials import email_problems, newemail_problems, password_problems
from rulebook.domain.house import house
from rulebook.domain.passwords import hashed, matches, outdated
from rulebook.domain.throttle import count_try
from rulebook.domain.workspaces import name_problems, zone_problems
from rulebook.errors import Invalid, NotFound, NotSignedIn
from rulebook.storage import db, invites, reading, users, utcnow, workspaces
from rulebook.storage.audit import AuditEntry
from rulebook.storage.invites import Invite
from rulebook.storage.users import OnceLink, Session, User
from rulebook.storage.workspaces import Membership, Workspace

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=10)
FRESH = timedelta(minutes=30)  # so long a password counts for what is dangerous
TRIES, TRIES_WITHIN = 10, timedelta(minutes=5)
PRESSED_TWICE = timedelta(seconds=30)  # so long a form may come in again
SIGN_UPS, SIGN_UPS_WITHIN = 10, timedelta(hours=1)


@dataclass(frozen=True)
class SignedIn:
    """A signed-in person in a workspace."""

    user: User
    workspace: Workspace
    role: str
    session: Session

    def fresh(self, now: datetime | None = None) -> bool:
        """Whether the password was given a short while ago."""
        given = self.session.proved_at or self.session.created_at
        return (now or utcnow()) - given < FRESH


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def make_link(purpose: str, user_id: str | None = None, lasts: timedelta | None = None) -> str:
    """A token that works once for this purpose; earlier ones become useless. Commits."""
    token = secrets.token_urlsafe(24)
    users.void_links(purpose, user_id)
    expires_at = utcnow() + (lasts or timedelta(hours=24))
    link = OnceLink(
        token_hash=digest(token), purpose=purpose, user_id=user_id, expires_at=expires_at
    )
    db.session.add(link)
    db.session.commit()
    return token


def link_works(token: str, purpose: str) -> bool:
    """Whether a one-time link may still be used; looking does not use it up."""
    return users.open_link(digest(token), purpose, utcnow()) is not None


def create_first_account(
    token: str, email: str, password: str, workspace: str, zone: str, address: str = ""
) -> str:
    """The first person and their workspace. Returns a session token. Raises Invalid, NotFound."""
    with _looking():
        if not link_works(token, "setup") or users.anyone():
            raise NotFound("link")
    problems = [*email_problems(email), *password_problems(password, email)]
    problems += [*name_problems(workspace), *zone_problems(zone)]
    if problems:
        raise Invalid(problems)
    kept = hashed(password)
    if not users.use_link(digest(token), utcnow()) or users.anyone():
        raise NotFound("link")
    user = _add(email, kept, workspace.strip(), zone)
    return _open_session(user, address, utcnow())


def sign_up(email: str, password: str, workspace: str, zone: str, address: str) -> str:
    """An account that anyone may make, where the settings allow that. Returns a session token."""
    if house().config["SIGNUP"] != "open" or not users.anyone():
        raise NotFound("page")
    count_try(f"signup-from:{address}", SIGN_UPS, SIGN_UPS_WITHIN, utcnow())
    with _looking():
        problems = [*newemail_problems(email), *password_problems(password, email)]
    problems += [*name_problems(workspace), *zone_problems(zone)]
    if problems:
        raise Invalid(problems)
    user = _add(email, hashed(password), workspace.strip(), zone)
    return _open_session(user, address, utcnow())


def add_user(email: str, password: str | None = None) -> User:
    """A person with a workspace of their own, for the command line. Raises Invalid."""
    with _looking():
        problems = newemail_problems(email)
    if password is not None:
        problems += password_problems(password, email)
    if problems:
        raise Invalid(problems)
    kept = None if password is None else hashed(password)
    user = _add(email, kept, email.split("@")[0], "UTC")
    db.session.commit()
    return user


@contextmanager
def _looking() -> Iterator[None]:
    """What is asked within is over when it ends, and nobody waits for the database while a password
    is reckoned; what was found may be otherwise by then."""
    with reading():
        yield
        db.session.commit()


def _add(email: str, kept: str | None, workspace: str, zone: str) -> User:
    """A person, with this of their password, and a workspace of their own."""
    user = User(email=email.strip().lower(), password=kept)
    owned = Workspace(name=workspace, zone=zone)
    db.session.add_all([user, owned])
    try:
        db.session.flush()
    except IntegrityError:  # it was made in this very moment
        db.session.rollback()
        raise Invalid(newemail_problems(email)) from None
    db.session.add(Membership(workspace_id=owned.id, user_id=user.id, role="owner"))
    db.session.add(
        AuditEntry(workspace_id=owned.id, user_id=user.id, what="account.create", thing=user.id)
    )
    return user


def sign_in(email: str, password: str, address: str) -> str:
    """A new session's token. Raises Invalid with the same words whatever was wrong, TooMany."""
    now = utcnow()
    user = _checked(email, password, address, now)
    if user is None:
        raise Invalid.at("/password", "E-mail address and password do not fit together.",
                         "Check both. Capital letters count in the password.")  # fmt: skip
    return _open_session(user, address, now)


def invited(token: str) -> Invite:
    """The invitation behind a link; looking does not use it up. Raises NotFound."""
    found = invites.by_hash(digest(token), utcnow())
    if found is None:
        raise NotFound("invitation")
    return found


def join(token: str, password: str, address: str) -> str:
    """Accept an invitation: a new account with this password, or the one that there is, which it
    has to fit. Returns a session token; pressed twice, two of them. Raises Invalid, NotFound,
    TooMany."""
    now = utcnow()
    with _looking():
        found = invites.by_hash(digest(token), now)
        user = users.user_by_email(found.email) if found else None
    if found is None:
        return _joined_just_now(token, password, address, now)
    if user is None:
        if house().config["SIGNUP"] == "first":
            raise NotFound("invitation")
        if problems := password_problems(password, found.email):
            raise Invalid(problems)
        user = User(email=found.email, password=hashed(password))
        db.session.add(user)
        try:
            db.session.flush()
        except IntegrityError:  # the account was made in this very moment, by another press
            db.session.rollback()
            return join(token, password, address)
    elif _checked(found.email, password, address, now) is None:
        raise Invalid.at("/password", "This is not the password of your account.",
                         "It is the one that you sign in with here.")  # fmt: skip
    if not invites.end(found.id, now):
        db.session.rollback()  # no account comes of an invitation that is over by now
        return _joined_just_now(token, password, address, now)
    if workspaces.role_of(user.id, found.workspace_id) is None:
        membership = Membership(workspace_id=found.workspace_id, user_id=user.id, role=found.role)
        db.session.add(membership)
    entry = AuditEntry(workspace_id=found.workspace_id, user_id=user.id, address=address,
                       what="person.join", thing=user.id, detail=f"as {found.role}")  # fmt: skip
    db.session.add(entry)
    return _open_session(user, address, now, found.workspace_id)


def _joined_just_now(token: str, password: str, address: str, now: datetime) -> str:
    """The second press of a form whose first one was done: signed in as the first was, for whoever
    knows the password. Raises NotFound."""
    with _looking():
        found = invites.ended_since(digest(token), now - PRESSED_TWICE)
    user = _checked(found.email, password, address, now) if found else None
    if found is None or user is None or not workspaces.role_of(user.id, found.workspace_id):
        raise NotFound("invitation")
    return _open_session(user, address, now, found.workspace_id)


def enter_workspace(token: str, workspace_id: str) -> None:
    """Go on in another workspace of one's own. Raises NotFound. Commits."""
    session = users.session_by_hash(digest(token), utcnow())
    if session is None or workspaces.role_of(session.user_id, workspace_id) is None:
        raise NotFound("workspace")
    session.workspace_id = workspace_id
    db.session.commit()


def prove(token: str, password: str, address: str) -> None:
    """The signed-in person gives the password again. Raises Invalid, TooMany. Commits."""
    now = utcnow()
    here = signed_in(token, now)
    if here is None:
        raise NotSignedIn("You are not signed in any more.", "Sign in again.")
    if _checked(here.user.email, password, address, now) is None:
        raise Invalid.at("/password", "This is not your password.",
                         "Capital letters count in it.")  # fmt: skip
    session = users.session_by_hash(digest(token), now)
    if session:
        session.proved_at = now
    db.session.commit()


def _checked(email: str, password: str, address: str, now: datetime) -> User | None:
    """The person whose password this is, whom nobody changes before the commit; every try counts.
    Raises TooMany."""
    for key in (f"signin:{digest(email.strip().lower())[:40]}", f"signin-from:{address}"):
        count_try(key, TRIES, TRIES_WITHIN, now)
    with _looking():
        user = users.user_by_email(email)
    stored = user.password if user else None
    if not matches(stored, password) or user is None or stored is None:
        return None
    anew = hashed(password) if outdated(stored) else stored
    if users.lock_password(user.id) != stored:
        return None  # it was changed in this very moment
    user.password = anew
    return user


def set_password(token: str, password: str, address: str = "") -> str:
    """Use a password link up; the person is signed in here and out everywhere else."""
    with _looking():
        link = users.open_link(digest(token), "password", utcnow())
        user = users.user_by_id(link.user_id) if link and link.user_id else None
    if user is None:
        raise NotFound("link")
    if problems := password_problems(password, user.email):
        raise Invalid(problems)
    kept = hashed(password)
    if not users.use_link(digest(token), utcnow()):
        raise NotFound("link")
    user.password = kept
    users.end_sessions(user.id)
    return _open_session(user, address, utcnow())


def change_password(token: str, present: str, password: str, address: str) -> str:
    """Another password, for whoever knows the present one; every session ends, and a new one
    begins here: its token. Raises Invalid, NotSignedIn, TooMany."""
    now = utcnow()
    here = signed_in(token, now)
    if here is None:
        raise NotSignedIn("You are not signed in any more.", "Sign in again.")
    user_id, email, workspace_id = here.user.id, here.user.email, here.workspace.id
    if _checked(email, present, address, now) is None:
        raise Invalid.at("/present", "This is not your password.", "Capital letters count in it.")
    if problems := password_problems(password, email):
        raise Invalid(problems)
    if password == present:
        raise Invalid.at("/password", "This is the password that you have.", "Choose another one.")
    db.session.rollback()  # nobody waits for the database while this is reckoned
    kept = hashed(password)
    user = users.user_by_id(user_id)
    if user is None:
        raise NotSignedIn("You are not signed in any more.", "Sign in again.")
    user.password = kept
    users.end_sessions(user_id)
    users.void_links("password", user_id)
    note_everywhere(user_id, address, "account.password")
    return _open_session(user, address, now, workspace_id)


def note_browser(token: str, agent: str) -> None:
    """Keep what the browser of a session calls itself, for its owner to tell it by. Commits."""
    session = users.session_by_hash(digest(token), utcnow())
    if session:
        session.agent = "".join(letter for letter in agent if letter.isprintable())[:200]
    db.session.commit()


def signed_in(token: str, now: datetime | None = None) -> SignedIn | None:
    """Who holds this session token, if it is still good."""
    now = now or utcnow()
    found = workspaces.session_here(digest(token), now)
    if found is None:
        return None
    session, user, workspace, role = found
    return SignedIn(user, workspace, role, session) if session.seen_at + IDLE >= now else None


def seen(token: str) -> None:
    """Note that the session is in use; every ten minutes is enough. Commits."""
    session = users.session_by_hash(digest(token), utcnow())
    if session:
        session.seen_at = utcnow()
        db.session.commit()


def sign_out(token: str) -> None:
    """End the session. Commits."""
    session = users.session_by_hash(digest(token), utcnow())
    if session:
        db.session.delete(session)
        db.session.commit()


def _open_session(user: User, address: str, now: datetime, workspace_id: str | None = None) -> str:
    first = workspaces.first_workspace(user.id)
    if first is None:
        raise Invalid.at("/email", "This account is in no workspace any more.",
                         "Ask an owner of one to invite you.")  # fmt: skip
    token = secrets.token_urlsafe(32)
    db.session.add(
        Session(
            id_hash=digest(token),
            user_id=user.id,
            workspace_id=workspace_id or first.id,
            seen_at=now,
            expires_at=now + LONGEST,
            address=address,
        )
    )
    db.session.commit()
    return token
