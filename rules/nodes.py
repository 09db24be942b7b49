"""A rule in memory: what `parse` makes and everything else reads. Nothing here ever changes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rules.families.row import Operator
from rules.paths import Path

PARTS = ("payload", "headers", "query", "event")


@dataclass(frozen=True)
class Field:
    """A place in an event: the part it is in, its path, and the path as it was written."""

    part: str
    path: Path
    written: str


@dataclass(frozen=True)
class Match:
    """How many of several values must fit: any, all, none, at_least n or exactly n."""

    kind: str = "any"
    n: int = 0

    def verdict(self, hits: int, total: int) -> bool:
        """Whether `hits` of `total` values are as many as asked; `all` needs at least one."""
        match self.kind:
            case "any":
                return hits > 0
            case "all":
                return 0 < total == hits
            case "none":
                return hits == 0
            case "at_least":
                return hits >= self.n
        return hits == self.n


@dataclass(frozen=True)
class Condition:
    pointer: str
    field: Field
    operator: Operator
    value: Any = dataclasses.field(hash=False)
    match: Match = Match()
    match_case: bool = False
    met_when_missing: bool = False

    @property
    def other(self) -> Field | None:
        """The field to compare with, when the value is not a literal."""
        return self.value if isinstance(self.value, Field) else None


@dataclass(frozen=True)
class Group:
    """kind: all, any or none."""

    pointer: str
    kind: str
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Items:
    """The items that a path finds, each judged by `where`."""

    pointer: str
    field: Field
    match: Match
    where: Node


@dataclass(frozen=True)
class EveryEvent:
    pointer: str


Node = Condition | Group | Items | EveryEvent


@dataclass(frozen=True)
class Step:
    """One thing to do; config is the action's own, checked by the action."""

    id: str
    action: str
    connection: str | None
    config: dict[str, Any] = dataclasses.field(hash=False)
    needs: tuple[str, ...] = ()
    if_missing: str = "blank"


@dataclass(frozen=True)
class Options:
    stop: bool = False
    otherwise: bool = False


@dataclass(frozen=True)
class Rule:
    """A checked rule document."""

    name: str
    when: Node
    then: tuple[Step, ...]
    options: Options
    source: Any = dataclasses.field(hash=False, repr=False)

    @property
    def document(self) -> dict[str, Any]:
        """The document as it was given; a copy, so that the rule cannot change."""
        copied: dict[str, Any] = copy.deepcopy(self.source)
        return copied


def conditions_of(node: Node) -> Iterator[Condition]:
    """Every condition below a node, in the order they are written."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Group):
        for child in node.children:
            yield from conditions_of(child)
    elif isinstance(node, Items):
        yield from conditions_of(node.where)
