"""What a draft would have done with the newest events: a strip of dots, and lists with reasons."""

from __future__ import annotations

from dataclasses import dataclass

from rulebook.domain.backtest import Judged
from rulebook.domain.weigh import Weighed
from rulebook.storage.events import Event
from rules.nodes import Node
from web.saying import Voice

FEW = 5  # events of a list that are shown at first
LISTS = (
    ("stops", "off", "stop matching"),
    ("starts", "plus", "start"),
    ("met", "tick", "matched"),
    ("not", "cross", "not matched"),
    ("near", "search", "near miss"),
)
OPEN = ("stops", "starts")


@dataclass(frozen=True)
class Listed:
    """Events that share a fate: how many, and each with its reason."""

    name: str
    icon: str
    title: str
    rows: list[tuple[Event, str]]
    open: bool


@dataclass(frozen=True)
class Turns:
    """dots: for each event its id, its fate and what to say of it; lists: those there are."""

    dots: list[tuple[Event, str]]
    lists: list[Listed]
    stops: int
    starts: int
    near: int


def turns(weighed: Weighed, voice: Voice, saved: Node | None) -> Turns:
    """The fate of each event; a near miss counts as not matched as well."""
    by: dict[str, list[Judged]] = {name: [] for name, _, _ in LISTS}
    for each in weighed.judged:
        by[each.turn].append(each)
        if each.turn == "starts":
            by["met"].append(each)
        elif each.turn in ("near", "stops"):
            by["not"].append(each)
    lists = []
    for name, icon, title in LISTS:
        found = by[name]
        if found:
            told = [(each.event, voice.turned(each, weighed, saved) if name in WHY else "")
                    for each in found]  # fmt: skip
            if name == "near":
                title += f"{'es' if len(found) != 1 else ''} among them"
            lists.append(Listed(name, icon, f"{len(found)} {title}", told, name in OPEN))
    dots = [(each.event, each.turn) for each in weighed.judged]
    return Turns(dots, lists, len(by["stops"]), len(by["starts"]), len(by["near"]))


WHY = ("stops", "starts", "near")
