"""Whether the machine's clock can be trusted with leases. It may be set, and a machine that slept
wakes up later: then what living workers hold looks as if their time were over, or as if it never
ended. Time that only goes forward tells.

A clock that is set back would leave all that is planned waiting for longer by as much: that is
moved with it (`follow`), once for all workers of the machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from rulebook.storage import clocks, new_id

log = logging.getLogger("rulebook.worker")
APART = 30.0  # seconds between two looks that clock and time may part by
LONGEST_LEASE = 90.0
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """Looked at in every round of the sweeper. paused: leave leases alone for now; sure: nobody can
    hold a lease that began before a jump, so that one which ends too far ahead is nobody's.
    followed: what is planned goes by the clock as it is now."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: float | None = None
        self._paused_until = float("-inf")
        self._sure_at = monotonic() + LONGEST_LEASE  # it may have been set while nobody looked
        self.ahead = 0.0
        self.paused = self.sure = self.followed = False

    def look(self, now: datetime) -> None:
        """Compare; now: what the clock says."""
        at = self._monotonic()
        self.ahead = now.timestamp() - at
        jump = 0.0 if self._last is None else self.ahead - self._last
        self._last = self.ahead
        if abs(jump) > APART:
            log.warning("The clock jumped by %+.0f s: for %.0f s nothing is taken over from other "
                        "workers.", jump, LONGEST_LEASE)  # fmt: skip
            self._paused_until = self._sure_at = at + LONGEST_LEASE
            self.followed = False
        self.paused, self.sure = at < self._paused_until, at >= self._sure_at


@cache
def machine() -> str:
    """This machine since it was started; where it does not say, this process alone."""
    try:
        return BOOT.read_text(encoding="ascii").strip()[:64]
    except OSError:
        return new_id("process")


def follow(clock: Clock, now: datetime) -> bool:
    """Compare the clock with what work was planned by. Where it was set back since, also while no
    worker ran, what is planned comes as much earlier; True then. In the caller's transaction."""
    ahead = round(clock.ahead)
    theirs = clocks.database_clock()
    apart = round((now - theirs).total_seconds()) if theirs else 0
    known = clocks.last_seen(machine())
    if known is None:
        clocks.first_seen(machine(), ahead, apart)
        return False
    back = known[0] - ahead
    if abs(back) <= APART or not clocks.seen_anew(machine(), known[0], ahead, apart) or back < 0:
        return False
    if abs(apart - known[1]) > APART:
        log.warning("The clock went back by %d s, and the database's did not: what is planned is "
                    "left as it is.", back)  # fmt: skip
        return False
    moved = clocks.bring_back(timedelta(seconds=back), now)
    log.warning("The clock went back by %d s: %d planned times went with it.", back, moved)
    return True
