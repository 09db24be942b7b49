"""How often a thing may be tried: counted in the database, so that all processes agree."""

from __future__ import annotations

from datetime import datetime, timedelta

from rulebook.errors import TooMany
from rulebook.storage import db, users


def count_try(key: str, limit: int, window: timedelta, now: datetime) -> None:
    """Count one try; TooMany once there were more than `limit` within `window`. Commits."""
    count, since = users.count_up(key, now, window)
    db.session.commit()
    if count > limit:
        wait = int((since + window - now).total_seconds()) + 1
        raise TooMany("That was tried too often.", wait)
