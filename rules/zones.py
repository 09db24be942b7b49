"""Time zones by name."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.errors import RuleError


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; RuleError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fix = "Use a name such as Europe/Berlin or UTC."
        raise RuleError("", f"There is no time zone '{name}'.", fix) from None
