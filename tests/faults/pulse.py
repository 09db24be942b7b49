"""How long it takes until Rulebook is back: the time from a kill to the first sign of life."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

JUST_SENT = 0.1  # seconds in which a dead worker's last call may still come in


@dataclass
class Pulse:
    """Signs of life of `web` (a 2xx) and `worker` (a call that arrived), and how long each kill
    kept them away. `longest` and `count` are of those kills from which it came back."""

    longest: dict[str, float] = field(default_factory=lambda: {"web": 0.0, "worker": 0.0})
    count: dict[str, int] = field(default_factory=lambda: {"web": 0, "worker": 0})
    last: dict[str, float] = field(default_factory=lambda: {"web": 0.0, "worker": 0.0})
    _down: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill(self, role: str) -> None:
        """A process of this role has just died. A kill before it was back begins anew."""
        with self._lock:
            self._down[role] = time.monotonic()

    def sign(self, role: str, began: float | None = None) -> None:
        """It lives. began: when the request began that was answered; earlier ones tell nothing."""
        now = time.monotonic()
        with self._lock:
            self.last[role] = now
            died = self._down.get(role)
            if died is None or (now - JUST_SENT if began is None else began) < died:
                return
            del self._down[role]
            self.longest[role] = max(self.longest[role], now - died)
            self.count[role] += 1

    def waiting(self) -> list[str]:
        """The roles that have not come back since they were killed."""
        with self._lock:
            return list(self._down)
