"""Hooks: the unique web addresses that senders call."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import ForeignKey, Index, Table, bindparam, false, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, JsonDict, Line, UtcDateTime, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.rows import Ask
from rulebook.storage.workspaces import Workspace


class Hook(Base):
    """A unique URL with its provider and settings. The token is kept hashed, to be found by, and
    sealed, to be shown; signing secrets are sealed. `rules_version` counts every rule change."""

    __tablename__ = "hook"
    __table_args__ = (Index("ix_hook_workspace_id_position", "workspace_id", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("hook"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Line(100))
    provider: Mapped[str] = mapped_column(Line(50))
    token_hash: Mapped[str] = mapped_column(Line(64), unique=True)
    token_sealed: Mapped[str] = mapped_column(Line(500))
    old_token_hash: Mapped[str | None] = mapped_column(Line(64), unique=True)
    old_token_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    secrets_sealed: Mapped[str | None] = mapped_column(Line(4000))
    settings: Mapped[JsonDict] = mapped_column(Json, default=dict)
    paused: Mapped[bool] = mapped_column(default=False)
    rules_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    # When a field was last hidden: what was written down of an event before may tell it.
    hidden_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The search index may hold words of older events as they were before a field was hidden or
    # shown; this goes down as they are read again, and is None once all of them were. Fields are
    # what it is about, or else a new signing secret alone.
    reread_below: Mapped[str | None] = mapped_column(Id)
    reread_fields: Mapped[bool] = mapped_column(default=False, server_default=false())
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HookAtDoor(NamedTuple):
    """What the door must know of a hook."""

    id: str
    workspace_id: str
    provider: str
    secrets_sealed: str | None
    settings: JsonDict
    paused: bool


_at = cast(Table, Hook.__table__).c
# Built once, because building it would take longer than asking it.
_BY_TOKEN = Ask(
    select(
        _at.token_hash,
        _at.old_token_hash,
        _at.old_token_until,
        *(_at[name] for name in HookAtDoor._fields),
    ).where(
        _at.deleted_at.is_(None),
        or_(
            _at.token_hash.in_(bindparam("hashes", expanding=True)),
            _at.old_token_hash.in_(bindparam("hashes", expanding=True))
            & (_at.old_token_until > bindparam("now", type_=UtcDateTime())),
        ),
    )
)


def hooks_by_token(token_hashes: Collection[str], now: datetime) -> dict[str, HookAtDoor]:
    """The hooks that answer to these tokens, replaced ones within their overlap included."""
    asked = {"hashes": list(token_hashes), "now": now}
    found: dict[str, HookAtDoor] = {}
    for token_hash, old_hash, until, *rest in _BY_TOKEN(asked):
        hook = found[token_hash] = HookAtDoor(*rest)
        if until and until > now:
            found[old_hash] = hook
    return found


class HookSeen(NamedTuple):
    """What tells which parts of a hook's events people may see."""

    id: str
    provider: str
    settings: JsonDict
    secrets_sealed: str | None


class HookAtWork(NamedTuple):
    """What judging must know of a hook; `zone` is its workspace's."""

    id: str
    workspace_id: str
    name: str
    provider: str
    secrets_sealed: str | None
    rules_version: int
    settings: JsonDict
    zone: str


AnyHook = Hook | HookSeen | HookAtWork
_AT_WORK = Ask(
    select(
        *(_at[name] for name in HookAtWork._fields[:-1]), cast(Table, Workspace.__table__).c.zone
    )
    .join(Workspace, Workspace.id == _at.workspace_id)
    .where(_at.id.in_(bindparam("ids", expanding=True)))
)


def hooks_at_work(hook_ids: Collection[str]) -> dict[str, HookAtWork]:
    """Hooks by id, for the worker; whatever became of them since."""
    rows = _AT_WORK({"ids": list(hook_ids)}) if hook_ids else []
    return {row[0]: HookAtWork(*row) for row in rows}


def hook(workspace_id: str, hook_id: str, deleted: bool = False) -> Hook | None:
    """One of the workspace's hooks; deleted ones only when asked for."""
    found = select(Hook).where(Hook.workspace_id == workspace_id, Hook.id == hook_id)
    if not deleted:
        found = found.where(Hook.deleted_at.is_(None))
    return db.session.scalar(found)


def hook_by_id(hook_id: str) -> Hook:
    """The hook of a thing that has one, whatever became of it since."""
    return db.session.get_one(Hook, hook_id)


def hooks(workspace_id: str, deleted: bool = False) -> list[Hook]:
    """The workspace's hooks, oldest first."""
    found = select(Hook).where(Hook.workspace_id == workspace_id)
    if not deleted:
        found = found.where(Hook.deleted_at.is_(None))
    return list(db.session.scalars(found.order_by(Hook.id)))


def keep_first_secret(hook_id: str, sealed: str, settings: JsonDict) -> bool:
    """Keep a sealed signing secret that a sender handed over, where there is none, and the settings
    that go with it; whether it was kept."""
    kept = change(
        update(Hook).where(Hook.id == hook_id, Hook.secrets_sealed.is_(None))
        .values(secrets_sealed=sealed, settings=settings)
    )  # fmt: skip
    return kept == 1


def to_reread(workspace_id: str) -> dict[str, str]:
    """The hooks of which earlier events are still to be read again for the search index, and below
    which id."""
    found = select(Hook.id, Hook.reread_below).where(
        Hook.workspace_id == workspace_id, Hook.reread_below.is_not(None)
    )
    return {hook_id: below for hook_id, below in db.session.execute(found) if below}


def next_to_reread() -> tuple[str, str] | None:
    """One of these hooks, of any workspace, and below which id; for the worker."""
    found = select(Hook.id, Hook.reread_below).where(Hook.reread_below.is_not(None))
    row = db.session.execute(found.order_by(Hook.id).limit(1)).one_or_none()
    return (row[0], row[1]) if row and row[1] else None


def note_reread(hook_id: str, below: str, further: str | None) -> None:
    """Note that events below this id were read again, down to `further`, or all of them. Nothing
    where somebody hid or showed another field meanwhile."""
    done = update(Hook).where(Hook.id == hook_id, Hook.reread_below == below)
    change(done.values(reread_below=further))


def lock_hook(hook_id: str) -> None:
    """Wait until nobody else holds this lock, and hold it until the commit. Events can be stored
    meanwhile. SQLite needs no lock: whoever writes there is alone."""
    db.session.execute(select(Hook.id).where(Hook.id == hook_id).with_for_update(key_share=True))


def count_rule_change(hook_id: str) -> None:
    """Count a change of the hook's rules, in the change's own transaction."""
    change(update(Hook).where(Hook.id == hook_id).values(rules_version=Hook.rules_version + 1))
