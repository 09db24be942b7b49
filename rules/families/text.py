"""Text: compared in NFC, without regard to case unless told; numbers and yes/no as their text."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable
from typing import Any

import re2

from rules.errors import Unusable
from rules.families import needs
from rules.families.like import Alike
from rules.families.row import Env, Operator, Unfit, Wants, weightless
from rules.families.wants import LENGTH, SOME_TEXT, TEXT, TEXTS
from rules.values import LOOKED_AT, as_text, fold, say

LONGEST_PATTERN = 1_000


def read_text(value: Any, env: Env) -> Any:
    """Text ready for comparing, at most the first 64 kB of it."""
    if type(value) is str and len(value) <= LOOKED_AT:
        return fold(value, env.match_case)
    raw = as_text(value)
    if raw is None:
        return Unfit("wrong_type", f"{say(value)}, not text")
    return fold(raw[:LOOKED_AT], env.match_case)


def read_for_pattern(value: Any, env: Env) -> Any:
    """Text in NFC as it was written; half characters are replaced, RE2 refuses them."""
    found = read_text(value, Env(env.zone, match_case=True))
    if isinstance(found, Unfit):
        return found
    return found.encode("utf-8", "replace").decode()


def read_length(value: Any, env: Env) -> Any:
    raw = as_text(value)
    if raw is None:
        return Unfit("wrong_type", f"{say(value)}, not text")
    return len(unicodedata.normalize("NFC", raw))


class Pattern:
    """A compiled pattern; `literal` is a text that every match holds, where one is known."""

    __slots__ = ("search", "literal", "weight")

    def __init__(self, compiled: Any, literal: str = "") -> None:
        self.search: Callable[[str], Any] = compiled.search
        self.literal = literal
        self.weight: int = compiled.programsize

    def need(self) -> needs.Need | None:
        held = needs.holds(self.literal)
        return dataclasses.replace(held, exact=False) if held else None

    def weight_of(self) -> int:
        return self.weight


def regex(raw: Any, env: Env) -> Pattern:
    """The pattern compiled by RE2, whose time grows with the text, whatever the pattern."""
    if not isinstance(raw, str) or not raw:
        raise Unusable("This needs a pattern.", "Write a regular expression, such as ^INV-[0-9]+$")
    if len(raw) > LONGEST_PATTERN:
        raise Unusable(f"The pattern is longer than {LONGEST_PATTERN:,} characters.", "Shorten it.")
    return Pattern(_compiled(unicodedata.normalize("NFC", raw), env.match_case))


def like(raw: Any, env: Env) -> Pattern:
    """A text in which * stands for any characters and ? for one."""
    if not isinstance(raw, str) or not raw:
        raise Unusable("This needs a text.", "Use * for anything and ? for one character.")
    text = fold(raw, env.match_case)
    literal = max(text.replace("?", "*").split("*"), key=len)
    return Pattern(Alike(text), literal)


def _compiled(pattern: str, match_case: bool) -> Any:
    options = re2.Options()
    options.max_mem = 2 * 1024 * 1024
    options.log_errors = False
    options.case_sensitive = match_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise Unusable(*_refusal(pattern, error)) from None


def _refusal(pattern: str, error: Exception) -> tuple[str, str]:
    if any(mark in pattern for mark in ("(?=", "(?!", "(?<=", "(?<!")):
        return "Looking ahead or behind, (?= or (?!, is not available.", "Use a second condition."
    if any(f"\\{digit}" in pattern for digit in "123456789"):
        return "Referring back to a group, \\1, is not available.", "Write the text out."
    cause = error.args[0] if error.args else error
    cause = cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)
    return f"The pattern cannot be read: {cause}.", "Brackets come in pairs; \\ goes before . * + ?"


REGEX = Wants("regex", "a regular expression (RE2)", regex, say)
LIKE = Wants("like", "a text with * and ?", like, say)


def found_in(found: Any, pattern: Any, now: Any) -> bool:
    return pattern.search(found) is not None


def folded_found_in(found: str, pattern: Any, now: Any) -> bool:
    return pattern.search(found.encode("utf-8", "replace").decode()) is not None


def note_text(value: Any, read: Any) -> str | None:
    """How a number or yes/no was read."""
    if isinstance(value, str):
        return None
    kind = "true or false" if isinstance(value, bool) else "a number"
    return f"{say(value)} is {kind}, read as the text '{as_text(value)}'"


def _pair(
    positive: tuple[str, str, str, str],
    negative: tuple[str, str, str, str],
    wants: Wants,
    test: Callable[[Any, Any, Any], bool],
    index: Callable[[Any], needs.Need | None] | None = None,
    weight: Callable[[Any], int] = weightless,
) -> tuple[Operator, Operator]:
    one = Operator(
        f"text.{positive[0]}", *positive[1:], wants, read_text, test,
        cased=True, note=note_text, index=index, weight=weight,
    )  # fmt: skip
    other = Operator(
        f"text.{negative[0]}", *negative[1:], wants, read_text, test,
        negates=one.id, cased=True, note=note_text, weight=weight,
    )  # fmt: skip
    return one, other


def _length(
    name: str, words: str, test: Callable[[Any, Any, Any], bool],
    index: Callable[[Any], needs.Need],
) -> Operator:  # fmt: skip
    return Operator(
        f"text.length_{name}", f"has a length of {words}".strip(),
        f"has a length of {words} {{value}}".replace("  ", " "),
        f"needs a length of {words} {{value}}".replace("  ", " "),
        LENGTH, read_length, test, index=index,
    )  # fmt: skip


ROWS = (
    *_pair(
        ("is", "is", "is {value}", "needs to be {value}"),
        ("is_not", "is not", "is not {value}", "must not be {value}"),
        TEXT, lambda found, wanted, now: found == wanted, needs.equal,
    ),
    *_pair(
        ("is_one_of", "is one of", "is {value}", "needs to be {value}"),
        ("is_none_of", "is none of", "is none of {value}", "must be none of {value}"),
        TEXTS, lambda found, wanted, now: found in wanted, needs.one_of,
    ),
    *_pair(
        ("contains", "contains", "contains {value}", "needs to contain {value}"),
        ("does_not_contain", "does not contain", "does not contain {value}",
         "must not contain {value}"),
        SOME_TEXT, lambda found, wanted, now: wanted in found, needs.holds,
    ),
    *_pair(
        ("starts_with", "starts with", "starts with {value}", "needs to start with {value}"),
        ("does_not_start_with", "does not start with", "does not start with {value}",
         "must not start with {value}"),
        SOME_TEXT, lambda found, wanted, now: found.startswith(wanted), needs.starts,
    ),
    *_pair(
        ("ends_with", "ends with", "ends with {value}", "needs to end with {value}"),
        ("does_not_end_with", "does not end with", "does not end with {value}",
         "must not end with {value}"),
        SOME_TEXT, lambda found, wanted, now: found.endswith(wanted), needs.ends,
    ),
    *_pair(
        ("like", "is like (* and ?)", "is like {value}", "needs to be like {value}"),
        ("is_not_like", "is not like (* and ?)", "is not like {value}", "must not be like {value}"),
        LIKE, folded_found_in, Pattern.need, Pattern.weight_of,
    ),
    Operator(
        "text.matches_regex", "matches the pattern", "matches the pattern {value}",
        "needs to match the pattern {value}", REGEX, read_for_pattern, found_in, cased=True,
        weight=Pattern.weight_of,
    ),
    _length("is", "", lambda found, wanted, now: found == wanted, needs.exactly),
    _length("at_least", "at least", lambda found, wanted, now: found >= wanted, needs.at_least),
    _length("at_most", "at most", lambda found, wanted, now: found <= wanted, needs.at_most),
)  # fmt: skip
