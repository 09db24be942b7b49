"""From a host name to addresses that were all judged, within a deadline."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from rulebook.egress.addresses import Entry, why_not
from rulebook.egress.failures import NO_ADDRESS, EgressError, NotResolved, Refused, TimedOut
from rulebook.egress.targets import Target

DNS_SECONDS = 3.0
KEPT_SECONDS = 5.0
MOST_KEPT = 1000
Found = list[str] | EgressError


class Names:
    """Finds addresses without keeping anybody waiting. What it found, judged, is good for a few
    seconds, so that a burst of calls asks the name server once."""

    def __init__(self, allow: Iterable[Entry]) -> None:
        self._allow = tuple(allow)
        self._kept: dict[tuple[str, int], tuple[float, list[str]]] = {}

    def find(self, to: Target, seconds: float, then: Callable[[Found], None]) -> None:
        """Tell `then` every address of the host, each allowed, or why not: at once where they are
        known, else from a thread of its own."""
        until, known = self._kept.get((to.host, to.port), (0.0, []))
        if time.monotonic() < until:
            then(known)
        elif is_address(to.host):
            then(self._look_up(to, seconds))
        else:
            looking = threading.Thread(
                target=lambda: then(self._look_up(to, seconds)), name="name", daemon=True
            )
            looking.start()

    def forget(self, to: Target) -> None:
        """Look this host up anew next time."""
        self._kept.pop((to.host, to.port), None)

    def _look_up(self, to: Target, seconds: float) -> Found:
        try:
            found = addresses(to.host, to.port, seconds, self._allow)
        except EgressError as failure:
            return failure
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[to.host, to.port] = time.monotonic() + KEPT_SECONDS, found
        return found


def addresses(
    host: str, port: int, seconds: float, allow: Iterable[Entry], *, mail: bool = False
) -> list[str]:
    """Every address of the host, each allowed. Raises Refused, NotResolved or TimedOut."""
    found = _look_up(host, port, min(seconds, DNS_SECONDS))
    for text in found:
        if reason := why_not(text, host, port, allow, mail=mail):
            raise Refused(
                f"{host} was not called: {reason}.",
                "Use a public address, or ask an administrator to add it to RULEBOOK_EGRESS_ALLOW.",
            )
    return found


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    if is_address(host):
        return [host]
    # getaddrinfo knows no deadline, so it runs in a thread that is left behind when late.
    answer: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(host, port, answer), daemon=True).start()
    try:
        found = answer.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise TimedOut(
            f"The address of {host} was not found in time.", "Check the name server."
        ) from None
    if isinstance(found, list) and found:
        return found
    raise NotResolved(f"There is no address for {host}.", NO_ADDRESS)


def is_address(host: str) -> bool:
    """Whether the host is an address as every parser writes it, so that no name is looked up."""
    try:
        return str(ip_address(host)) == host
    except ValueError:
        return False


def _ask(
    host: str, port: int, answer: queue.SimpleQueue[list[str] | OSError | UnicodeError]
) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answer.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
    except (OSError, UnicodeError) as problem:
        answer.put(problem)
