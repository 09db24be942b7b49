"""What a draft has changed of the rule as it was saved, condition by condition, to be put back."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from web.draft import Document, drawn, group_of

Leaf = tuple[str, Document, str]  # its pointer, the condition, the lists round it


@dataclass(frozen=True)
class Changes:
    """was: a changed condition's pointer -> what it was; gone: those that were taken out; new:
    pointers of those that were put in; kinds: a group's pointer -> the kind it was; gone_steps:
    those that were taken out, each behind where it stood."""

    was: dict[str, Document] = field(default_factory=dict)
    gone: list[Document] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    gone_steps: list[tuple[int, Document]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, (self.was, self.gone, self.new, self.kinds, self.gone_steps)))


def changes(saved: Document | None, document: Document) -> Changes:
    """Conditions that stand in both are left out, wherever they have been moved to. Others on the
    same field belong together, in their order."""
    if saved is None:
        return Changes()
    before, now = list(_leaves(drawn(saved)["when"])), list(_leaves(drawn(document)["when"]))
    for leaf in list(now):
        same = next((one for one in before if one[1:] == leaf[1:]), None)
        if same:
            before.remove(same)
            now.remove(leaf)
    was = {}
    for pointer, node, inside in list(now):
        twin = next(
            (one for one in before if one[2] == inside and _field(one[1]) == _field(node)), None
        )
        if twin:
            was[pointer] = twin[1]
            before.remove(twin)
            now.remove((pointer, node, inside))
    # A condition inside a list is only put back by its group; alone it would mean something else.
    gone = [node for _, node, inside in before if not inside]
    new = [pointer for pointer, node, _ in now if node.get("path")]
    return Changes(was, gone, new, _kinds(saved, document), _gone_steps(saved, document))


def _kinds(saved: Document, document: Document) -> dict[str, str]:
    """Groups of another kind than they were. A group is the one with which it has most fields in
    common and least that differ; the outermost one is itself."""
    before, found = list(_groups(drawn(saved)["when"])), dict[str, str]()
    for pointer, kind, fields in _groups(drawn(document)["when"]):
        outermost = pointer == "/when"
        alike = [one for one in before if one[2] & fields and (one[0] == "/when") == outermost]
        closest = [(len(one[2] & fields), -len(one[2] ^ fields)) for one in alike]
        twin = alike[closest.index(max(closest))] if alike else None
        if twin:
            before.remove(twin)
            found |= {pointer: twin[1]} if twin[1] != kind else {}
    return found


def _groups(node: Any, pointer: str = "/when") -> Iterator[tuple[str, str, set[Any]]]:
    """Each group with its pointer, its kind and the fields that are looked at in it."""
    kind = group_of(node)
    if kind:
        yield pointer, kind, {(inside, *_field(each)) for _, each, inside in _leaves(node)}
        for at, child in enumerate(node[kind]):
            yield from _groups(child, f"{pointer}/{kind}/{at}")
    elif "items" in node:
        yield from _groups(node["where"], f"{pointer}/where")


def _gone_steps(saved: Document, document: Document) -> list[tuple[int, Document]]:
    kept = {step.get("id") for step in document.get("then") or []}
    return [
        (at, copy.deepcopy(step))
        for at, step in enumerate(saved.get("then") or [])
        if step["id"] not in kept
    ]


def _field(node: Document) -> tuple[Any, Any]:
    return node.get("in", "payload"), node.get("path")


def _leaves(node: Any, pointer: str = "/when", inside: str = "") -> Iterator[Leaf]:
    kind = group_of(node)
    if kind:
        for at, child in enumerate(node[kind]):
            yield from _leaves(child, f"{pointer}/{kind}/{at}", inside)
    elif "items" in node:
        yield from _leaves(node["where"], f"{pointer}/where", f"{inside} {node['items']}")
    elif "every_event" not in node:
        yield pointer, copy.deepcopy(node), inside
