"""Tables that find, for one value read from an event, the rules whose need it fills.

Each is made from tokens and their buckets, and `find(value, hits)` adds the buckets found to hits.
rules/families/needs.py says what the tokens mean.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from rules.families.needs import Interval

Bucket = Any  # places of rules in order, or an index over them
Hits = list[Bucket]
FEW = 12


class Equal:
    """Values that are the token."""

    __slots__ = ("buckets",)

    def __init__(self, buckets: Mapping[Any, Bucket]) -> None:
        self.buckets = buckets

    def find(self, value: Any, hits: Hits) -> None:
        bucket = self.buckets.get(value)
        if bucket is not None:
            hits.append(bucket)


class Prefix:
    """Texts that start with the token, by its length."""

    __slots__ = ("by_length",)

    def __init__(self, buckets: Mapping[str, Bucket]) -> None:
        by_length: dict[int, dict[str, Bucket]] = {}
        for token, bucket in buckets.items():
            by_length.setdefault(len(token), {})[token] = bucket
        self.by_length = tuple(sorted(by_length.items(), key=lambda pair: pair[0]))

    def find(self, text: str, hits: Hits) -> None:
        for length, buckets in self.by_length:
            if length > len(text):
                return
            bucket = buckets.get(self.part(text, length))
            if bucket is not None:
                hits.append(bucket)

    def part(self, text: str, length: int) -> str:
        return text[:length]


class Suffix(Prefix):
    """Texts that end with the token."""

    __slots__ = ()

    def part(self, text: str, length: int) -> str:
        return text[-length:]


class Anchor:
    """Texts that hold the token, a run of a few letters."""

    __slots__ = ("by_size",)

    def __init__(self, buckets: Mapping[str, Bucket]) -> None:
        by_size: dict[int, dict[str, Bucket]] = {}
        for token, bucket in buckets.items():
            by_size.setdefault(len(token), {})[token] = bucket
        self.by_size = tuple(by_size.items())

    def find(self, text: str, hits: Hits) -> None:
        for size, buckets in self.by_size:
            if len(buckets) <= FEW:
                hits += [bucket for token, bucket in buckets.items() if token in text]
            else:
                held = buckets.keys() & grams(text, size)
                hits += [buckets[token] for token in held]


def grams(text: str, size: int) -> set[str]:
    """Every run of that many letters."""
    if size == 1:
        return set(text)
    return {text[at : at + size] for at in range(len(text) - size + 1)}


class Member:
    """Lists that hold the token: a text, number or yes/no, with its kind."""

    __slots__ = ("buckets", "kinds")

    def __init__(self, buckets: Mapping[tuple[str, Any], Bucket]) -> None:
        self.buckets = buckets
        self.kinds = tuple({kind for kind, _ in buckets})

    def find(self, elements: Any, hits: Hits) -> None:
        for kind in self.kinds:
            for value in elements.of_kind(kind):
                bucket = self.buckets.get((kind, value))
                if bucket is not None:
                    hits.append(bucket)


class OneSided:
    """Rules by one end of an interval, in order; `cut` says how many of them a value takes in."""

    __slots__ = ("ends", "places", "cut", "upper")

    def __init__(self, ends: list[tuple[Any, int]], cut: Callable[..., int], upper: bool) -> None:
        ends.sort(key=lambda pair: pair[0])
        self.ends = [end for end, _ in ends]
        self.places = tuple([place for _, place in ends])
        self.cut = cut
        self.upper = upper

    def find(self, value: Any, hits: Hits) -> None:
        at = self.cut(self.ends, value)
        found = self.places[at:] if self.upper else self.places[:at]
        if found:
            hits.append(found)


class Stab:
    """Closed intervals that hold a value: those round a centre, and on each side those that miss
    it (a centred interval tree)."""

    __slots__ = ("centre", "lows", "highs", "below", "above")

    def __init__(self, intervals: list[tuple[Any, Any, int]]) -> None:
        ends = sorted(low for low, _, _ in intervals)
        centre = self.centre = ends[len(ends) // 2]
        here = [one for one in intervals if one[0] <= centre <= one[1]]
        below = [one for one in intervals if one[1] < centre]
        above = [one for one in intervals if one[0] > centre]
        self.lows = OneSided([(low, at) for low, _, at in here], bisect_right, False)
        self.highs = OneSided([(high, at) for _, high, at in here], bisect_left, True)
        self.below = Stab(below) if below else None
        self.above = Stab(above) if above else None

    def find(self, value: Any, hits: Hits) -> None:
        node: Stab | None = self
        while node:
            if value < node.centre:
                node.lows.find(value, hits)
                node = node.below
            else:
                node.highs.find(value, hits)
                node = node.above


class Within:
    """Numbers inside the token, an interval."""

    __slots__ = ("parts",)

    def __init__(self, buckets: Mapping[Interval, tuple[int, ...]]) -> None:
        every = [(interval, place) for interval, places in buckets.items() for place in places]
        sides = (
            (True, False, bisect_right), (True, True, bisect_left),
            (False, False, bisect_left), (False, True, bisect_right),
        )  # fmt: skip
        self.parts: list[OneSided | Stab] = []
        for is_low, is_open, cut in sides:
            ends = [
                (one.low if is_low else one.high, place)
                for one, place in every
                if (one.high if is_low else one.low) is None and one.open is is_open
            ]
            if ends:
                self.parts.append(OneSided(ends, cut, upper=not is_low))
        closed = [
            (one.low, one.high, place)
            for one, place in every
            if one.low is not None and one.high is not None
        ]
        if closed:
            self.parts.append(Stab(closed))

    def find(self, value: Any, hits: Hits) -> None:
        for part in self.parts:
            part.find(value, hits)


class Days(Within):
    """Dates whose day, counted from year 1, is inside the token."""

    __slots__ = ()

    def find(self, moment: Any, hits: Hits) -> None:
        super().find(moment.day.toordinal(), hits)


Table = Equal | Prefix | Anchor | Member | Within
TABLES: dict[str, type[Table]] = {
    "equal": Equal,
    "prefix": Prefix,
    "suffix": Suffix,
    "anchor": Anchor,
    "member": Member,
    "within": Within,
    "days": Days,
}
UNREFINED = ("within", "days")
