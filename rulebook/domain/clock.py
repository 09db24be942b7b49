"""Whether the machine's clock can be trusted with leases. It may be set, and a machine that slept
wakes up later: then what living workers hold looks as if their time were over, or as if it never
ended. Time that only goes forward tells."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

log = logging.getLogger("rulebook.worker")
APART = 30.0  # seconds between two looks that clock and time may part by
LONGEST_LEASE = 90.0


class Clock:
    """Looked at in every round of the sweeper. paused: leave leases alone for now; sure: nobody can
    hold a lease that began before a jump, so that one which ends too far ahead is nobody's."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: float | None = None
        self._paused_until = float("-inf")
        self._sure_at = monotonic() + LONGEST_LEASE  # it may have been set while nobody looked
        self.paused = self.sure = False

    def look(self, now: datetime) -> None:
        """Compare; now: what the clock says."""
        at = self._monotonic()
        ahead = now.timestamp() - at
        jump = 0.0 if self._last is None else ahead - self._last
        self._last = ahead
        if abs(jump) > APART:
            log.warning("The clock jumped by %+.0f s: for %.0f s nothing is taken over from other "
                        "workers.", jump, LONGEST_LEASE)  # fmt: skip
            self._paused_until = self._sure_at = at + LONGEST_LEASE
        self.paused, self.sure = at < self._paused_until, at >= self._sure_at
