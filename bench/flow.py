"""What the whole flow gives, hook to action: python -m bench.flow [--quick] [--only acks|...]

Starts Rulebook as users do, in a fresh folder for each row, with one hook (Stripe), one rule of two
conditions and one HTTP action to a sink on this machine; sends it payments of 1 kB, each with an
id of its own, and prints one table. Everything is ended when it ends, also by Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import machine, stages
from bench.load import generator
from bench.sink import started
from bench.stages import Row, Sizes

FULL = Sizes(connections=(1, 16, 64, 256), seconds=8, burst=5_000, singles=200, many=20_000,
             traced=1_000, patience=120)  # fmt: skip
QUICK = Sizes(connections=(16,), seconds=3, burst=500, singles=40, many=1_000, traced=200,
              patience=30)  # fmt: skip
STAGES: dict[str, Callable[..., Iterator[Row]]] = {
    "acks": stages.acks,
    "actions": stages.actions,
    "idle": stages.idle,
    "memory": stages.memory,
    "fsync": stages.fsync,
}


@dataclass(frozen=True)
class Printer:
    """The table, a row at a time, as they come."""

    def head(self) -> None:
        print(f"{'figure':<44}{'per s':>8}{'p50 ms':>9}{'p99 ms':>9}  remark")

    def row(self, row: Row) -> None:
        rate = f"{row.rate:,.0f}" if row.rate is not None else ""
        p50 = f"{row.p50 * 1e3:,.2f}" if row.p50 is not None else ""
        p99 = f"{row.p99 * 1e3:,.2f}" if row.p99 is not None else ""
        print(f"{row.figure:<44}{rate:>8}{p50:>9}{p99:>9}  {row.remark}", flush=True)


def main() -> None:
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is ended then, too
    sizes = QUICK if given.quick else FULL
    print(machine.described(given.dir))
    print(f"load by {generator()} and sink on the same machine; bursts by bench.sender\n")
    printer, rows = Printer(), []
    printer.head()
    try:
        with started() as sink:
            for name in given.only or STAGES:
                for row in STAGES[name](sink, sizes, given.dir):
                    printer.row(row)
                    rows.append(row)
    except KeyboardInterrupt:
        sys.exit("Stopped; everything that was started has ended.")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.flow", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller numbers, under a minute")
    parser.add_argument("--only", choices=tuple(STAGES), action="append", help="only this stage")
    parser.add_argument("--dir", help="where to make the instance folders: the disk to measure")
    parser.add_argument("--json", type=Path, help="write the rows into this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
