"""The event loop of a web process."""

from __future__ import annotations

import asyncio


class Loop(asyncio.SelectorEventLoop):
    """Python's own, woken once however many hand something over before it is awake: the server
    does so from another thread for each request, and each byte through the socket that wakes it
    costs two calls of the system and a change of threads."""

    _woken = False

    def _write_to_self(self) -> None:
        # What is handed over stands in the loop's list already, and whoever set this wrote a byte
        # that was not read yet: the loop looks at the list after it has read it.
        if not self._woken:
            self._woken = True
            super()._write_to_self()  # type: ignore[misc]

    def _process_self_data(self, data: bytes) -> None:
        self._woken = False
        super()._process_self_data(data)  # type: ignore[misc]


def new_loop() -> Loop:
    """The loop of this process, as the web server asks for it."""
    loop = Loop()
    asyncio.set_event_loop(loop)
    return loop
