"""For monitors: is it alive, can it work, how is it doing."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from rulebook.domain import disk
from rulebook.domain.house import house
from rulebook.storage import db, event_claims, runs, utcnow

pages = Blueprint("health", __name__)
LATE = 60.0


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers, work is not late, there is room on the disk."""
    try:
        db.session.execute(text("SELECT 1"))
        late = _oldest_age()
    except SQLAlchemyError as problem:
        return jsonify(status="down", database=type(problem).__name__), 503
    free = disk.free(house().config)
    ready = late < LATE and free >= disk.floor(house().config)
    found = {"status": "ok" if ready else "late" if late >= LATE else "full",
             "database": "ok", "oldest_waiting_seconds": round(late, 1),
             "free_disk_bytes": free}  # fmt: skip
    return jsonify(found), 200 if ready else 503


@pages.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Prometheus text format 0.0.4."""
    rows = [
        ("rulebook_oldest_waiting_seconds", "Age of the oldest thing that is due.", _oldest_age()),
        ("rulebook_free_disk_bytes", "Free space where the instance folder is.",
         disk.free(house().config)),
    ]  # fmt: skip
    lines = [
        f"# HELP {name} {words}\n# TYPE {name} gauge\n{name} {value}\n"
        for name, words, value in rows
    ]
    return Response("".join(lines), mimetype="text/plain; version=0.0.4")


def _oldest_age() -> float:
    now = utcnow()
    found = [at for at in (event_claims.oldest_waiting(now), runs.oldest_due(now)) if at]
    return max(((now - at).total_seconds() for at in found), default=0.0)
