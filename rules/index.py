"""Finds, for one event, the few rules of a hook that it could meet.

Each rule is placed under its most selective way: a value that one of its conditions needs. Where
many rules share a place, the place is an index of its own, over their other conditions. What is
found is a superset of what is met; the rest of each rule's conditions is judged afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rules.families.row import Unfit
from rules.index_tables import Bucket, Hits, Table
from rules.nodes import Field
from rules.path_syntax import Name
from rules.path_walk import TooMuch
from rules.paths import MISSING
from rules.scene import ABSENT, TOO_MUCH, Reading, Scene

Shelf = tuple[Reading, tuple[Table, ...]]
MOST_ITEMS = 10_000


class Leaf:
    """The rules that can be found by one field: by its values, or because it is there."""

    __slots__ = ("field", "outer", "shelves", "present", "places")

    def __init__(
        self,
        field: Field,
        outer: tuple[Field, ...],
        shelves: tuple[Shelf, ...],
        present: Bucket | None,
        places: tuple[int, ...],
    ) -> None:
        self.field = field
        self.outer = outer
        self.shelves = shelves
        self.present = present
        self.places = places

    def find_value(self, value: Any, scene: Scene, hits: Hits) -> None:
        """Rules found by the one value of a plain path."""
        if self.present is not None:
            hits.append(self.present)
        for reading, tables in self.shelves:
            ready = scene.memo.get(reading, MISSING)
            if ready is MISSING:
                ready = scene.memo[reading] = reading.of_one(value)
            look_up(ready, tables, hits)

    def find(self, scene: Scene, hits: Hits) -> None:
        """Rules found by all the values of a path, in the event or in each item."""
        if self.present is not None and self.is_there(scene):
            hits.append(self.present)
        if not self.shelves:
            return
        scenes = scenes_of(scene, self.outer)
        if scenes is None:
            hits.append(self.places)
            return
        for one in scenes:
            for reading, tables in self.shelves:
                look_up(one.ready(reading), tables, hits)

    def is_there(self, scene: Scene) -> bool:
        try:
            return not scene.is_absent(scene.values(self.field), self.field)
        except TooMuch:
            return False


def look_up(ready: Any, tables: tuple[Table, ...], hits: Hits) -> None:
    if ready is ABSENT or ready is TOO_MUCH:
        return
    for value in ready:
        if value.__class__ is not Unfit:
            for table in tables:
                table.find(value, hits)


def scenes_of(scene: Scene, outer: tuple[Field, ...]) -> list[Scene] | None:
    """The event seen from each item of the outer fields; None when there are too many."""
    if not outer:
        return [scene]
    key = ("scenes", outer)
    if key not in scene.memo:
        above = scenes_of(scene, outer[:-1])
        scene.memo[key] = None if above is None else items_below(above, outer[-1])
    return scene.memo[key]  # type: ignore[no-any-return]


def items_below(above: list[Scene], field: Field) -> list[Scene] | None:
    scenes: list[Scene] = []
    for one in above:
        scenes += one.items(field) or ()
        if len(scenes) > MOST_ITEMS:
            return None
    return scenes


class Branch:
    """A step of the plain paths, which are walked together with the event."""

    __slots__ = ("children", "leaf")

    def __init__(self) -> None:
        self.children: dict[str, Branch] = {}
        self.leaf: Leaf | None = None

    def grow(self, keys: Iterable[str], leaf: Leaf) -> None:
        branch = self
        for key in keys:
            branch = branch.children.setdefault(key, Branch())
        branch.leaf = leaf

    def find(self, value: Any, scene: Scene, hits: Hits) -> None:
        if self.leaf:
            self.leaf.find_value(value, scene, hits)
        children = self.children
        if not children or not isinstance(value, dict):
            return
        if len(children) <= len(value):
            for key, branch in children.items():
                below = value.get(key, MISSING)
                if below is not MISSING:
                    branch.find(below, scene, hits)
        else:
            for key, below in value.items():
                found = children.get(key)
                if found:
                    found.find(below, scene, hits)


class Index:
    """Rules by what they need; `plain` are those that need nothing in particular."""

    __slots__ = ("root", "leaves", "plain")

    def __init__(self, leaves: Iterable[Leaf], plain: tuple[int, ...]) -> None:
        self.root = Branch()
        self.plain = plain
        others = []
        for leaf in leaves:
            keys = plain_keys(leaf)
            if keys is None:
                others.append(leaf)
            else:
                self.root.grow(keys, leaf)
        self.leaves = tuple(others)

    def candidates(self, scene: Scene) -> list[int]:
        """The places of all rules that the event could meet, in order."""
        places: set[int] = set()
        self.collect(scene, places)
        return sorted(places)

    def collect(self, scene: Scene, places: set[int]) -> None:
        places.update(self.plain)
        hits: Hits = []
        self.root.find(scene.event, scene, hits)
        for leaf in self.leaves:
            leaf.find(scene, hits)
        for bucket in hits:
            if isinstance(bucket, Index):
                bucket.collect(scene, places)
            else:
                places.update(bucket)


def plain_keys(leaf: Leaf) -> Iterator[str] | None:
    """The names that lead to a leaf, from the event on; None for other paths."""
    path = leaf.field.path
    selectors = [segment.selectors[0] for segment in path.segments]
    keys = [leaf.field.part, *[one.key for one in selectors if isinstance(one, Name)]]
    if leaf.outer or path.of_item or not path.singular or len(keys) <= len(selectors):
        return None
    return iter(keys)
