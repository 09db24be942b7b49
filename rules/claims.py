"""What conditions on one field say about each other: one follows from another, or excludes it.

A claim is a condition seen as "some value passes", "every value passes" or "no value passes", with
the test in its positive form. All answers err on one side: True is certain, False is "not known".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from rules.families.row import UTC, Env, Operator, Unfit
from rules.nodes import Condition
from rules.operand import prepared
from rules.operators import OPERATORS
from rules.spans import Span, span_of
from rules.values import fold

UNREADABLE_WHEN_BLANK = ("number", "date", "ip", "yesno")
LISTS = {"text.is": "text", "text.is_one_of": "text", "number.is": "number",
         "number.is_one_of": "number", "date.weekday_is": "weekday"}  # fmt: skip
HOLDS = ("text.starts_with", "text.ends_with", "text.contains")
RISKY = frozenset("ksfilt")  # other letters than capitals fold to these: the Kelvin sign to k


@dataclass(frozen=True)
class Claim:
    """`readable`: "no value passes" also wants a value that can be judged. `exact`: the claim is
    all that the condition says, not only a part of it. `single`: the value is looked at whole.
    """

    condition: Condition
    row: Operator
    operand: Any
    how: Literal["some", "every", "no", "impossible"]
    readable: bool = False
    exact: bool = True
    single: bool = False

    @property
    def cased(self) -> bool:
        return self.condition.match_case

    @cached_property
    def span(self) -> Span | None:
        return span_of(self.row.id, self.condition.value, self.operand)

    @cached_property
    def listed(self) -> tuple[str, tuple[Any, ...]] | None:
        """The only values that pass, and whether they are texts, numbers or weekdays."""
        domain = LISTS.get(self.row.id)
        if domain is None:
            return ("yesno", (self.row.name == "is_true",)) if self.row.family == "yesno" else None
        if domain == "weekday":
            return domain, tuple(self.operand)
        raw = self.condition.value if self.row.wants.many else [self.condition.value]
        return domain, tuple(raw)

    @property
    def size(self) -> int:
        """How many values may have to be looked at."""
        return len(self.listed[1]) if self.listed else 1

    def same_test(self, other: Claim) -> bool:
        if self.row is not other.row or self.cased != other.cased:
            return False
        if isinstance(self.condition.value, str):  # a pattern, once compiled, equals no other
            return bool(self.condition.value == other.condition.value)
        return bool(self.operand == other.operand)


def claim_of(condition: Condition) -> Claim | None:
    """What a condition claims; None where that cannot be put so simply."""
    row = condition.operator
    if condition.other or row.about_presence or (row.whole and not condition.field.path.singular):
        return None
    positive = OPERATORS[row.negates] if row.negates else row
    operand = prepared(condition.operator.wants, condition.value, Env(UTC, condition.match_case))
    if isinstance(operand, Unfit):
        return None
    quantified = (_single if row.whole else _several)(condition)
    if quantified is None:
        return None
    how, exact = quantified
    readable = how == "no" and row.negates is not None
    return Claim(condition, positive, operand, how, readable, exact, row.whole)


Quantified = tuple[Literal["some", "every", "no", "impossible"], bool] | None


def _single(condition: Condition) -> Quantified:
    """One value, looked at as a whole."""
    kind, n = condition.match.kind, condition.match.n
    if kind in ("at_least", "exactly") and n > 1:
        return "impossible", True
    wants_none = kind == "none" or (kind == "exactly" and n == 0)
    if condition.operator.negates:
        return None if wants_none else ("no", True)
    return ("no" if wants_none else "some"), True


def _several(condition: Condition) -> Quantified:
    kind, n = condition.match.kind, condition.match.n
    if condition.operator.negates:
        return ("no", kind == "any") if kind in ("any", "all") else None
    if kind == "all":
        return "every", True
    if kind == "none" or (kind == "exactly" and n == 0):
        return "no", True
    return "some", kind == "any" or (kind == "at_least" and n == 1)


def follows(one: Claim, other: Claim) -> bool:
    """Whether the other is met by every event that meets the one."""
    first, second = one.condition, other.condition
    lenient = first.met_when_missing and not second.met_when_missing
    if lenient or one.row.sees_null != other.row.sees_null or one.single != other.single:
        return False
    if not other.exact or "impossible" in (one.how, other.how):
        return one.how == "impossible" and not first.met_when_missing
    if other.how == "no":
        if other.readable and not (one.readable or one.how != "no"):
            return False
        if other.readable and one.row.read is not other.row.read:
            return False
        if one.how == "no":
            return _within(other, one)
        return (one.how == "every" or one.single) and _apart(one, other)
    if one.how == "no" or (one.how, other.how) == ("some", "every"):
        return False
    return _within(one, other)


def exclude(one: Claim, other: Claim) -> Literal["never", "doubtful", ""]:
    """Whether no event meets both; doubtful: only a list of several values could."""
    if not _one_is_strict(one, other) or one.single != other.single:
        return ""
    if "no" in (one.how, other.how):
        no, yes = (one, other) if one.how == "no" else (other, one)
        return "never" if yes.how in ("some", "every") and _within(yes, no) else ""
    if "impossible" in (one.how, other.how) or not _apart(one, other):
        return ""
    certain = one.single or "every" in (one.how, other.how)
    plain = one.condition.field.path.singular
    return "never" if certain else "doubtful" if plain else ""


def _one_is_strict(one: Claim, other: Claim) -> bool:
    """Whether a missing field or null meets one of the two at most."""
    lenient = one.condition.met_when_missing, other.condition.met_when_missing
    if one.row.sees_null != other.row.sees_null:
        return not lenient[one.row.sees_null] and not all(lenient)
    return not all(lenient)


def needs_value(claim: Claim) -> bool:
    """Whether a blank text, null, or an empty list or group cannot meet a claim."""
    if claim.condition.met_when_missing or claim.single:
        return False
    if claim.how == "no":
        return claim.readable and claim.row.family in UNREADABLE_WHEN_BLANK
    if claim.row.family in UNREADABLE_WHEN_BLANK:
        return True
    domain, values = claim.listed or ("", ())
    return domain == "text" and all(value.strip() for value in values)


def _within(one: Claim, other: Claim) -> bool:
    """Whether every value that passes the one's test passes the other's."""
    if one.same_test(other):
        return True
    if one.span and other.span:
        return one.span.within(other.span)
    if one.listed:
        return all(_passes(one, value, other) is True for value in one.listed[1])
    if one.row.family == other.row.family == "ip":
        return all(any(_inside(net, outer) for outer in other.operand) for net in one.operand)
    if one.row.id in HOLDS and other.row.id in HOLDS and one.cased == other.cased:
        return _holds(one.row.name, one.operand, other.row.name, other.operand)
    return False


def _apart(one: Claim, other: Claim) -> bool:
    """Whether no value passes both tests."""
    if one.span and other.span:
        return one.span.apart(other.span)
    for first, second in ((one, other), (other, one)):
        if first.listed:
            if all(_passes(first, value, second) is False for value in first.listed[1]):
                return True
    if one.row.id in KINDS and other.row.id in KINDS:
        return one.row.id != other.row.id
    if one.row.family == other.row.family == "ip":
        return not any(net.overlaps(far) for net in one.operand for far in other.operand
                       if net.version == far.version)  # fmt: skip
    if one.row.id == other.row.id and one.row.id in HOLDS[:2] and one.cased == other.cased:
        return not _holds(one.row.name, one.operand, other.row.name, other.operand) and not _holds(
            other.row.name, other.operand, one.row.name, one.operand
        )
    return False


KINDS = frozenset(row.id for row in OPERATORS.values() if row.family == "any" and row.sees_null
                  and not row.about_presence)  # fmt: skip


def _inside(net: Any, outer: Any) -> bool:
    return bool(net.version == outer.version and net.subnet_of(outer))


def _holds(name: str, text: str, other: str, wanted: str) -> bool:
    """Whether whatever starts with (ends with, contains) the text does so with what is wanted."""
    if other == "contains":
        return wanted in text
    if name != other:
        return False
    return text.startswith(wanted) if name == "starts_with" else text.endswith(wanted)


def _passes(listed: Claim, value: Any, other: Claim) -> bool | None:
    """Whether a listed value, however it is written, passes the other's test; None: not known."""
    domain = listed.listed[0] if listed.listed else ""
    if domain == "text":
        return _text_passes(value, listed.cased, other)
    if domain == "weekday":
        return value in other.operand if other.row.id == "date.weekday_is" else None
    if other.row.family != domain:
        return None
    return _judged(value, other, other.cased)


def _text_passes(value: str, cased: bool, other: Claim) -> bool | None:
    row, safe = other.row, cased or not RISKY.intersection(fold(value))
    if row.whole:
        return None
    if row.family == "text":
        return _text_by_text(value, cased, other)
    if row.family == "date":
        return None if any(letter.isdigit() for letter in value) else False
    passes = _judged(value, other, other.cased)
    return passes if safe or not passes else None


def _text_by_text(value: str, cased: bool, other: Claim) -> bool | None:
    by_letters = other.row.read is not OPERATORS["text.is"].read  # lengths and patterns
    if by_letters:
        return _judged(value, other, other.cased) if cased else None
    if other.cased and not cased:
        if other.row.id not in LISTS:
            return None
        texts = (other.listed or ("", ()))[1]
        return None if fold(value) in {fold(text) for text in texts} else False
    if cased and not other.cased:
        return _judged(value, other, False)
    return _judged(value, other, cased)


def _judged(value: Any, other: Claim, cased: bool) -> bool:
    found = other.row.read(value, Env(UTC, cased))
    return not isinstance(found, Unfit) and other.row.test(found, other.operand, None)
