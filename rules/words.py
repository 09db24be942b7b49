"""Fields and conditions in words: what the sentence and the explanation have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.families.row import Operator
from rules.nodes import Condition, Field, Match
from rules.operators import OPERATORS
from rules.path_syntax import Name
from rules.paths import name_of

Names = Callable[[str], str | None]
# What a field or a value is told as: ("field" or "value", its usual words, the node) -> words.
Telling = Callable[[str, str, Any], str]
ABOUT_THE_EVENT = {
    "type": "event type",
    "id": "event id",
    "received_at": "time of arrival",
    "verified": "verified",
}
VERBS = {"is": "are", "has": "have", "does": "do", "matches": "match"}


def field_words(field: Field, names: Names | None = None) -> str:
    """The field as people call it; `names` may know a friendlier name for its canonical path."""
    known = names(field.path.text) if names and field.part == "payload" else None
    if known:
        return known
    words = name_of(field.path)
    if field.part == "payload":
        return words
    if field.part == "event":
        return ABOUT_THE_EVENT.get(words.replace(" ", "_"), words)
    last = field.path.segments[-1].selectors[0] if field.path.segments else None
    plain = last.key if isinstance(last, Name) else words
    return f"{'header' if field.part == 'headers' else 'query'} {plain}"


def operator_words(
    row: Operator, value: str, several: bool = False, negated_words: bool = True
) -> str:
    """What follows the field's name: "is at least 5000"; of several values: "are at least 5000"."""
    words = row.words if negated_words or not row.negates else OPERATORS[row.negates].words
    words = words.replace("{value}", value)
    return plural(words) if several else words


def plural(words: str) -> str:
    verb, space, rest = words.partition(" ")
    many = VERBS.get(verb) or verb.removesuffix("s")
    return f"{many}{space}{rest}"


def value_words(condition: Condition, names: Names | None = None) -> str:
    """The value as it stands in a sentence: a literal, or the other field's name."""
    if condition.other:
        return field_words(condition.other, names)
    return condition.operator.wants.say(condition.value)


def as_usual(kind: str, words: str, node: Any) -> str:
    return words


def condition_words(
    condition: Condition, names: Names | None = None, tell: Telling = as_usual
) -> str:
    """One condition: "amount is at least 5000"."""
    return " ".join(condition_parts(condition, names, tell=tell))


def condition_parts(
    condition: Condition,
    names: Names | None = None,
    value: str | None = None,
    tell: Telling = as_usual,
) -> tuple[str, str]:
    """What a condition looks at, and what it asks of it: "amount", "is at least 5000". `value`
    stands for the words of its value where more is to be said of it."""
    row = condition.operator
    name = tell("field", field_words(condition.field, names), condition.field)
    if value is None:
        value = tell("value", value_words(condition, names), condition)
    remarks = _remarks(condition)
    wide = not condition.field.path.singular and not row.about_presence
    if condition.match.kind == "any" and not wide:
        return name, operator_words(row, value) + remarks
    if condition.match.kind == "any" and row.negates:
        words = operator_words(row, value, negated_words=False)
        return f"no value of {name}", words + remarks
    several = condition.match.kind in ("at_least", "exactly") and condition.match.n != 1
    return match_words(condition.match, name), operator_words(row, value, several) + remarks


def match_words(match: Match, name: str) -> str:
    noun = "value" if match.n == 1 else "values"
    return {
        "any": f"any value of {name}",
        "all": f"every value of {name}",
        "none": f"no value of {name}",
        "at_least": f"at least {match.n} {noun} of {name}",
        "exactly": f"exactly {match.n} {noun} of {name}",
    }[match.kind]


def _remarks(condition: Condition) -> str:
    remarks = ["same capitals"] if condition.match_case else []
    if condition.met_when_missing:
        remarks.append("or is missing")
    return f" ({', '.join(remarks)})" if remarks else ""


def joined(words: list[str], last: str = "and") -> str:
    """a, b and c"""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def sentence_case(words: Any) -> str:
    text = str(words)
    return text[:1].upper() + text[1:]
