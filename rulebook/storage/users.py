"""People, their sessions, their API tokens, and links that work once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, case, delete, false, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, Line, UtcDateTime, new_id, utcnow
from rulebook.storage.engine import change, db


class User(Base):
    """A person who signs in; the password is an argon2id hash, or None until it is set."""

    __tablename__ = "user_account"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("usr"))
    email: Mapped[str] = mapped_column(Line(254), unique=True)
    password: Mapped[str | None] = mapped_column(Line(255))
    name: Mapped[str] = mapped_column(Line(100), default="", server_default="")
    # The zone that pages are read in; empty: the workspace's.
    zone: Mapped[str] = mapped_column(Line(64), default="", server_default="")
    # Confirmed by a code; phone_practice: which only the Practice outbox kept.
    phone: Mapped[str] = mapped_column(Line(20), default="", server_default="")
    phone_practice: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Session(Base):
    """A signed-in browser; only the SHA-256 of its id is stored."""

    __tablename__ = "session"

    id_hash: Mapped[str] = mapped_column(Line(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(Line(64), default="")
    # When the password was last given; None: when the session began.
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the browser called itself when the session began.
    agent: Mapped[str] = mapped_column(Line(200), default="", server_default="")


class ApiToken(Base):
    """A key for the REST API: one workspace, some scopes; only its SHA-256 is stored."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("tok"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Line(100))
    token_hash: Mapped[str] = mapped_column(Line(64), unique=True)
    hint: Mapped[str] = mapped_column(Line(16))
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OnceLink(Base):
    """A link that works once and not for long: the first account, or a new password."""

    __tablename__ = "once_link"

    token_hash: Mapped[str] = mapped_column(Line(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(Line(20))
    user_id: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Throttle(Base):
    """How often something was tried in a stretch of time, such as signing in to one account."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(Line(120), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UtcDateTime)
    count: Mapped[int]


def count_up(key: str, now: datetime, window: timedelta) -> tuple[int, datetime]:
    """Count one more try: how many there were, and when the first of them was, within a window
    that begins anew once it is over."""
    insert = pg_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
    over = Throttle.window_start <= now - window
    row = insert(Throttle).values(key=key, window_start=now, count=1)
    counted = row.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "count": case((over, 1), else_=Throttle.count + 1),
            "window_start": case((over, now), else_=Throttle.window_start),
        },
    ).returning(Throttle.count, Throttle.window_start)
    count, since = db.session.execute(counted).one()
    return count, since


def anyone() -> bool:
    """Whether any account exists."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def everyone() -> list[User]:
    """All accounts, oldest first."""
    return list(db.session.scalars(select(User).order_by(User.id)))


def user_by_email(email: str) -> User | None:
    """The account of this address; case does not matter."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def user_by_id(user_id: str) -> User | None:
    """The account with this id."""
    return db.session.get(User, user_id)


def lock_password(user_id: str) -> str | None:
    """What is stored of a person's password; nobody else changes it until the commit."""
    found = select(User.password).where(User.id == user_id).with_for_update()
    return db.session.scalar(found)


def emails(user_ids: set[str]) -> dict[str, str]:
    """The addresses of these accounts, by id."""
    rows = db.session.execute(select(User.id, User.email).where(User.id.in_(user_ids)))
    return {user_id: email for user_id, email in rows}


def session_by_hash(id_hash: str, now: datetime) -> Session | None:
    """The live session with this hash."""
    return db.session.scalar(
        select(Session).where(Session.id_hash == id_hash, Session.expires_at > now)
    )


def sessions_of(user_id: str, now: datetime, seen_since: datetime) -> list[Session]:
    """The person's sessions that still work, last used first."""
    live = select(Session).where(
        Session.user_id == user_id, Session.expires_at > now, Session.seen_at >= seen_since
    )
    return list(db.session.scalars(live.order_by(Session.seen_at.desc(), Session.id_hash)))


def end_session(user_id: str, id_hash: str) -> int:
    """Sign the person out of this session; how many ended."""
    return change(delete(Session).where(Session.user_id == user_id, Session.id_hash == id_hash))


def end_other_sessions(user_id: str, but_hash: str) -> int:
    """Sign the person out everywhere but in this session; how many ended."""
    others = delete(Session).where(Session.user_id == user_id, Session.id_hash != but_hash)
    return change(others)


def token_by_hash(token_hash: str) -> ApiToken | None:
    """The token with this hash, unless revoked."""
    return db.session.scalar(
        select(ApiToken).where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None))
    )


def tokens_of(workspace_id: str) -> list[ApiToken]:
    """The workspace's tokens that still work, newest first."""
    found = select(ApiToken).where(
        ApiToken.workspace_id == workspace_id, ApiToken.revoked_at.is_(None)
    )
    return list(db.session.scalars(found.order_by(ApiToken.id.desc())))


def token_of(workspace_id: str, token_id: str) -> ApiToken | None:
    """One of the workspace's tokens."""
    return db.session.scalar(
        select(ApiToken).where(ApiToken.workspace_id == workspace_id, ApiToken.id == token_id)
    )


def open_link(token_hash: str, purpose: str, now: datetime) -> OnceLink | None:
    """The link with this hash, if it may still be used."""
    return db.session.scalar(
        select(OnceLink).where(
            OnceLink.token_hash == token_hash,
            OnceLink.purpose == purpose,
            OnceLink.used_at.is_(None),
            OnceLink.expires_at > now,
        )
    )


def use_link(token_hash: str, now: datetime) -> bool:
    """Use the link up; False when somebody was faster."""
    done = change(
        update(OnceLink)
        .where(OnceLink.token_hash == token_hash, OnceLink.used_at.is_(None))
        .values(used_at=now)
    )
    return done == 1


def void_links(purpose: str, user_id: str | None) -> None:
    """Make earlier links of this purpose useless."""
    same_user = OnceLink.user_id == user_id if user_id else OnceLink.user_id.is_(None)
    change(
        update(OnceLink)
        .where(OnceLink.purpose == purpose, same_user, OnceLink.used_at.is_(None))
        .values(used_at=utcnow())
    )


def end_sessions(user_id: str, workspace_id: str | None = None) -> None:
    """Sign the person out everywhere, or in one workspace."""
    found = select(Session).where(Session.user_id == user_id)
    if workspace_id:
        found = found.where(Session.workspace_id == workspace_id)
    for session in db.session.scalars(found):
        db.session.delete(session)


def revoke_tokens(user_id: str, workspace_id: str, now: datetime) -> None:
    """The person's tokens for this workspace stop working."""
    change(
        update(ApiToken)
        .where(
            ApiToken.user_id == user_id,
            ApiToken.workspace_id == workspace_id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
