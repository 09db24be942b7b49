"""The thread that keeps the search index up to date gives way, and not for ever."""

from __future__ import annotations

import pytest
from flask import Flask

from rulebook.jobs import indexing

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


class Clock:
    """Time that passes only while somebody waits; it stops those who have waited long enough."""

    def __init__(self, ends: float) -> None:
        self.now, self.ends = 0.0, ends

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += max(seconds, 0.25)  # what was done took time as well
        return self.now >= self.ends


def rounds(
    app: Flask, monkeypatch: pytest.MonkeyPatch, busy: bool, more: bool, seconds: float
) -> list[float]:
    """When the index was written within so many seconds, by a process that is busy or not, with
    more to index than one round takes or without."""
    clock, at = Clock(seconds), list[float]()

    def index_some() -> bool:
        at.append(clock.now)
        return more

    monkeypatch.setattr(indexing, "time", clock)
    monkeypatch.setattr(indexing, "index_some", index_some)
    monkeypatch.setattr(indexing, "reread_some", lambda: False)
    indexing._keep(app, clock, lambda: busy)  # type: ignore[arg-type]
    return at


def test_the_index_follows_every_second_where_there_is_nothing_better_to_do(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rounds(app, monkeypatch, busy=False, more=False, seconds=5) == [1, 2, 3, 4]


def test_a_busy_worker_leaves_it_behind_for_ten_seconds_and_no_longer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rounds(app, monkeypatch, busy=True, more=False, seconds=25) == [10, 20]
    [first, *_] = rounds(app, monkeypatch, busy=True, more=True, seconds=15)
    assert first == 10
