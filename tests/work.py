"""The worker's doing, done here and now: for tests that need its effect and not its process."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from rulebook.domain.act import act
from rulebook.domain.judge import judge
from rulebook.storage import db, utcnow
from rulebook.storage.events import Event
from rulebook.storage.runs import Run


def work(app: Flask, most: int = 100) -> None:
    """Judge and act until nothing is due."""
    for _ in range(most):
        with app.app_context():
            waiting = select(Event.id).where(Event.state == "received").order_by(Event.id)
            due = select(Run.id).where(Run.state == "queued", Run.next_attempt_at <= utcnow())
            event_id = db.session.scalar(waiting.limit(1))
            run_id = db.session.scalar(due.order_by(Run.id).limit(1))
            db.session.rollback()
            if event_id:
                judge(event_id)
            elif run_id:
                act(run_id)
            else:
                return
    raise AssertionError("there was always more to do")


def rewind(app: Flask, run_id: str, **by: float) -> None:
    """Let time have passed for a run: its stored times are moved back."""
    with app.app_context():
        run = db.session.get_one(Run, run_id)
        back = timedelta(**by)
        moved = {
            name: moment - back
            for name in ("created_at", "next_attempt_at", "expires_at", "lease_until",
                         "last_rung_at")
            if (moment := getattr(run, name)) is not None
        }  # fmt: skip
        db.session.execute(update(Run).where(Run.id == run_id).values(**moved))
        db.session.commit()
