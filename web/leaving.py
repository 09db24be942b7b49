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
    """What a process that stops waits for (`work`), and what it does not (`reading`)."""

    def __init__(self) -> None:
        self.stopping = False
        self._reading: set[asyncio.Timeout] = set()
        self._at_work = 0

    def listen(self) -> None:
        """Hear of the end before the web server does; it goes on hearing of Ctrl-C itself."""
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # other threads
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop)

    async def reading(self, body: Coroutine[Any, Any, bytes], seconds: float) -> bytes:
        """A client may take this long; TimeoutError then, Stopping when the process stops first."""
        limit = asyncio.timeout(0 if self.stopping else seconds)
        self._reading.add(limit)
        try:
            async with limit:
                return await body
        except TimeoutError:
            raise (Stopping() if self.stopping else TimeoutError()) from None
        finally:
            self._reading.discard(limit)

    async def work(self, answer: Coroutine[Any, Any, None]) -> None:
        """A request is being answered: it is waited for."""
        self._at_work += 1
        try:
            await answer
        finally:
            self._at_work -= 1

    def _stop(self) -> None:
        loop = asyncio.get_running_loop()
        self.stopping = True
        for limit in self._reading:
            if limit.when() is not None:  # else it has not begun, and ends at once by itself
                limit.reschedule(loop.time())
        loop.call_later(GRACE, self._leave)
        signal.raise_signal(signal.SIGINT)  # the server stops as it does for Ctrl-C

    def _leave(self) -> None:
        """Nothing is left but clients that have not sent as much as a whole head."""
        if self._at_work:
            asyncio.get_running_loop().call_later(GRACE, self._leave)
        else:
            os._exit(0)
