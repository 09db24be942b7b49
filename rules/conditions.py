"""Reading the `when` of a rule document: groups, items and conditions, with every problem named."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rules.errors import Problems, Unusable, below, did_you_mean
from rules.families.row import NOTHING, Env, Operator
from rules.nodes import PARTS, Condition, EveryEvent, Field, Group, Items, Match, Node
from rules.operators import OPERATORS
from rules.paths import Path, parse_path
from rules.values import say

MOST_CONDITIONS = 100
MOST_LEVELS = 6
LONGEST_VALUE = 4_096
GROUPS = ("all", "any", "none")
CONDITION_KEYS = ("path", "in", "test", "value", "match", "match_case", "when_missing")
NODE_SIGNS = (*GROUPS, "items", "every_event")
NODE_HINT = "Write a condition, or a group: all, any, none or items."


class WhenReader:
    """Reads nodes; what is wrong goes to `problems`, and the broken node becomes None."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.conditions = 0

    def node(self, raw: Any, pointer: str, level: int = 0, roots: str = "$") -> Node | None:
        if not isinstance(raw, dict):
            self.problems.add(pointer, f"This is {say(raw)}, not a condition.", NODE_HINT)
            return None
        signs = [sign for sign in NODE_SIGNS if sign in raw]
        if len(signs) > 1:
            both = " and ".join(f"'{sign}'" for sign in signs)
            self.problems.add(pointer, f"This node is {both} at once.", "Put one inside the other.")
            return None
        if not signs:
            return self.condition(raw, pointer, roots)
        if signs[0] == "every_event":
            return self.every_event(raw, pointer)
        if level >= MOST_LEVELS:
            message = f"Groups are nested more than {MOST_LEVELS} levels deep."
            self.problems.add(pointer, message, "Split this into two rules.")
            return None
        if signs[0] == "items":
            return self.items(raw, pointer, level, roots)
        return self.group(raw, signs[0], pointer, level, roots)

    def every_event(self, raw: dict[str, Any], pointer: str) -> Node | None:
        self.only(raw, ("every_event",), pointer)
        if raw["every_event"] is not True:
            place = below(pointer, "every_event")
            self.problems.add(place, "This can only be true.", "Write true, or use conditions.")
            return None
        return EveryEvent(pointer)

    def group(
        self, raw: dict[str, Any], kind: str, pointer: str, level: int, roots: str
    ) -> Node | None:
        self.only(raw, (kind,), pointer)
        place = below(pointer, kind)
        members = raw[kind]
        if not isinstance(members, list):
            self.problems.add(place, f"'{kind}' needs a list.", f'Write {{"{kind}": [...]}}.')
            return None
        if not members:
            self.problems.add(place, f"This '{kind}' group is empty.", "Add a condition to it.")
            return None
        if len(members) > MOST_CONDITIONS:
            self.too_many(place)
            return None
        children = [
            self.node(member, below(place, at), level + 1, roots)
            for at, member in enumerate(members)
        ]
        read = tuple(child for child in children if child is not None)
        return Group(pointer, kind, read) if len(read) == len(children) else None

    def items(self, raw: dict[str, Any], pointer: str, level: int, roots: str) -> Node | None:
        self.only(raw, ("items", "match", "where"), pointer)
        path = self.path(raw["items"], below(pointer, "items"), roots)
        match = self.match(raw, pointer)
        if "where" not in raw:
            place = below(pointer, "where")
            self.problems.add(place, "An items group needs 'where'.", NODE_HINT)
            return None
        where = self.node(raw["where"], below(pointer, "where"), level + 1, "@")
        if path is None or where is None:
            return None
        return Items(pointer, Field("payload", path, raw["items"]), match, where)

    def condition(self, raw: dict[str, Any], pointer: str, roots: str) -> Node | None:
        before = len(self.problems.found)
        self.conditions += 1
        if self.conditions == MOST_CONDITIONS + 1:
            self.too_many(pointer)
        self.only(raw, CONDITION_KEYS, pointer, NODE_SIGNS)
        if "path" not in raw and "test" not in raw:
            if len(self.problems.found) == before:
                self.problems.add(pointer, "This condition is empty.", NODE_HINT)
            return None
        field = self.field(raw, pointer, roots)
        operator = self.operator(raw, pointer)
        if operator is None:
            return None
        value = self.value(raw, operator, pointer, roots)
        condition = (
            self.match(raw, pointer, operator),
            self.yes_no(raw, "match_case", pointer, operator.cased, "Only text has capitals."),
            self.when_missing(raw, operator, pointer),
        )
        if field is None or len(self.problems.found) > before:
            return None
        return Condition(pointer, field, operator, value, *condition)

    def field(self, raw: dict[str, Any], pointer: str, roots: str) -> Field | None:
        part = raw.get("in", "payload")
        if part not in PARTS:
            hint = "Use payload, headers, query or event."
            fix = did_you_mean(part, PARTS, hint) if isinstance(part, str) else hint
            self.problems.add(below(pointer, "in"), f"There is no part {say(part)}.", fix)
            return None
        if "path" not in raw:
            place = below(pointer, "path")
            self.problems.add(place, "This condition has no field.", "Choose a field: 'path'.")
            return None
        if "in" in raw and part != "payload":
            roots = "$"
        path = self.path(raw["path"], below(pointer, "path"), roots, part == "headers")
        return Field(part, path, raw["path"]) if path else None

    def path(self, raw: Any, pointer: str, roots: str, lower: bool = False) -> Path | None:
        if not isinstance(raw, str):
            self.problems.add(pointer, f"A path is a text, not {say(raw)}.", "Choose a field.")
            return None
        try:
            return parse_path(raw, roots, lower)
        except Unusable as error:
            self.problems.add(pointer, error.message, error.fix)
            return None

    def operator(self, raw: dict[str, Any], pointer: str) -> Operator | None:
        name: Any = raw.get("test")
        place = below(pointer, "test")
        if "test" not in raw:
            self.problems.add(place, "This condition has no operator.", "Choose one: 'test'.")
            return None
        if not isinstance(name, str) or name not in OPERATORS:
            hint = "Choose one from the list of operators."
            fix = nearest_operator(name, hint) if isinstance(name, str) else hint
            self.problems.add(place, f"There is no operator {say(name)}.", fix)
            return None
        row: Operator = OPERATORS[name]
        return row

    def value(self, raw: dict[str, Any], operator: Operator, pointer: str, roots: str) -> Any:
        place, wants = below(pointer, "value"), operator.wants
        if wants is NOTHING:
            if raw.get("value") is not None:
                self.problems.add(place, f"'{operator.menu}' takes no value.", "Remove the value.")
            return None
        if raw.get("value") is None:
            fix = f"Give {wants.hint}."
            self.problems.add(place, f"'{operator.menu}' needs a value.", fix)
            return None
        value = raw["value"]
        if isinstance(value, dict):
            return self.other_field(value, operator, place, roots)
        self.size(value, place)
        try:
            wants.prepare(value, Env(match_case=raw.get("match_case") is True))
        except Unusable as error:
            self.problems.add(place, error.message, error.fix)
        return value

    def other_field(
        self, raw: dict[str, Any], operator: Operator, place: str, roots: str
    ) -> Field | None:
        self.only(raw, ("path", "in"), place)
        if not operator.wants.from_field:
            message = f"'{operator.menu}' cannot be compared with another field."
            self.problems.add(place, message, f"Give {operator.wants.hint}.")
            return None
        return self.field(raw, place, "$@" if roots == "@" else roots)

    def size(self, value: Any, place: str) -> None:
        for at, one in enumerate(value if isinstance(value, list) else [value]):
            text = one if isinstance(one, str) else json.dumps(one, default=str)
            if len(text.encode("utf-8", "replace")) > LONGEST_VALUE:
                where = below(place, at) if isinstance(value, list) else place
                self.problems.add(where, "This value is longer than 4 kB.", "Shorten it.")
                return

    def match(self, raw: dict[str, Any], pointer: str, operator: Operator | None = None) -> Match:
        match, place = raw.get("match", "any"), below(pointer, "match")
        fix = 'Use any, all, none, {"at_least": n} or {"exactly": n}.'
        if operator and operator.name in ("is_missing", "is_present") and match != "any":
            self.problems.add(place, f"'{operator.menu}' looks at no values.", "Remove 'match'.")
        elif match in ("any", "all", "none"):
            return Match(match)
        elif isinstance(match, dict) and len(match) == 1:
            (kind, n) = next(iter(match.items()))
            whole = isinstance(n, int) and not isinstance(n, bool)
            lowest = {"at_least": 1, "exactly": 0}.get(kind)
            if whole and lowest is not None and lowest <= n <= 10_000:
                return Match(kind, n)
            self.problems.add(place, "This is not a number of values.", fix)
        else:
            self.problems.add(place, f"There is no way to match {say(match)}.", fix)
        return Match()

    def when_missing(self, raw: dict[str, Any], operator: Operator, pointer: str) -> bool:
        choice, place = raw.get("when_missing", "not_met"), below(pointer, "when_missing")
        if choice not in ("met", "not_met"):
            fix = "Use not_met or met."
            self.problems.add(place, f"{say(choice)} is not a choice here.", fix)
        elif choice == "met" and operator.about_presence:
            message = f"'{operator.menu}' says itself what a missing field means."
            self.problems.add(place, message, "Remove 'when_missing'.")
        return bool(choice == "met")

    def yes_no(
        self, raw: dict[str, Any], key: str, pointer: str, sensible: bool, reason: str
    ) -> bool:
        choice = raw.get(key, False)
        if not isinstance(choice, bool):
            self.problems.add(below(pointer, key), f"'{key}' is true or false.", "Write true.")
        elif choice and not sensible:
            self.problems.add(below(pointer, key), f"{reason}", f"Remove '{key}'.")
        return choice is True

    def only(
        self, raw: dict[str, Any], known: Iterable[str], pointer: str, also: Iterable[str] = ()
    ) -> None:
        unknown_keys(self.problems, raw, known, pointer, also)

    def too_many(self, pointer: str) -> None:
        message = f"There are more than {MOST_CONDITIONS} conditions."
        self.problems.add(pointer, message, "Split this into two rules.")


def unknown_keys(
    problems: Problems,
    raw: dict[str, Any],
    known: Iterable[str],
    pointer: str,
    also: Iterable[str] = (),
) -> None:
    """Name each key that is not known, with the nearest one that is; `also` are offered too."""
    known = tuple(known)
    for key in raw:
        if key not in known:
            hint = f"Known here: {', '.join(known)}."
            fix = did_you_mean(key, (*known, *also), hint)
            problems.add(below(pointer, key), f"'{key}' is not known here.", fix)


MEANT = {
    "over": "more_than", "above": "more_than", "greater_than": "more_than", "gt": "more_than",
    "gte": "at_least", "under": "less_than", "below": "less_than", "lt": "less_than",
    "lte": "at_most", "equals": "is", "equal": "is", "eq": "is", "not_equals": "is_not",
    "ne": "is_not", "in": "is_one_of", "regex": "matches_regex", "exists": "is_present",
}  # fmt: skip


def nearest_operator(name: str, hint: str) -> str:
    """The operator meant: by its whole id, else by its name alone, in whichever family has it."""
    fix = did_you_mean(name, OPERATORS)
    tail = name.rpartition(".")[2]
    tail = MEANT.get(tail, tail)
    same = [row.id for row in OPERATORS.values() if row.name == tail]
    same = [one for one in same if one.split(".")[0] == name.split(".")[0]] or same
    return f"Did you mean '{same[0]}'?" if same else fix or hint
