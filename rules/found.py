"""What a condition found, as the explanation shows it: short, counted, with its places."""

from __future__ import annotations

from typing import Any

from rules.families.row import Unfit
from rules.nodes import Match
from rules.path_walk import Nodes
from rules.paths import Gap, Path
from rules.values import kind_of, shorten

SHOWN_VALUES = 10


def found_at(status: str, located: Nodes, path: Path) -> dict[str, Any]:
    shown = located[:SHOWN_VALUES]
    return {
        "status": status,
        "count": len(located),
        "values": [shorten(value) for _, value in shown],
        "types": [kind_of(value) for _, value in shown],
        "at": [path.location(place) for place, _ in shown],
    }


def no_find(hole: Gap, path: Path) -> dict[str, Any]:
    state = "empty_list" if hole.empty_list else "missing"
    return {**found_at(state, [], path), "exists": hole.exists, "nearest": hole.near}


def match_shown(match: Match) -> Any:
    return {match.kind: match.n} if match.kind in ("at_least", "exactly") else match.kind


def status_of(values: list[Any], outcomes: list[bool | Unfit]) -> str:
    unfit = [one for one in outcomes if isinstance(one, Unfit)]
    if unfit and len(unfit) == len(outcomes):
        return unfit[0].status
    if len(values) > 1:
        return "values"
    if values[0] is None:
        return "null"
    return "empty_list" if values[0] == [] else "value"
