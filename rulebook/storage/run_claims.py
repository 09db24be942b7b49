"""Runs on their way through a worker: claimed many at once, settled many at once.

A claim and a settling are guarded: they name the state, and the lease, that they expect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Dialect, Executable, Table, Text, bindparam, func, select, update
from sqlalchemy import cast as cast_to

from rulebook.storage.base import JsonDict, UtcDateTime
from rulebook.storage.engine import db
from rulebook.storage.rows import Ask, Many, inserting
from rulebook.storage.runs import LEASE, Run


class Wanted(NamedTuple):
    """What must be known of a run before it is claimed."""

    id: str
    workspace_id: str
    target: str
    needs: list[str]
    attempts: int
    replay_no: int

    @property
    def late(self) -> bool:
        """Whether first tries of other runs go before it."""
        return self.attempts > 0 or self.replay_no > 0


class Claimed(NamedTuple):
    """A run as it was when it was claimed; `attempts` is the number of the try that begins."""

    id: str
    workspace_id: str
    hook_id: str
    event_id: str
    rule_id: str
    rule_version_id: str
    replay_no: int
    step_id: str
    action: str
    connection_id: str | None
    config: JsonDict
    practice: bool
    hops: int
    repeat_safe: bool
    may_repeat: bool
    attempts: int
    max_attempts: int
    expires_at: datetime | None


_run = cast(Table, Run.__table__).c
_WANTED = Ask(
    select(*(_run[name] for name in Wanted._fields)).where(
        _run.id.in_(bindparam("ids", expanding=True)), _run.state == "queued"
    )
)
_CLAIM = Ask(
    update(cast(Table, Run.__table__))
    .where(
        _run.id.in_(bindparam("ids", expanding=True)),
        _run.state == "queued",
        _run.next_attempt_at <= bindparam("now", type_=UtcDateTime()),
        _run.expires_at > bindparam("now", type_=UtcDateTime()),
        _run.attempts < _run.max_attempts,
    )
    .values(
        state="sending",
        attempts=_run.attempts + 1,
        lease_token=bindparam("token"),
        lease_until=bindparam("until", type_=UtcDateTime()),
    )
    .returning(*(_run[name] for name in Claimed._fields))
)


_BESIDE = Ask(
    select(_run.id).where(
        _run.event_id.in_(bindparam("ids", expanding=True)),
        _run.state == "queued",
        cast_to(_run.needs, Text) != "[]",
    )
)


def wanted(run_ids: Collection[str]) -> list[Wanted]:
    """Those of the runs that wait, oldest first."""
    rows = _WANTED({"ids": list(run_ids)}) if run_ids else []
    return sorted(Wanted(*row) for row in rows)


def claim_runs(run_ids: Collection[str], token: str, now: datetime) -> list[Claimed]:
    """Take due runs for sending and count the try; those that are not due or that another has are
    left out."""
    asked = {"ids": list(run_ids), "token": token, "now": now, "until": now + LEASE}
    return sorted((Claimed(*row) for row in _CLAIM(asked)), key=lambda run: run.id)


def as_wanted(row: Mapping[str, Any]) -> Wanted:
    """A planned run, given as a row."""
    return Wanted(**{name: row.get(name, 0) for name in Wanted._fields})


def as_claimed(row: dict[str, Any], token: str, now: datetime) -> Claimed:
    """A planned run, given as a row that is not stored yet, as if it had been claimed since; the
    row is changed so that it is stored that way."""
    row |= {"state": "sending", "attempts": 1, "lease_token": token, "lease_until": now + LEASE}
    return Claimed(**{name: row.get(name, False) for name in Claimed._fields})


def waiting_beside(event_ids: Collection[str]) -> list[Run]:
    """The queued runs of these events that need other steps."""
    # Asked after every batch of calls, and nearly always for nothing.
    ids = [row[0] for row in _BESIDE({"ids": list(event_ids)})] if event_ids else []
    if not ids:
        return []
    found = select(Run).where(Run.id.in_(ids), Run.state == "queued")
    return list(db.session.scalars(found.order_by(Run.id)))


add_runs = inserting(Run)


def _settling(dialect: Dialect) -> Executable:
    settled = ("state", "sentence", "fix", "may_repeat", "finished_at")
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in settled}
    # Kept where there is nothing new.
    for name in ("next_attempt_at", "next_check_at", "provider_ref"):
        column = _run[name]
        values[name] = func.coalesce(bindparam(f"new_{name}", type_=column.type), column)
    return (
        update(cast(Table, Run.__table__))
        .where(
            _run.id == bindparam("run_id"),
            _run.state == "sending",
            _run.lease_token == bindparam("token"),
        )
        .values(lease_until=None, **values)
    )


_settle = Many(_settling)


def settle_all(settled: Sequence[tuple[str, str, Mapping[str, Any]]]) -> bool:
    """Move runs, given as id, lease token and new values, on from `sending`. False when the lease
    of any was taken over meanwhile: then nothing must be committed."""
    plain = {"next_attempt_at": None, "next_check_at": None, "provider_ref": None}
    rows = [
        {"run_id": run_id, "token": token}
        | {f"new_{name}": value for name, value in {**plain, **values}.items()}
        for run_id, token, values in settled
    ]
    return _settle(rows) == len(rows)
