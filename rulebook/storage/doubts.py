"""Runs of which a provider has something to say: doubtful ones to be looked up, and reports.

Every change is a guarded UPDATE, as in storage/runs.py; what is known never goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from rulebook.storage.engine import change, db
from rulebook.storage.runs import Run

# What may have been known before each report. A message ends once: the first end that is told
# counts, and only "read" may follow "delivered".
BEFORE: dict[str, tuple[str, ...]] = {
    "sent": (),
    "delivered": ("sent",),
    "undelivered": ("sent",),
    "failed": ("sent",),
    "read": ("sent", "delivered"),
}
ARRIVED = ("delivered", "read")
ENDED = ("succeeded", "failed", "cancelled")


def due_checks(now: datetime, limit: int = 20) -> list[str]:
    """The runs that are to be looked up now, the one that waits longest first."""
    found = select(Run.id).where(Run.next_check_at <= now).order_by(Run.next_check_at)
    return list(db.session.scalars(found.limit(limit)))


def plan_check(run_id: str, seen: datetime, at: datetime | None, fix: str = "") -> bool:
    """Move a run's next check from the moment that was seen; False when another was faster. fix:
    what to tell whoever has to decide now."""
    planned = update(Run).where(Run.id == run_id, Run.next_check_at == seen)
    more = {"fix": fix} if fix else {}
    return change(planned.values(next_check_at=at, **more)) == 1


def settle_done(run_id: str, n: int, values: dict[str, Any]) -> bool:
    """What try `n` sent is there: whatever is not decided yet has succeeded. A later try that is
    under way decides for itself. What was given up without knowing (a person said that it did not
    arrive) has succeeded once it is reported to have arrived."""
    open_still = or_(
        Run.state.in_(("unknown", "queued", "held")), (Run.state == "sending") & (Run.attempts == n)
    )
    if (delivery := values.get("delivery")) in ARRIVED:
        ours = or_(Run.provider_ref.is_(None), Run.provider_ref == values["provider_ref"])
        open_still |= (Run.state == "failed") & ours & _newer(delivery)
    return _settle(run_id, open_still & (Run.attempts >= n), {"state": "succeeded", **values})


def settle_not_done(run_id: str, n: int, values: dict[str, Any]) -> bool:
    """What try `n` sent was not delivered: the run has failed, also one that counted as sent
    because the provider had accepted just this."""
    accepted = (Run.state == "succeeded") & (Run.provider_ref == values["provider_ref"])
    open_still = or_(Run.state.in_(("unknown", "sending")), accepted & _newer(values["delivery"]))
    return _settle(run_id, open_still & (Run.attempts == n), {"state": "failed", **values})


def note_delivery(run_id: str, receipt: str, delivery: str, at: datetime) -> bool:
    """Keep a report on a run that has ended; False when it is old, or about something else."""
    ours = or_(Run.provider_ref.is_(None), Run.provider_ref == receipt)
    noted = update(Run).where(Run.id == run_id, Run.state.in_(ENDED), ours, _newer(delivery))
    return change(noted.values(delivery=delivery, delivery_at=at, provider_ref=receipt)) == 1


def held_by_another(receipts: Sequence[str], run_id: str) -> set[str]:
    """Those of the receipts that another run has."""
    found = select(Run.provider_ref).where(Run.provider_ref.in_(receipts), Run.id != run_id)
    return {receipt for receipt in db.session.scalars(found) if receipt}


def alike(run: Run) -> list[Run]:
    """Other runs that do, or may have done, the same as this one, and have no receipt yet."""
    found = select(Run).where(
        Run.workspace_id == run.workspace_id,
        Run.action == run.action,
        Run.state.in_(("sending", "unknown")),
        Run.summary == run.summary,
        Run.id != run.id,
    )
    return [each for each in db.session.scalars(found) if each.config == run.config]


def _settle(run_id: str, still: ColumnElement[bool], values: dict[str, Any]) -> bool:
    settled = update(Run).where(Run.id == run_id, still)
    return change(settled.values(lease_until=None, next_check_at=None, **values)) == 1


def _newer(delivery: str) -> ColumnElement[bool]:
    return or_(Run.delivery.is_(None), Run.delivery.in_(BEFORE[delivery]))
