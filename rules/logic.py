"""Whether one part of a rule follows from another, excludes it, or leaves nothing open.

As in `rules.claims`, True is certain and False means "not known". Each question about two nodes is
answered once; a rule has at most 100 conditions, so there are few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules import claims
from rules.claims import Claim, claim_of
from rules.nodes import Condition, EveryEvent, Group, Items, Node

PRESENCE = {"any.is_present", "any.is_missing", "any.has_value", "any.has_no_value"}
FOLLOWS = {("is_missing", "has_no_value"), ("has_value", "is_present")}
EXCLUDED = {("is_missing", "is_present"), ("has_value", "has_no_value"),
            ("has_value", "is_missing")}  # fmt: skip
COVERING = ({"is_missing", "is_present"}, {"has_value", "has_no_value"})


class Logic:
    """Answers about the nodes of some rules; keeps what it has found out.

    `budget`: how many questions and listed values may be looked at; after that all is "not known".
    """

    def __init__(self, budget: int = 25_000) -> None:
        self.budget = budget
        self._meanings: dict[int, Any] = {}
        self._claims: dict[int, Claim | None] = {}
        self._known: dict[tuple[str, int, int], bool] = {}
        self._nodes: list[Node] = []  # keeps them alive, for they are known by their id

    def follows(self, one: Node, other: Node) -> bool:
        """Whether every event that meets the one meets the other."""
        return self._once("follows", one, other, self._follows)

    def exclude(self, one: Node, other: Node) -> bool:
        """Whether no event meets both."""
        return self._once("exclude", one, other, self._exclude)

    def never(self, node: Node) -> bool:
        """Whether no event meets a node."""
        return self._once("never", node, node, lambda one, _: self._never(one))

    def always(self, node: Node) -> bool:
        """Whether every event meets a node."""
        return self._once("always", node, node, lambda one, _: self._always(one))

    def doubtful(self, one: Node, other: Node) -> bool:
        """Whether only a list of several values could meet both."""
        if not (isinstance(one, Condition) and isinstance(other, Condition)):
            return False
        first, second = self.claim(one), self.claim(other)
        if self.budget < 0 or not first or not second or not same_field(one, other):
            return False
        self.budget -= first.size + second.size
        return claims.exclude(first, second) == "doubtful"

    def same(self, one: Node, other: Node) -> bool:
        """Whether two nodes ask the same, wherever they stand."""
        return bool(self.meaning(one) == self.meaning(other))

    def meaning(self, node: Node) -> Any:
        """`meaning`, worked out once."""
        if id(node) not in self._meanings:
            self._nodes.append(node)
            self._meanings[id(node)] = meaning(node)
        return self._meanings[id(node)]

    def claim(self, condition: Condition) -> Claim | None:
        """What a condition claims, worked out once."""
        key = id(condition)
        if key not in self._claims:
            self._nodes.append(condition)
            self._claims[key] = claim_of(condition)
        return self._claims[key]

    def _once(
        self, question: str, one: Node, other: Node, answer: Callable[[Node, Node], bool]
    ) -> bool:
        key = (question, id(one), id(other))
        if key not in self._known:
            self.budget -= 1
            if self.budget < 0:
                return False
            self._nodes += (one, other)
            self._known[key] = answer(one, other)
        return self._known[key]

    def _follows(self, one: Node, other: Node) -> bool:
        if isinstance(other, EveryEvent) or self.same(one, other):
            return True
        if isinstance(other, Group) and other.kind == "all":
            return all(self.follows(one, child) for child in other.children)
        if isinstance(one, Group) and one.kind == "any":
            return all(self.follows(child, other) for child in one.children)
        if isinstance(other, Group) and other.kind == "none":
            return all(self.exclude(one, child) for child in other.children)
        if isinstance(other, Group) and any(self.follows(one, child) for child in other.children):
            return True
        if isinstance(one, Group):
            return one.kind == "all" and any(self.follows(child, other) for child in one.children)
        if isinstance(one, Items) and isinstance(other, Items):
            return self._items_follow(one, other)
        if isinstance(one, Condition) and isinstance(other, Condition):
            return self._condition_follows(one, other)
        return False

    def _items_follow(self, one: Items, other: Items) -> bool:
        if field_of(one) != field_of(other) or one.match != other.match:
            return False
        match one.match.kind:
            case "any" | "all" | "at_least":
                return self.follows(one.where, other.where)
            case "none":
                return self.follows(other.where, one.where)
        return False

    def _condition_follows(self, one: Condition, other: Condition) -> bool:
        if not same_field(one, other):
            return False
        first, second = self.claim(one), self.claim(other)
        if first and second:
            self.budget -= first.size + second.size
            return claims.follows(first, second)
        shown = presence(other)
        if presence(one):
            return bool(shown) and (presence(one), shown) in FOLLOWS
        if shown == "has_value":
            return first is not None and claims.needs_value(first)
        return shown == "is_present" and wants_field(one)

    def _exclude(self, one: Node, other: Node) -> bool:
        for first, second in ((one, other), (other, one)):
            if isinstance(first, Group) and first.kind == "any":
                return all(self.exclude(child, second) for child in first.children)
        for first, second in ((one, other), (other, one)):
            if isinstance(first, Group) and first.kind == "all":
                if any(self.exclude(child, second) for child in first.children):
                    return True
            if isinstance(first, Group) and first.kind == "none":
                if any(self.follows(second, child) for child in first.children):
                    return True
        if isinstance(one, Condition) and isinstance(other, Condition):
            return self._conditions_exclude(one, other)
        return False

    def _conditions_exclude(self, one: Condition, other: Condition) -> bool:
        if not same_field(one, other):
            return False
        first, second = self.claim(one), self.claim(other)
        if first and second:
            self.budget -= first.size + second.size
            return claims.exclude(first, second) == "never"
        shown = presence(one), presence(other)
        if all(shown):
            return shown in EXCLUDED or shown[::-1] in EXCLUDED
        for here, there, claim in ((shown[0], other, second), (shown[1], one, first)):
            if here == "is_missing" and wants_field(there):
                return True
            if here == "has_no_value" and claim and claims.needs_value(claim):
                return True
        return False

    def _never(self, node: Node) -> bool:
        if isinstance(node, Condition):
            claim = self.claim(node)
            return claim is not None and claim.how == "impossible" and not node.met_when_missing
        if isinstance(node, Items):
            wants_one = node.match.kind in ("any", "all") or node.match.n > 0
            return wants_one and self.never(node.where)
        if not isinstance(node, Group):
            return False
        if node.kind == "any":
            return all(self.never(child) for child in node.children)
        if node.kind == "none":
            return self._covered(node.children)
        return any(self.never(child) for child in node.children) or any(
            self.exclude(beside(node, child), child) for child in node.children
        )

    def _always(self, node: Node) -> bool:
        if isinstance(node, EveryEvent):
            return True
        if not isinstance(node, Group):
            return False
        if node.kind == "any":
            return self._covered(node.children)
        wanted = self.always if node.kind == "all" else self.never
        return all(wanted(child) for child in node.children)

    def _covered(self, children: tuple[Node, ...]) -> bool:
        """Whether every event meets at least one of them."""
        if any(self.always(child) for child in children):
            return True
        return any(
            self._cover(one, other) for at, one in enumerate(children) for other in children[:at]
        )

    def _cover(self, one: Node, other: Node) -> bool:
        for first, second in ((one, other), (other, one)):
            if isinstance(first, Group) and first.kind == "none":
                if all(self.follows(child, second) for child in first.children):
                    return True
        if isinstance(one, Condition) and isinstance(other, Condition):
            return same_field(one, other) and {presence(one), presence(other)} in COVERING
        return False


def beside(group: Group, child: Node) -> Node:
    """An all-of group of all the other children."""
    return Group(group.pointer, "all", tuple(one for one in group.children if one is not child))


def presence(condition: Condition) -> str:
    """The name of a test for presence on a plain field, else nothing."""
    plain = condition.field.path.singular and condition.match.kind in ("any", "all")
    return condition.operator.name if plain and condition.operator.id in PRESENCE else ""


def wants_field(condition: Condition) -> bool:
    """Whether a condition is never met where its plain field is missing."""
    if not condition.field.path.singular or condition.operator.about_presence:
        return False
    return not condition.met_when_missing


def field_of(node: Condition | Items) -> tuple[str, str]:
    return node.field.part, node.field.path.text


def same_field(one: Condition, other: Condition) -> bool:
    return field_of(one) == field_of(other)


def meaning(node: Node) -> Any:
    """What a node asks, without where it stands."""
    if isinstance(node, Condition):
        other = node.other
        value = (other.part, other.path.text) if other else repr(node.value)
        return (
            *field_of(node), node.operator.id, value, node.match,
            node.match_case, node.met_when_missing,
        )  # fmt: skip
    if isinstance(node, Group):
        return node.kind, frozenset(meaning(child) for child in node.children)
    if isinstance(node, Items):
        return "items", field_of(node), node.match, meaning(node.where)
    return "every_event"
