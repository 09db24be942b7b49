"""What happened as charts: stretches of local time, and how much of each kind fell into them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rulebook.storage import tallies
from rulebook.storage.tallies import SLOT, slot_of

# Days shown -> hours of one bar.
RANGES = {1: 1, 7: 6, 30: 24}
WORDS = {1: "Last 24 hours", 7: "Last 7 days", 30: "Last 30 days"}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Stretches:
    """The bars of a chart, oldest first: where each begins, how it is called, the axis below."""

    starts: list[datetime]
    names: list[str]
    axis: list[str]

    @property
    def since(self) -> datetime:
        return self.starts[0]

    def counts(self, rows: Iterable[tuple[int, int]]) -> list[int]:
        """How much fell into each, of half hours and numbers."""
        edges = [slot_of(start) for start in self.starts]
        found = [0] * len(edges)
        for slot, n in rows:
            if slot >= edges[0]:
                found[bisect_right(edges, slot) - 1] += n
        return found


def stretches(days: int, now: datetime, zone: ZoneInfo) -> Stretches:
    """Bars for so many days (1, 7 or 30) that end now, on whole hours of the zone's clock."""
    local = now.astimezone(zone)
    if days == 1:
        hour = local.replace(minute=0, second=0, microsecond=0)
        utc = hour.astimezone(now.tzinfo)
        starts = [utc - n * HOUR for n in range(23, -1, -1)]
        names = [f"{start.astimezone(zone):%H:%M}" for start in starts]
        return Stretches(starts, names, [names[n] for n in range(0, 24, 6)] + ["now"])
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = range(0, 24, RANGES[days])
    # By the clock on the wall, so that a day of 23 or 25 hours is still one day.
    walls = [today - n * DAY + hour * HOUR for n in range(days - 1, -1, -1) for hour in hours]
    walls = [wall for wall in walls if wall <= local]
    starts = [wall.astimezone(now.tzinfo) for wall in walls]
    names = [_named(wall, RANGES[days]) for wall in walls]
    spread = [walls[round(n * (len(walls) - 1) / 4)] for n in range(4)]
    return Stretches(starts, names, [f"{wall.day} {wall:%b}" for wall in spread] + ["today"])


def _day(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b}"


def _named(wall: datetime, hours: int) -> str:
    return _day(wall) if hours == 24 else f"{_day(wall)}, from {wall:%H:%M}"


def by_kind(
    workspace_id: str, shown: Stretches, hook_id: str | None = None, rule_id: str | None = None
) -> dict[str, list[int]]:
    """How much of each kind fell into each stretch, of everything or of one hook or rule."""
    rows = tallies.by_slot(workspace_id, shown.since, hook_id, rule_id)
    return {
        kind: shown.counts((slot, n) for slot, of, n in rows if of == kind)
        for kind in tallies.KINDS
    }


def by_thing(
    workspace_id: str, of: str, shown: Stretches, points: int
) -> dict[str, dict[str, list[int]]]:
    """For each hook or rule (`of`: hook_id or rule_id) how much of each kind fell into each of so
    many equal stretches."""
    last = (
        slot_of(shown.starts[-1])
        + int((shown.starts[-1] - shown.starts[-2]).total_seconds()) // SLOT
    )
    slots = max(1, -(-(last - slot_of(shown.since)) // points))
    found: dict[str, dict[str, list[int]]] = {}
    for thing, number, kind, n in tallies.by_thing(workspace_id, of, shown.since, slots):
        if kind not in tallies.KINDS:
            continue  # of another version
        kinds = found.setdefault(thing, {each: [0] * points for each in tallies.KINDS})
        kinds[kind][min(number, points - 1)] += n
    return found
