"""What matching one event costs, by the number of rules: python -m bench.rules [--quick]

Each row: compiling, memory, the median time for one event by the index and by a plain loop over the
same rules, and how many rules are met. Other engines judge the same rules and events where they
are installed (`bench/peers.py`).
"""

from __future__ import annotations

import argparse
import gc
import platform
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from bench.mixes import MIXES, documents, events
from bench.peers import PEERS
from rules import compile_rules, parse
from rules.compiler import Compiler
from rules.nodes import Rule
from rules.scene import Scene

SIZES = (10, 100, 1_000, 10_000, 100_000)
QUICK = (10, 100, 1_000, 10_000)
Event = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rules", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rules and events")
    parser.add_argument("--mix", choices=tuple(MIXES), action="append", help="only this mix")
    wanted = parser.parse_args()
    happened = events(40 if wanted.quick else 200)
    print(f"Python {platform.python_version()}, {len(happened)} events, median of each event's best"
          " of 5; us: microseconds for one event\n")  # fmt: skip
    print(f"{'mix':<14}{'rules':>8}{'compile ms':>12}{'B/rule':>8}{'us/event':>10}"
          f"{'linear us':>11}{'met':>8}")  # fmt: skip
    for mix in wanted.mix or MIXES:
        for size in QUICK if wanted.quick else SIZES:
            show(mix, parsed(mix, size), happened)
    print("\nThe same typical rules and events elsewhere:")
    compare(happened[:20], 1_000 if wanted.quick else 10_000)


def parsed(mix: str, count: int) -> list[tuple[int, Rule]]:
    return [(at, parse(document)) for at, document in enumerate(documents(mix, count))]


def show(mix: str, rules: list[tuple[int, Rule]], happened: Sequence[Event]) -> None:
    """Measure and print one row."""
    gc.collect()
    started = perf_counter()
    ruleset = compile_rules(rules)
    compiling = perf_counter() - started
    plain = linear(rules)
    few = happened if len(rules) <= 1_000 else happened[: max(2, 20_000 // len(rules))]
    met = sum(len(ruleset.match(event)) for event in happened) / len(happened)
    print(
        f"{mix:<14}{len(rules):>8,}{compiling * 1e3:>12.1f}{memory(rules):>8,.0f}"
        f"{typical_time(ruleset.match, happened) * 1e6:>10,.1f}"
        f"{typical_time(plain, few) * 1e6:>11,.0f}{met:>8,.1f}",
        flush=True,
    )


def typical_time(match: Callable[[Event], Any], happened: Sequence[Event]) -> float:
    """Seconds for one event: the median over the events, each at its best of five."""
    return median(min(timed(match, event) for _ in range(5)) for event in happened)


def timed(match: Callable[[Event], Any], event: Event) -> float:
    started = perf_counter()
    match(event)
    return perf_counter() - started


def memory(rules: list[tuple[int, Rule]]) -> float:
    """Bytes that a compiled rule takes, beside the document it was parsed from."""
    gc.collect()
    tracemalloc.start()
    ruleset = compile_rules(rules)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del ruleset
    return size / len(rules)


def linear(rules: list[tuple[int, Rule]]) -> Callable[[Event], list[int]]:
    """The plain way: one rule after the other, with the same judges."""
    zone = ZoneInfo("UTC")
    compiler = Compiler(zone)
    judges = [(at, compiler.judge(rule.when)) for at, rule in rules]

    def match(event: Event) -> list[int]:
        scene = Scene(event, zone)
        return [at for at, judge in judges if judge.met(scene)]

    return match


def compare(happened: Sequence[Event], most: int) -> None:
    """Let other engines judge the same rules, and say whether they find the same."""
    payloads = [event["payload"] for event in happened]
    for name, (peer, able) in PEERS.items():
        count = min(most, able)
        rules = documents("typical", count)
        ours = compile_rules([(at, parse(document)) for at, document in enumerate(rules)])
        met = sum(len(ours.match(event)) for event in happened)
        us = typical_time(ours.match, happened) * 1e6
        try:
            seconds, theirs = peer(rules, payloads)
        except ImportError as error:
            print(f"{name:<28}not measured: {str(error)[:80]}")
            continue
        same = "the same rules met" if theirs == met else f"{theirs} rules met instead of {met}"
        each = f"{seconds * 1e6:>12,.0f} us, rulebook {us:,.0f} us"
        print(f"{name:<28}{count:>8,} rules{each}; {same}", flush=True)


if __name__ == "__main__":
    main()
