"""How often a thing may be tried: counted in the database, so that all processes agree."""

from __future__ import annotations

from datetime import datetime, timedelta

from rulebook.errors import TooMany
from rulebook.storage import db
from rulebook.storage.users import Throttle


def count_try(key: str, limit: int, window: timedelta, now: datetime) -> None:
    """Count one try; TooMany once there were more than `limit` within `window`. Commits."""
    row = db.session.get(Throttle, key, with_for_update=True)
    if row is None:
        row = Throttle(key=key, window_start=now, count=0)
        db.session.add(row)
    elif row.window_start <= now - window:
        row.window_start, row.count = now, 0
    row.count += 1
    over = row.count > limit
    wait = int((row.window_start + window - now).total_seconds()) + 1
    db.session.commit()
    if over:
        raise TooMany("That was tried too often.", wait)
