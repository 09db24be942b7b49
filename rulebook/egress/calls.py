"""Many HTTP requests beside each other in one thread: a thread for each costs more than they do.

curl says which sockets it waits for and until when; the thread waits for these and for new
requests, and hands every answer to whoever asked for it.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

import pycurl

from rulebook.egress.failures import Broken, EgressError
from rulebook.egress.http import Exchange
from rulebook.egress.response import Response

log = logging.getLogger("rulebook.egress")
Answer = Response | EgressError
Make = Callable[[pycurl.Curl, type[Exchange]], Exchange]
MOST_HANDLES = 64  # kept for the next requests
LONGEST_LOOK = 60.0

_WAITS = {
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}


class Calls:
    """Requests under way. Its thread lives as long as the process."""

    def __init__(self) -> None:
        self._new: deque[tuple[Make, Callable[[Answer], None]]] = deque()
        self._under_way: dict[pycurl.Curl, tuple[Exchange, Callable[[Answer], None]]] = {}
        self._handles: list[pycurl.Curl] = []
        self._due: float | None = None
        self._poll = select.poll()
        self._knocks, self._knock = os.pipe()
        self._knocked = False  # and not heard yet
        for end in (self._knocks, self._knock):
            os.set_blocking(end, False)
        self._poll.register(self._knocks, select.POLLIN)
        self._curl = pycurl.CurlMulti()
        self._curl.setopt(pycurl.M_SOCKETFUNCTION, self._wait_for)
        self._curl.setopt(pycurl.M_TIMERFUNCTION, self._wait_until)
        threading.Thread(target=self._run, name="calls", daemon=True).start()

    def begin(self, make: Make, then: Callable[[Answer], None]) -> None:
        """Carry out what `make` makes ready on a handle, and tell `then` what came of it, in the
        thread that all share: neither may take long."""
        self._new.append((make, then))
        if not self._knocked:
            self._knocked = True
            os.write(self._knock, b".")

    def _wait_for(self, what: int, socket: int, multi: object, data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            try:
                self._poll.unregister(socket)
            except KeyError:
                pass
        else:
            self._poll.register(socket, _WAITS[what])

    def _wait_until(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _run(self) -> None:
        while True:
            try:
                self._once()
            except Exception:
                log.exception("An error among the calls; the others go on.")
                time.sleep(0.01)

    def _once(self) -> None:
        """Wait until something happens, and see to it."""
        left = LONGEST_LOOK if self._due is None else self._due - time.monotonic()
        for socket, what in self._poll.poll(max(0.0, left) * 1000):
            if socket == self._knocks:
                os.read(self._knocks, 4096)
                self._knocked = False  # before `_new` is looked at
                continue
            ready = (pycurl.CSELECT_IN if what & (select.POLLIN | select.POLLHUP) else 0) | (
                pycurl.CSELECT_OUT if what & select.POLLOUT else 0
            )
            trouble = what & (select.POLLERR | select.POLLNVAL)
            self._curl.socket_action(socket, ready | (pycurl.CSELECT_ERR if trouble else 0))
        while self._new:
            self._start(*self._new.popleft())
        if self._due is not None and self._due <= time.monotonic():
            self._due = None
            self._curl.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._tell()

    def _start(self, make: Make, then: Callable[[Answer], None]) -> None:
        handle = self._handles.pop() if self._handles else pycurl.Curl()
        try:
            one = make(handle, Exchange)
        except EgressError as failure:
            _told(then, failure)
            return
        except Exception:
            log.exception("A request could not be made ready.")
            _told(then, Broken("The request could not be made ready.", "The log says more."))
            return
        self._under_way[handle] = one, then
        self._curl.add_handle(handle)

    def _tell(self) -> None:
        """What has ended, to whoever asked."""
        more = 1
        while more:
            more, good, bad = self._curl.info_read()
            ended = [(handle, 0) for handle in good] + [(handle, code) for handle, code, _ in bad]
            for handle, code in ended:
                self._curl.remove_handle(handle)
                one, then = self._under_way.pop(handle)
                try:
                    answer: Answer = one.ended(code)
                except EgressError as failure:
                    answer = failure
                if len(self._handles) < MOST_HANDLES:
                    self._handles.append(handle)
                _told(then, answer)


def _told(then: Callable[[Answer], None], answer: Answer) -> None:
    try:
        then(answer)
    except Exception:
        log.exception("What came of a call could not be taken in.")
