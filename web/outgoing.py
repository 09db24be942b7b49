"""What leaves by a connection. Whoever does not take its answers holds up neither a thread nor a
stop, and keeps the connection for `STUCK` seconds.
"""

from __future__ import annotations

import asyncio
import fcntl
import sys
import termios
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from web import leaving
from web.door import TAKES, Door, Gone

STUCK = 10.0  # seconds without a byte being taken


class Outgoing(HttpToolsProtocol):
    """uvicorn's connection, which knows whether the other side takes what is written."""

    door: Door

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.running: Any = None  # the cycle whose answer is next
        self._watching: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # so that all that is not taken at once is known

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        for cycle in (self.running, *(cycle for cycle, _app in self.pipeline)):
            if cycle:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self.scope[TAKES] = self._takes  # type: ignore[literal-required]
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def _takes(self) -> bool:
        """Whether what is written goes out at once; raises Gone when nobody is there any more."""
        if self.transport.is_closing():
            raise Gone
        return not self.flow.write_paused

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        self._stop_watching()
        super().resume_writing()

    def shutdown(self) -> None:
        super().shutdown()
        if self._watching:  # and not for as long any more
            self._stop_watching()
            self._watch()

    def _watch(self) -> None:
        seconds = leaving.GRACE if self.door.leaving.stopping else STUCK
        self._watching = self.loop.call_later(seconds, self._look, self._untaken())

    def _look(self, before: int) -> None:
        if self._untaken() == before:
            self.transport.abort()
        else:  # it takes, though slowly
            self._watch()

    def _stop_watching(self) -> None:
        if self._watching:
            self._watching.cancel()
            self._watching = None

    def _untaken(self) -> int:
        """How many bytes are not with the other side. Without those that the system holds, whoever
        takes slowly would seem to take nothing: it asks for more only when much of it is gone."""
        left = self.transport.get_write_buffer_size()
        with suppress(OSError, ValueError):
            there = self.transport.get_extra_info("socket").fileno()
            left += int.from_bytes(fcntl.ioctl(there, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
        return left
