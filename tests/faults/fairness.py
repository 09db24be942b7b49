"""Half of the targets are sick, the other half is healthy: how long the healthy ones wait."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rulebook.storage import hooks
from tests.conftest import start_live, stop_live
from tests.fakes import Sink
from tests.fakes.sick import Sick, answers, hangs, resets
from tests.faults.stream import Arrivals, Stream, step
from tests.jobs.shop import shop
from tests.people import make_rule

SECONDS = 30
RATE = 20
GRACE = 120  # seconds after which what has not arrived counts as this late


@dataclass(frozen=True)
class Figures:
    """How many arrived at healthy targets, of how many, and the 95th of 100 delays in seconds from
    the beginning of the POST."""

    arrived: int
    wanted: int
    p95: float


def half_sick(stack: ExitStack, folder: Path) -> Figures:
    """Every event meets six rules, one for each target: three sick, three healthy."""
    sinks = [stack.enter_context(Sink()) for _ in range(3)]
    healthy = [Arrivals(sink) for sink in sinks]
    sick = [stack.enter_context(Sick(illness)) for illness in (hangs, answers(500), resets)]
    live = start_live(folder)
    stack.callback(stop_live, live)
    here = stack.enter_context(shop(live, step(sinks[0])))
    with here.app.app_context():
        [hook] = hooks.hooks(here.ada.workspace_id)
        targets: list[Sink | Sick] = [*sinks[1:], *sick]
        for target in targets:
            make_rule(here.ada, hook, then=[step(target)])
    with Stream(here, RATE) as stream:
        stream.goes_on(SECONDS * RATE, SECONDS + GRACE)
    sent = stream.acknowledged
    _wait(healthy, len(sent))
    late = [
        arrivals.times[s.n][0] - s.began if s.n in arrivals.times else float(GRACE)
        for arrivals in healthy
        for s in sent
    ]
    late.sort()
    arrived = sum(len(arrivals.times) for arrivals in healthy)
    return Figures(arrived, len(late), late[len(late) * 95 // 100])


def _wait(healthy: list[Any], count: int) -> None:
    ends = time.monotonic() + GRACE
    while time.monotonic() < ends:
        if all(len(arrivals.times) >= count for arrivals in healthy):
            return
        time.sleep(0.1)
