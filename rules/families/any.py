"""Tests for every field: whether it is there, has a value, and of which kind it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.families.row import NOTHING, Operator, as_found
from rules.values import exact, kind_of


def has_value(found: Any, wanted: Any = None, now: Any = None) -> bool:
    """Not null, not blank text, not an empty list or group."""
    if isinstance(found, str):
        return not found.isspace() and found != ""
    return found is not None and found != [] and found != {}


def is_there(found: Any, wanted: Any, now: Any) -> bool:
    return True


def _presence(
    name: str, words: str, needs: str, test: Callable[[Any, Any, Any], bool],
    negates: str | None = None,
) -> Operator:  # fmt: skip
    return Operator(
        f"any.{name}", words, words, needs, NOTHING, as_found, test,
        negates=negates, whole=True, about_presence=True, sees_null=True,
    )  # fmt: skip


def _kind(name: str, words: str, test: Callable[[Any, Any, Any], bool]) -> Operator:
    return Operator(
        f"any.{name}", words, words, words.replace("is", "needs to be", 1), NOTHING, as_found, test,
        whole=True, sees_null=True,
    )  # fmt: skip


ROWS = (
    _presence("has_value", "has a value", "needs a value", has_value),
    _presence("has_no_value", "has no value", "must have no value", has_value, "any.has_value"),
    _presence("is_present", "is present", "needs to be present", is_there),
    _presence("is_missing", "is missing", "must be missing", is_there, "any.is_present"),
    Operator(
        "any.is_null", "is empty (null)", "is empty (null)", "needs to be empty (null)", NOTHING,
        as_found, lambda found, wanted, now: found is None, whole=True,
        sees_null=True,
    ),
    _kind("is_text", "is text", lambda found, wanted, now: isinstance(found, str)),
    _kind("is_number", "is a number", lambda found, wanted, now: exact(found) is not None),
    _kind("is_yesno", "is true or false", lambda found, wanted, now: isinstance(found, bool)),
    _kind("is_list", "is a list", lambda found, wanted, now: kind_of(found) == "list"),
    _kind("is_group", "is a group", lambda found, wanted, now: kind_of(found) == "group"),
)  # fmt: skip
