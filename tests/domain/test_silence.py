"""A hook that fell silent is told from one that is quiet as usual, by made histories."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from rulebook.domain.silence import WEEK, silence

DAY, HOUR = 48, 2
NOW = 3000 * WEEK  # the first half hour of a week that begins on a Thursday, as 1970 did


def weekday(slot: int) -> int:
    """0 is Monday."""
    return (slot // DAY + 3) % 7


def history(weeks: int, often: Callable[[int], float], seed: int = 1) -> dict[int, int]:
    """How many came in each half hour of the weeks before NOW."""
    chance = random.Random(seed)
    found = {}
    for slot in range(NOW - weeks * WEEK, NOW):
        n = sum(chance.random() < often(slot) / 10 for _ in range(10))
        if n:
            found[slot] = n
    return found


def by_day(slot: int) -> float:
    return 14 / 26 if 8 <= slot % DAY // 2 < 21 else 0


def at_work(slot: int) -> float:
    return 1.5 if weekday(slot) < 5 and 8 <= slot % DAY // 2 < 18 else 0


def all_day(slot: int) -> float:
    return 14 / 48


def daily(slot: int) -> float:
    return 10.0 if slot % DAY == 7 else 0


def heard_of(counts: dict[int, int], until: int, ahead: int) -> int | None:
    """After how many half hours without anything it is told, looking ahead so far."""
    past = {slot: n for slot, n in counts.items() if slot < until}
    return next((at for at in range(ahead) if silence(past, until + at)), None)


@pytest.mark.parametrize("often", [by_day, all_day])
@pytest.mark.parametrize("seed", range(5))
def test_fourteen_a_day_and_then_none_is_told_within_about_a_day(often, seed: int) -> None:
    told = heard_of(history(8, often, seed), NOW, 4 * DAY)
    assert told is not None and 6 * HOUR < told <= 1.75 * DAY
    found = silence(history(8, often, seed), NOW + told)
    assert found and found.usual in ("12 a day", "13 a day", "14 a day", "15 a day", "16 a day")


def test_a_usual_quiet_weekend_is_no_alarm_but_a_quiet_monday_is() -> None:
    counts = history(8, at_work)
    friday = NOW + DAY  # Friday begins
    assert weekday(friday) == 4
    past = {slot: n for slot, n in counts.items()} | {NOW + 30: 3}
    for slot in range(NOW, NOW + DAY):
        if at_work(slot):
            past[slot] = 1
    for slot in range(friday, friday + DAY):
        if at_work(slot):
            past[slot] = 1
    monday = friday + 3 * DAY
    assert not [at for at in range(friday + DAY, monday + 17) if silence(past, at)]
    told = next(at for at in range(monday, monday + DAY) if silence(past, at))
    assert 9 * HOUR < told - monday < 15 * HOUR


@pytest.mark.parametrize("often", [by_day, all_day, at_work, daily])
@pytest.mark.parametrize("seed", range(12))
def test_as_long_as_it_goes_on_as_usual_nothing_is_told(often, seed: int) -> None:
    counts = history(12, often, seed)
    slots = sorted(counts)
    for at in range(NOW - 4 * WEEK, NOW):
        past = {slot: counts[slot] for slot in slots[: _below(slots, at)]}
        assert not silence(past, at), f"{NOW - at} half hours before the end"


def _below(slots: list[int], at: int) -> int:
    from bisect import bisect_left

    return bisect_left(slots, at)


def test_one_report_a_day_is_missed_after_two_days() -> None:
    counts = {NOW - n * DAY + 7: 1 for n in range(1, 60)}
    told = heard_of(counts, NOW, 7 * DAY)
    assert told is not None and DAY < told < 3 * DAY
    found = silence(counts, NOW + told)
    assert found and found.usual == "1 a day" and found.last == NOW - DAY + 7


def test_an_hour_later_than_usual_is_no_alarm() -> None:
    counts = {NOW - n * DAY + 7: 20 for n in range(1, 60)}
    assert heard_of(counts, NOW, 7 + HOUR) is None
    assert heard_of(counts, NOW, DAY) is not None


def test_what_is_new_or_comes_seldom_or_never_came_is_not_judged() -> None:
    assert silence({}, NOW) is None
    assert heard_of({NOW - n: 5 for n in range(1, WEEK)}, NOW, 3 * DAY) is None
    assert heard_of({NOW - n * WEEK: 1 for n in range(1, 6)}, NOW, 3 * WEEK) is None


def test_long_silence_stays_a_silence() -> None:
    counts = history(8, all_day)
    assert all(silence(counts, NOW + days * DAY) for days in (2, 8, 15, 22))
