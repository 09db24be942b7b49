"""Charts stand on the reader's clock, also on days that are shorter or longer than others."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rulebook.storage.tallies import slot_of
from web.rhythm import RANGES, stretches

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("days", RANGES)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"])
def test_every_bar_begins_on_a_half_hour_and_the_last_one_holds_now(days: int, zone: str) -> None:
    now = datetime(2026, 11, 18, 13, 12, tzinfo=UTC)
    shown = stretches(days, now, ZoneInfo(zone))
    assert shown.starts == sorted(set(shown.starts))
    assert all(start.timestamp() % 1800 == 0 for start in shown.starts)
    assert len(shown.names) == len(shown.starts) and len(shown.axis) == 5
    counts = shown.counts([(slot_of(now), 2), (slot_of(shown.since), 3), (0, 9)])
    assert (counts[0], counts[-1], sum(counts)) == (3, 2, 5)


def test_a_day_is_a_day_when_the_clocks_change() -> None:
    now = datetime(2026, 3, 30, 8, tzinfo=UTC)
    shown = stretches(30, now, BERLIN)
    assert all(start.astimezone(BERLIN).hour == 0 for start in shown.starts)
    last_two = shown.starts[-1] - shown.starts[-2]
    assert last_two.total_seconds() == 23 * 3600  # the night in which an hour is left out
    assert shown.names[-1] == "Mon 30 Mar"


def test_a_week_has_four_bars_a_day() -> None:
    shown = stretches(7, datetime(2026, 11, 18, 13, 12, tzinfo=UTC), BERLIN)
    assert len(shown.starts) == 6 * 4 + 3
    assert shown.names[-1] == "Wed 18 Nov, from 12:00"
