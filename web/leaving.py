"""How a web process stops: quickly, whatever clients are up to. The server waits for every request
that has begun, and a client that sends half of one would hold it up to the very end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

GRACE = 2.0  # seconds for the last answers to get out
LONGEST = 9.0  # seconds for all, before whoever supervises ends the process


class Stopping(Exception):
    """The process is to stop, and the request was not here in full yet."""


One = TypeVar("One")


class Deadlines(Generic[One]):
    """Who may take until when; all may take equally long. One timer does for all of them: one for
    each would cost more than the reading."""

    def __init__(self, seconds: float, late: Callable[[One], None]) -> None:
        self._seconds, self._late = seconds, late
        self._until: dict[One, float] = {}  # the earliest first
        self._timer = False

    def begin(self, one: One) -> None:
        """From now on its time runs."""
        loop = asyncio.get_running_loop()
        self._until[one] = until = loop.time() + self._seconds
        if not self._timer:
            self._timer = True
            loop.call_at(until, self._look, loop)

    def end(self, one: One) -> None:
        """It came in time, or is no more."""
        self._until.pop(one, None)

    def end_all(self) -> None:
        """Nobody has any more time."""
        for one in list(self._until):
            self._late(one)
        self._until.clear()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        while self._until:
            one, until = next(iter(self._until.items()))
            if until > now:
                break
            del self._until[one]
            self._late(one)
        self._timer = bool(self._until)
        if self._until:
            loop.call_at(next(iter(self._until.values())), self._look, loop)


class Leaving:
    """What a process that stops waits for (`at_work`, counted by the door), and what it does not
    (`reading`, which may take so many seconds for each request)."""

    def __init__(self, seconds: float) -> None:
        self.stopping = False
        self.at_work = 0
        self._reading = Deadlines[asyncio.Task[Any]](seconds, self._end)
        self._ended: set[asyncio.Task[Any]] = set()

    async def reading(self, body: Coroutine[Any, Any, bytes]) -> bytes:
        """What a client sends; TimeoutError when that takes too long, Stopping when the process
        stops first."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task, "requests are tasks"
        self._reading.begin(task)
        if self.stopping:  # what is here already may be read
            loop.call_soon(self._reading.end_all)
        try:
            return await body
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            task.uncancel()
            raise (Stopping() if self.stopping else TimeoutError()) from None
        finally:
            self._reading.end(task)
            self._ended.discard(task)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._ended.add(task)
        task.cancel()

    def stop(self) -> None:
        """From now on nobody is waited for who is still sending, nor for ever for anybody."""
        self.stopping = True
        self._reading.end_all()
        loop = asyncio.get_running_loop()
        loop.call_later(GRACE, self._leave, loop)
        loop.call_later(LONGEST, _end_process)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """What is left once nothing is at work are clients that do not take their answers."""
        if self.at_work:
            loop.call_later(GRACE, self._leave, loop)
        else:
            _end_process()


def _end_process() -> None:
    os._exit(0)
