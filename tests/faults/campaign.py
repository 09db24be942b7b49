"""One instance from its start to its verdict: load, kills, rest, comparing the books."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import settling
from tests.faults.book import Book, read_database, read_ledgers
from tests.faults.injector import Injector
from tests.faults.reconcile import check
from tests.faults.shop import Shop, opened
from tests.faults.supervised import Patient, Supervised
from tests.faults.weight import stray_files, too_heavy, weigh

KINDS = ("web", "worker", "both", "all", "point")
BACK_WITHIN = 10.0  # seconds, on a machine that does little else


@dataclass
class Result:
    """One row of the table, or a part of it."""

    store: str
    seed: str
    kills: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    restarts: int = 0
    acked: int = 0
    lost: int = 0
    runs: int = 0
    duplicates: int = 0
    unexplained: int = 0
    back: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def campaign(
    store: str, kills: int, seed: str, *, quick: bool = True, hurry: bool = False,
    pause: float = 0.1, tell: Callable[[str], None] = print,
) -> Result:  # fmt: skip
    """Kill so often, under load; then rest and compare the books.
    quick: most processes are forked, not loaded anew. hurry: let the time of leases pass instead
    of waiting for it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rulebook-faults-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with opened(store, folder, seed, quick) as shop:
            kind = Patient if isinstance(shop.product, Supervised) else Injector
            injector = kind(shop.product, shop.pulse, random.Random(seed), tell)
            book = Book()
            _load_and_kill(shop, injector, kills, pause)
            if not settling.settle(shop.database, hurry, tell):
                tell(f"it did not come to rest within {settling.SETTLES_WITHIN} s")
            rested = time.time()  # what is due only later than this may be left
            _look_at_leftovers(shop, book)
            shop.product.stop()
            read_ledgers(book, folder / "sent", folder / "arrived")
            read_database(book, shop.database)
            book.now = rested
            book.surprises += shop.product.surprises
            back = {role: round(took, 2) for role, took in shop.pulse.longest.items()}
    found = check(book)
    return Result(
        store, seed, {kind: injector.kills[kind] for kind in KINDS}, dict(injector.points),
        injector.restarts, found.acked, found.lost, found.runs, found.duplicates,
        found.unexplained, back, [str(each) for each in found.violations],
        round(time.monotonic() - began, 1),
    )  # fmt: skip


def _load_and_kill(shop: Shop, injector: Injector, kills: int, pause: float) -> None:
    """Start, send, kill, see it back, stop sending."""
    for slot in shop.product.slots:
        shop.product.start(slot)
    sender = shop.sender(pause=pause)
    try:
        wait_for_life(shop, ["web", "worker"])
        injector.run(kills)
        injector.disarm()
        wait_for_life(shop, shop.pulse.waiting())
    finally:
        sender.stop()


def wait_for_life(shop: Shop, roles: list[str], seconds: float = 60) -> None:
    """Wait until these roles have shown that they live; a surprise when they do not."""
    since = {role: max(s.started for s in shop.product.slots if s.role == role) for role in roles}
    ends = time.monotonic() + seconds
    while any(shop.pulse.last[role] <= since[role] for role in roles):
        if time.monotonic() > ends:
            said = "\n".join(slot.said for slot in shop.product.slots if slot.role in roles)
            shop.product.surprises.append(f"no life from {roles} within {seconds} s: {said}")
            return
        time.sleep(0.02)


def _look_at_leftovers(shop: Shop, book: Book) -> None:
    for slot in shop.product.slots:
        if slot.process and not shop.product.ended(slot):
            book.stray += too_heavy(slot.name, weigh(slot))
    workers = sum(slot.role == "worker" for slot in shop.product.slots)
    book.stray += stray_files(shop.folder / "instance", workers)
