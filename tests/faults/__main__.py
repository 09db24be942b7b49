"""`python -m tests.faults`: kill Rulebook's processes a thousand times, and compare the books.

Each instance is a Rulebook of its own that suffers some of the kills; several run side by side.
What they found is kept in a file, so that the same command after an interruption goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.campaign import Result, campaign
from tests.faults.shop import STORES
from tests.faults.table import good, joined, table

KILLS = {"sqlite": 1000, "postgres+redis": 200, "postgres": 200}
PER_INSTANCE = 100


def main(words: list[str]) -> int:
    """Run what was asked for; 1 when a promise was broken."""
    if words[:1] == ["fsync"]:
        from tests.faults.fsync import main as syncs

        return syncs(words[1:])
    asked = _asked(words)
    if asked.one:
        result = campaign(
            asked.one,
            asked.kills,
            asked.seed,
            quick=not asked.slow,
            hurry=asked.hurry,
            tell=_progress,
        )
        print(json.dumps(result.as_json()))
        return 0
    seed = asked.seed or secrets.token_hex(4)
    print(f"seed {seed}; results in {asked.results}", flush=True)
    stores = asked.store or STORES
    plan = [part for store in stores for part in _parts(store, asked.kills or KILLS[store], seed)]
    done = [one for one in _kept(asked.results) if (one.store, one.seed) in {p[:2] for p in plan}]
    left = [part for part in plan if part[:2] not in {(one.store, one.seed) for one in done}]
    if done:
        print(f"{len(done)} of {len(plan)} instances were done before", flush=True)
    with ThreadPoolExecutor(asked.jobs) as pool:
        for one in pool.map(lambda part: _instance(part[0], part[1], part[2], asked), left):
            done.append(one)
    rows = [joined(store, [one for one in done if one.store == store]) for store in stores]
    for row in rows:
        for violation in row.violations:
            print(f"{row.store}: {violation}")
    print(f"\n{table(rows)}")
    print("fail points: " + _points(rows))
    return 0 if all(good(row) for row in rows) else 1


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--store", action="append", choices=STORES, help="all three unless given")
    parser.add_argument(
        "--kills",
        type=int,
        default=0,
        help="per store; 1,000 for SQLite and 200 for the others unless given",
    )
    parser.add_argument("--seed", default="", help="the choices of an earlier run")
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="instances side by side"
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("faults.jsonl"),
        help="where to keep what was found; instances that are in it are not "
        "run again under the same seed",
    )
    parser.add_argument(
        "--hurry",
        action="store_true",
        help="move leases nearer in the end instead of waiting 90 s for them",
    )
    parser.add_argument(
        "--slow",
        action="store_true",
        help="load the program anew for every start instead of for one in ten",
    )
    parser.add_argument("--one", choices=STORES, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def _parts(store: str, kills: int, seed: str) -> Iterator[tuple[str, str, int]]:
    """The kills of one store, shared out among instances."""
    for number, begin in enumerate(range(0, kills, PER_INSTANCE)):
        yield store, f"{seed}.{number}", min(PER_INSTANCE, kills - begin)


def _instance(store: str, seed: str, kills: int, asked: argparse.Namespace) -> Result:
    """Run one instance as a process of its own and keep what it found."""
    began = time.monotonic()
    name = f"{store} {seed}"
    command = [sys.executable, "-m", "tests.faults", "--one", store, "--kills", str(kills),
               "--seed", seed, *(["--hurry"] if asked.hurry else []),
               *(["--slow"] if asked.slow else [])]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            if last:
                print(f"  [{time.monotonic() - began:5.0f} s] {name}: {last}", flush=True)
            last = line.strip()
    if process.returncode:
        raise SystemExit(f"{name} broke off: {last}")
    result = Result(**json.loads(last))
    with asked.results.open("a") as kept:
        kept.write(json.dumps(result.as_json()) + "\n")
    verdict = "kept" if good(result) else f"BROKEN: {result.violations[:3]} {result.back}"
    print(f"  [{time.monotonic() - began:5.0f} s] {name}: {result.total} kills, {verdict}",
          flush=True)  # fmt: skip
    return result


def _kept(results: Path) -> list[Result]:
    if not results.exists():
        return []
    return [Result(**json.loads(line)) for line in results.read_text().splitlines()]


def _points(rows: list[Result]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        for point, count in row.points.items():
            counts[point] = counts.get(point, 0) + count
    return ", ".join(f"{point} {count}" for point, count in sorted(counts.items())) or "none"


def _progress(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
