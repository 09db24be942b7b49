"""Rulebook as most people run it: `rulebook run`, which starts again by itself what was killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.faults.births import ordinary
from tests.faults.injector import UP_WITHIN, Injector
from tests.faults.product import Product, Slot

NOTICED = "{role} ended ({code}); starting it again"
CALM = 10.5  # seconds a child has to live so that the supervisor starts the next at once


class Supervised(Product):
    """The slots are children of one `rulebook run`. Nothing here starts them again: only that
    command itself is started again after it was killed, as a service manager would do."""

    run: Slot | None = None

    def start(self, slot: Slot, fail_at: str = "", quick: bool = True) -> None:
        """Start the supervisor if it does not run; the slot is then started by it."""
        slot.started = time.monotonic()
        if self.run is None:
            self.run = Slot("run", 0)
        if self.run.process is None or self.run.process.poll() is not None:
            self._starts += 1
            self.run.log = self.folder / f"run-{self._starts:03}"
            self.run.process = ordinary(["run"], self.environ, self.run.log)
            self.run.started = slot.started

    def kill(self, slot: Slot, alone: float = 0.0) -> bool:
        """kill -9 this child of the supervisor; whether the supervisor saw it die of that."""
        pid = self._child(slot.role)
        if pid is None or self.run is None:
            return False
        noticed = NOTICED.format(role=slot.role, code=-signal.SIGKILL)
        before = self.run.log.read_text().count(noticed)
        os.kill(pid, signal.SIGKILL)
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            if self.run.log.read_text().count(noticed) > before:
                return True
            time.sleep(0.01)
        return False

    def kill_all(self) -> bool:
        """kill -9 the supervisor itself; whether it died of that. The kernel ends its children."""
        assert self.run is not None and self.run.process is not None
        os.kill(self.run.process.pid, signal.SIGKILL)
        return self.run.process.wait() == -signal.SIGKILL

    def restart(self, slot: Slot) -> None:
        """Nothing: SIGTERM is for the supervisor."""

    def ended(self, slot: Slot) -> bool:
        """Whether the supervisor is no more."""
        return bool(self.run and self.run.process and self.run.process.poll() is not None)

    def stop(self) -> None:
        """SIGTERM to the supervisor."""
        if self.run is not None and self.run.process is not None:
            super().restart(self.run)
            self.run.process = None

    def abandon(self) -> None:
        """End what still runs; the kernel ends the children of the supervisor."""
        if self.run is not None and self.run.process is not None:
            super().kill(self.run)
        for slot in self.slots:
            slot.process = None
        super().abandon()

    def _child(self, role: str) -> int | None:
        """The supervisor's own child of this role."""
        assert self.run is not None and self.run.process is not None
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                name = (stat.parent / "comm").read_text().strip()
            except OSError:
                continue
            if int(parent) == self.run.process.pid and state != "Z" and name == f"rulebook {role}":
                return int(stat.parent.name)
        return None


class Patient(Injector):
    """Kills children of `rulebook run`, both of them, and now and then that command itself. Each
    has lived long enough for the supervisor not to hold back the next (it waits longer each time
    that a child dies young)."""

    product: Supervised

    def run(self, count: int) -> None:
        while self.kills.total() < count:
            kind = self.dice.choices(("web", "worker", "both", "all"), (35, 35, 15, 15))[0]
            roles = [kind] if kind in ("web", "worker") else ["web", "worker"]
            slots = [self._one(role) for role in roles]
            self._until_calm(slots)
            if kind == "all":
                died = self.product.kill_all()
            else:
                died = all([self.product.kill(slot) for slot in slots])
            self.kills[kind] += died
            for slot in slots:
                self.pulse.kill(slot.role)
                slot.started = time.monotonic()
            if kind == "all":
                self._start_again()
            self.tell(f"{self.kills.total()} of {count} kills")

    def disarm(self) -> None:
        """Nothing is armed here."""

    def _until_calm(self, slots: list[Slot]) -> None:
        while not all(
            self.pulse.last[slot.role] > slot.started and time.monotonic() - slot.started > CALM
            for slot in slots
        ):
            if self.product.ended(slots[0]):
                assert self.product.run is not None
                self.product.surprises.append(f"rulebook run ended: {self.product.run.said}")
                self.product.start(slots[0])
            if time.monotonic() - max(slot.started for slot in slots) > UP_WITHIN + CALM:
                return
            time.sleep(0.02)
        time.sleep(self.dice.uniform(0, 0.5))

    def _start_again(self) -> None:
        """As a service manager does: at once, and again while the last web process still holds
        the port. The children that were left end by themselves."""
        ends = time.monotonic() + 20
        began = time.monotonic()
        slot = self.product.slots[0]
        self.product.start(slot)
        while self.pulse.last["web"] < began and time.monotonic() < ends:
            if self.product.ended(slot):
                self.product.start(slot)
            time.sleep(0.1)
