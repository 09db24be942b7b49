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
from dataclasses import asdict
from pathlib import Path

from bench import machine, nodered, stages
from bench.load import generator
from bench.rows import HEAD, Row, Sizes
from bench.sink import Sink, started

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


def main() -> None:
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is ended then, too
    sizes = QUICK if given.quick else FULL
    print(machine.described(given.dir))
    print(f"load by {generator()} and sink on the same machine; bursts by bench.sender\n")
    rows: list[Row] = []
    print(HEAD)
    try:
        with started() as sink:
            for row in _measured(given, sink, sizes):
                print(row, flush=True)
                rows.append(row)
    except KeyboardInterrupt:
        sys.exit("Stopped; everything that was started has ended.")
    print(f"\nload of the machine in the last minute: {machine.load()}")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _measured(given: argparse.Namespace, sink: Sink, sizes: Sizes) -> Iterator[Row]:
    wanted = given.only or list(STAGES)
    for name in wanted:
        yield from STAGES[name](sink, sizes, given.dir)
    if given.node_red:
        try:
            command = nodered.found(given.node_red)
        except nodered.Missing as reason:
            yield Row("Node-RED", remark=f"not measured: {reason}")
            return
        yield Row(f"Node-RED {command.split()[-1]}", remark="the same flow; it stores nothing")
        yield from nodered.rows(command, sink, sizes, wanted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.flow", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller numbers, under a minute")
    parser.add_argument("--only", choices=tuple(STAGES), action="append", help="only this stage")
    parser.add_argument("--dir", help="where to make the instance folders: the disk to measure")
    parser.add_argument("--json", type=Path, help="write the rows into this file, too")
    parser.add_argument("--node-red", type=Path, metavar="DIR", help="measure Node-RED as well, "
                        "from this folder; npm installs it there if it is missing")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    main()
