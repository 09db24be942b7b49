"""The smallest set of conditions that would turn a verdict; None where no set would."""

from __future__ import annotations

from collections.abc import Iterable

from rules.nodes import Items

Pointers = tuple[str, ...]


def together(flips: Iterable[Pointers | None]) -> Pointers | None:
    """All of them have to turn."""
    pointers: dict[str, None] = {}
    for flip in flips:
        if flip is None:
            return None
        pointers.update(dict.fromkeys(flip))
    return tuple(pointers)


def least(flips: Iterable[Pointers | None], count: int = 1) -> Pointers | None:
    """The `count` cheapest have to turn."""
    possible = sorted((flip for flip in flips if flip is not None), key=len)
    return together(possible[:count]) if len(possible) >= count else None


def items_flip(
    node: Items, met: bool, fitting: list[Pointers | None], others: list[Pointers | None]
) -> Pointers | None:
    """What would turn the verdict over items that fit and others that do not.

    The group itself is to blame where the items are too few.
    """
    if not fitting and not others:
        return (node.pointer,)
    match node.match.kind, met:
        case ("any", True) | ("none", False):
            return together(fitting)
        case ("any", False) | ("none", True):
            return least(others)
        case ("all", True):
            return least(fitting)
        case ("all", False):
            return together(others)
        case ("at_least", True):
            return least(fitting, len(fitting) - node.match.n + 1)
        case ("exactly", True):
            return least(fitting + others)
    if len(fitting) > node.match.n:
        return least(fitting, len(fitting) - node.match.n)
    return least(others, node.match.n - len(fitting)) or (node.pointer,)
