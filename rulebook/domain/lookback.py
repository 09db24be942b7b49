"""A draft and the saved rule judged far back, a stretch at a time: so that long work shows how far
it is, can be left, and holds nothing while it waits. Sends nothing, stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from rulebook.domain import past
from rulebook.domain.actor import Actor
from rulebook.domain.backtest import judge_past
from rulebook.domain.hooks import find_hook
from rulebook.domain.past import Past
from rulebook.domain.weigh import Finished
from rulebook.storage import workspaces
from rules import parse

FARTHEST = 10_000
LISTED = 20
AT_ONCE = 200  # events judged before the clock is looked at


@dataclass(frozen=True)
class Sofar:
    """What is known after some stretches: how many of the newest events were judged, met by the
    draft and by the saved rule, stop and start matching; the newest of these by id. cursor: the
    oldest event that was judged; done: there is nothing more to judge."""

    judged: int = 0
    met: int = 0
    before: int = 0
    stops: int = 0
    starts: int = 0
    stopping: tuple[str, ...] = ()
    starting: tuple[str, ...] = ()
    cursor: str = ""
    done: bool = False


def look_back(
    actor: Actor,
    hook_id: str,
    document: dict[str, Any],
    saved: dict[str, Any] | None,
    sofar: Sofar,
    seconds: float,
    farthest: int = FARTHEST,
    clock: Callable[[], float] = monotonic,
) -> Sofar:
    """One stretch more, of about so many seconds, at least 200 events; added up over the stretches
    it is what judging all of them at once says."""
    actor.must("read")
    hook = find_hook(actor, hook_id)
    now = Finished(document.get("when")).rule
    if now is None or sofar.done:
        return replace(sofar, done=True)
    before = parse(saved) if saved else None
    zone = workspaces.workspace(actor.workspace_id).zone
    end = clock() + seconds
    waiting: list[Past] = []
    older = past.older(hook, farthest - sofar.judged, sofar.cursor or None)
    for each in older:
        waiting.append(each)
        if len(waiting) == AT_ONCE:
            sofar, waiting = _with(sofar, waiting, now, before, zone), []
            if clock() >= end:
                return replace(sofar, done=sofar.judged >= farthest)
    return replace(_with(sofar, waiting, now, before, zone), done=True)


def _with(sofar: Sofar, stretch: list[Past], now: Any, before: Any, zone: str) -> Sofar:
    judged = judge_past(stretch, now, before, zone, explained=0)
    stops = [each.event.id for each in judged if each.turn == "stops"]
    starts = [each.event.id for each in judged if each.turn == "starts"]
    return Sofar(
        sofar.judged + len(judged),
        sofar.met + sum(each.met for each in judged),
        sofar.before + sum(bool(each.before) for each in judged),
        sofar.stops + len(stops),
        sofar.starts + len(starts),
        (*sofar.stopping, *stops)[:LISTED],
        (*sofar.starting, *starts)[:LISTED],
        judged[-1].event.id if judged else sofar.cursor,
    )
