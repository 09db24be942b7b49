"""What Rulebook stands on breaks under load: nothing acknowledged is lost, nothing is done twice,
our own trouble is 503 and never the sender's, and it all mends without a hand.

The long version, with figures: python -m tests.faults.environment
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis as redis_client

from tests.faults import grounds
from tests.faults.stream import PAGES, check, scene
from tests.jobs.shop import wait_until


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_queue_file_that_vanishes_or_is_spoilt(stack: ExitStack, tmp_path: Path) -> None:
    scene_ = scene(stack, tmp_path)
    with scene_.stream as stream:
        stream.goes_on()
        for file in tmp_path.glob("queue.db*"):
            file.unlink(missing_ok=True)
        stream.goes_on()
        for file in tmp_path.glob("queue.db*"):
            file.write_bytes(b"this is no database " * 1000)
        stream.goes_on()
    assert set(stream.statuses) == {200}
    check(scene_.here, stream, scene_.arrivals)


@pytest.mark.redis
def test_a_redis_that_forgets_and_one_that_is_away(stack: ExitStack, tmp_path: Path) -> None:
    daemon, url = stack.enter_context(grounds.redis())
    scene_ = scene(stack, tmp_path, RULEBOOK_QUEUE_URL=url)
    with scene_.stream as stream:
        for _ in range(3):
            stream.goes_on(10)
            redis_client.Redis.from_url(url).flushall()
        daemon.end()
        stream.goes_on(40)
        arrived = len(scene_.arrivals.times)
        wait_until(lambda: len(scene_.arrivals.times) > arrived + 20)  # without any bell
        daemon.start()
        stream.goes_on()
    assert set(stream.statuses) == {200}
    check(scene_.here, stream, scene_.arrivals)


@pytest.mark.postgres
def test_a_postgresql_that_is_restarted_at_once(stack: ExitStack, tmp_path: Path) -> None:
    daemon, url = stack.enter_context(grounds.postgres())
    scene_ = scene(stack, tmp_path, RULEBOOK_DATABASE_URL=url)
    with scene_.stream as stream:
        for _ in range(2):
            stream.goes_on()
            daemon.restart(signal.SIGQUIT)
        for _ in range(2):
            stream.goes_on()
            assert grounds.end_backends(url)
        stream.goes_on()
    check(scene_.here, stream, scene_.arrivals)


def test_a_short_lock_costs_only_time(stack: ExitStack, tmp_path: Path) -> None:
    scene_ = scene(stack, tmp_path)
    with scene_.stream as stream:
        stream.goes_on()
        with grounds.locked(tmp_path / "rulebook.db"):
            assert not threading.Event().wait(1)
            assert [scene_.page(path) for path in PAGES] == [200] * len(PAGES)
        stream.goes_on()
    assert set(stream.statuses) == {200}
    check(scene_.here, stream, scene_.arrivals)


def test_during_a_long_lock_senders_are_asked_to_come_again(
    stack: ExitStack, tmp_path: Path
) -> None:
    scene_ = scene(stack, tmp_path)
    with scene_.stream as stream:
        stream.goes_on()
        with grounds.locked(tmp_path / "rulebook.db"):
            wait_until(lambda: stream.statuses[503])
            assert [scene_.page(path) for path in PAGES] == [200] * len(PAGES)
        stream.goes_on()
    check(scene_.here, stream, scene_.arrivals)


@pytest.mark.parametrize("floor", ["0", "3"])
def test_a_full_disk(stack: ExitStack, tmp_path: Path, floor: str) -> None:
    disk = stack.enter_context(grounds.small_disk(tmp_path))
    scene_ = scene(stack, disk, RULEBOOK_DISK_FLOOR=floor)
    with scene_.stream as stream:
        stream.goes_on()
        filler = grounds.fill(disk)
        wait_until(lambda: stream.statuses[503] > 10)
        assert [scene_.page(path) for path in PAGES] == [200] * len(PAGES)
        filler.unlink()
        stream.goes_on()
    check(scene_.here, stream, scene_.arrivals)
