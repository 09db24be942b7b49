"""Whether each acknowledgement on SQLite waits for a sync of its own event: seen by strace.

An answer counts as early unless, before it began, the event's id was written to a file of the
database and a sync of that file began after that and ended. bench/syncs.py reads the trace.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench.instance import Instance, waits_for
from bench.syncs import Syncs, watched
from tests.faults.births import ROOT
from tests.faults.product import Product
from tests.faults.shop import opened

UNSYNCED = Path(__file__).with_name("unsynced")


def proof(count: int, connections: int, syncs: bool = True) -> Syncs | None:
    """Send so many events to a web process under strace. None: there is no strace. syncs: False
    is the control, a web process whose SQLite does not sync. RuntimeError: strace may not look."""
    with tempfile.TemporaryDirectory(prefix="rulebook-fsync-") as name:
        folder = Path(name)
        with opened("sqlite", folder, "fsync", quick=False) as shop:
            product = shop.product if syncs else _without_syncs(shop.product)
            web = next(slot for slot in product.slots if slot.role == "web")
            try:
                product.start(web)
                assert web.process is not None and isinstance(shop.database, Path)
                waits_for(shop.port, "/healthz", web.process, web.log)  # type: ignore[arg-type]
                # bench looks for the web process among the children of its supervisor: us.
                here = Instance(shop.port, shop.path, os.getpid(), shop.database)
                return watched(here, connections, count)
            finally:
                product.abandon()


def _without_syncs(product: Product) -> Product:
    product.environ["PYTHONPATH"] = f"{UNSYNCED}{os.pathsep}{ROOT}"
    return product


def main(words: list[str]) -> int:
    """`python -m tests.faults fsync`: 1,000 events one by one, 1,000 at once, and the control."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults fsync", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    asked = parser.parse_args(words)
    good = True
    print(f"{'':34}{'answers 2xx':>12}{'syncs':>8}{'before their sync':>19}")
    for what, connections, count, syncs in (
        ("one by one", 1, asked.count, True),
        ("over 16 connections", 16, asked.count, True),
        ("control: PRAGMA synchronous=OFF", 1, max(1, asked.count // 10), False),
    ):
        seen = proof(count, connections, syncs)
        if seen is None:
            print("strace is not installed (apt-get install strace): nothing is shown.")
            return 2
        print(f"{what:34}{seen.answers:>12}{seen.syncs:>8}{seen.early:>19}", flush=True)
        good &= seen.answers == count and seen.early == (0 if syncs else count)
    print("each acknowledgement has its sync" if good else "NOT every acknowledgement has its sync")
    return 0 if good else 1
