"""How a web process stops: quickly, whatever clients are up to. The server waits for every request
that has begun, and a client that sends half of one would hold it up to the very end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine
from typing import Any

GRACE = 2.0  # seconds for the last answers to get out


class Stopping(Exception):
    """The process is to stop, and the request was not here in full yet."""


class Leaving:
    """What a process that stops waits for (`at_work`, counted by the door), and what it does not
    (`reading`)."""

    def __init__(self) -> None:
        self.stopping = False
        self.at_work = 0
        # Until when each may read, the earliest first. One timer does for all of them: one for each
        # would cost more than the reading.
        self._reading: dict[asyncio.Task[Any], float] = {}
        self._ended: set[asyncio.Task[Any]] = set()
        self._timer = False

    def listen(self) -> None:
        """Hear of the end before the web server does; it goes on hearing of Ctrl-C itself."""
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # other threads
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop)

    async def reading(self, body: Coroutine[Any, Any, bytes], seconds: float) -> bytes:
        """A client may take this long; TimeoutError then, Stopping when the process stops first."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task, "requests are tasks"
        self._reading[task] = until = loop.time() + (0 if self.stopping else seconds)
        if self.stopping:
            loop.call_soon(self._end_late)
        elif not self._timer:
            self._timer = True
            loop.call_at(until, self._look, loop)
        try:
            return await body
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            task.uncancel()
            raise (Stopping() if self.stopping else TimeoutError()) from None
        finally:
            del self._reading[task]
            self._ended.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._end_late()
        first = next((until for task, until in self._reading.items() if task not in self._ended), 0)
        self._timer = bool(first)
        if first:
            loop.call_at(first, self._look, loop)

    def _end_late(self) -> None:
        now = asyncio.get_running_loop().time()
        for task, until in self._reading.items():
            if until <= now and task not in self._ended:
                self._ended.add(task)
                task.cancel()

    def _stop(self) -> None:
        loop = asyncio.get_running_loop()
        self.stopping = True
        self._reading = dict.fromkeys(self._reading, loop.time())
        self._end_late()
        loop.call_later(GRACE, self._leave)
        signal.raise_signal(signal.SIGINT)  # the server stops as it does for Ctrl-C

    def _leave(self) -> None:
        """Nothing is left but clients that have not sent as much as a whole head."""
        if self.at_work:
            asyncio.get_running_loop().call_later(GRACE, self._leave)
        else:
            os._exit(0)
