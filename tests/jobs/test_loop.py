"""The loop of a web process hears whoever hands something over, and is woken once for many."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rulebook.jobs.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_many_that_come_at_once_wake_it_once(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    heard: list[int] = []
    loop.run_until_complete(asyncio.sleep(0))

    class Counting:
        def send(self, data: bytes) -> None:
            sent.append(data)
            pipe.send(data)

    pipe = loop._csock
    monkeypatch.setattr(loop, "_csock", Counting())
    for number in range(100):
        loop.call_soon_threadsafe(heard.append, number)
    assert len(sent) == 1
    loop.run_until_complete(asyncio.sleep(0))
    assert heard == list(range(100))
    loop.run_until_complete(asyncio.sleep(0.001))  # the byte is read
    loop.call_soon_threadsafe(heard.append, 100)
    assert len(sent) == 2
    loop.run_until_complete(asyncio.sleep(0))
    monkeypatch.undo()


def test_nothing_handed_over_is_left_lying(loop: Loop) -> None:
    """The loop sleeps whenever it has nothing to do; four threads wake it, each waiting until it
    was heard before it goes on, or not at all."""

    async def all_heard() -> int:
        heard = 0
        done = asyncio.Event()

        def hear(told: threading.Event | None) -> None:
            nonlocal heard
            heard += 1
            if told:
                told.set()
            if heard == 4 * 2000:
                done.set()

        def tell() -> None:
            for number in range(2000):
                told = threading.Event() if number % 2 else None
                loop.call_soon_threadsafe(hear, told)
                assert told is None or told.wait(20), "the loop was not woken"

        threads = [in_thread(tell) for _ in range(4)]
        await asyncio.wait_for(done.wait(), 60)
        for thread in threads:
            thread.join()
        return heard

    assert loop.run_until_complete(all_heard()) == 8000


def test_signals_are_heard(loop: Loop) -> None:
    async def until_told() -> bool:
        told = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, told.set)
        for _ in range(3):
            told.clear()
            loop.call_soon_threadsafe(lambda: None)
            signal.raise_signal(signal.SIGUSR1)
            await asyncio.wait_for(told.wait(), 20)
        return loop.remove_signal_handler(signal.SIGUSR1)

    assert loop.run_until_complete(until_told())
