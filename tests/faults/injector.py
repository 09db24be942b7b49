"""Kills: which process, when, and whether it really died. The same seed makes the same choices;
what a process is doing at that moment is for the machine to say."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from tests.faults.product import Product, Slot
from tests.faults.pulse import Pulse

ARMS = {
    "web": ("after_insert", "after_commit"),
    "worker": ("after_judge", "after_claim", "after_send", "after_record"),
}
FORKED = 0.9  # of the starts, where there is a nursery; the others load everything anew
UP_WITHIN = 20.0  # seconds to wait for a sign of life; longer, and it is killed all the same
GOES_OFF_WITHIN = 6.0


class Injector:
    """Kills and starts again until there were enough kills. `kills` counts them by kind: web,
    worker, both (one kill, two processes), point (a fail point); `restarts` those by SIGTERM."""

    def __init__(
        self, product: Product, pulse: Pulse, dice: random.Random, tell: Callable[[str], None]
    ) -> None:
        self.product, self.pulse, self.dice, self.tell = product, pulse, dice, tell
        self.kills: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.restarts = 0

    def run(self, count: int) -> None:
        """Kill this often."""
        while self.kills.total() < count:
            self._mind_the_dead()
            kind = self.dice.choices(("web", "worker", "both", "restart"), (38, 42, 15, 5))[0]
            if kind == "both":
                self._kill([self._one("web"), self._one("worker")], kind)
            elif kind == "restart":
                self._restart(self._one(self.dice.choice(("web", "worker"))))
            else:
                self._kill([self._one(kind)], kind)
            if self.kills.total() % 20 == 0:
                self.tell(f"{self.kills.total()} of {count} kills")

    def disarm(self) -> None:
        """Let every process be one that lives: the kills are over."""
        for slot in self.product.slots:
            if slot.fail_at or self.product.ended(slot):
                self.product.kill(slot)
                self.product.start(slot)

    def _one(self, role: str) -> Slot:
        return self.dice.choice([slot for slot in self.product.slots if slot.role == role])

    def _kill(self, slots: list[Slot], kind: str) -> None:
        if len(slots) == 1 and slots[0].fail_at:
            if self._went_off(slots[0]):
                return
        else:
            self._bide(slots)
        alone = self.dice.uniform(0, 0.3) if self.dice.random() < 0.2 else 0.0
        died = [self.product.kill(slot, alone) for slot in slots]
        self.kills[kind] += all(died)
        for slot in slots:
            self.pulse.kill(slot.role)
        for slot in slots:
            self._start(slot)

    def _went_off(self, slot: Slot) -> bool:
        """Wait for an armed process to die at its point; it is killed by hand if it does not."""
        ends = max(time.monotonic(), slot.started) + GOES_OFF_WITHIN
        while time.monotonic() < ends:
            if slot.died_at():
                self._after_point(slot)
                return True
            time.sleep(0.01)
        return False

    def _after_point(self, slot: Slot) -> None:
        """It died where it was told to: count that, and start it again."""
        self.kills["point"] += 1
        self.points[slot.died_at()] += 1
        self.pulse.kill(slot.role)
        self.product.kill(slot)  # the rest of it, where it is more than one process
        self._start(slot)

    def _mind_the_dead(self) -> None:
        """Armed processes go off while others are being killed; any other end is a surprise."""
        for slot in self.product.slots:
            if slot.died_at():
                self._after_point(slot)
            elif self.product.ended(slot):
                assert slot.process is not None
                code = slot.process.returncode
                self.product.surprises.append(f"{slot.name} ended with {code}: {slot.said}")
                self.product.kill(slot)
                self._start(slot)

    def _bide(self, slots: list[Slot]) -> None:
        """Mostly until it works, and a moment more; else in the middle of its start."""
        if self.dice.random() < 0.25:
            at = max(slot.started for slot in slots) + self.dice.uniform(0, 0.8)
            time.sleep(max(0.0, at - time.monotonic()))
            return
        ends = time.monotonic() + UP_WITHIN
        while time.monotonic() < ends and not all(
            self.pulse.last[slot.role] > slot.started for slot in slots
        ):
            if any(slot.died_at() for slot in self.product.slots):
                self._mind_the_dead()
            time.sleep(0.01)
        time.sleep(self.dice.uniform(0, 0.5))

    def _restart(self, slot: Slot) -> None:
        if slot.fail_at:
            return
        self.restarts += 1
        self.product.restart(slot)
        self._start(slot)

    def _start(self, slot: Slot) -> None:
        fail_at = ""
        if self.dice.random() < 0.35:
            fail_at = f"{self.dice.choice(ARMS[slot.role])}:{self.dice.randrange(1, 15)}"
        self.product.start(slot, fail_at, quick=self.dice.random() < FORKED)
