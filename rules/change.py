"""One change to a rule document, named by a pointer: what a warning's button does."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from rules.errors import RuleError

Change = Mapping[str, Any]


def put(pointer: str, value: Any) -> Change:
    """Set what stands at the pointer."""
    return {"pointer": pointer, "value": value}


def remove(pointer: str) -> Change:
    """Take away what stands at the pointer."""
    return {"pointer": pointer, "remove": True}


def changed(document: dict[str, Any], change: Change) -> dict[str, Any]:
    """A copy of the document with the change made; RuleError where its place is not there."""
    document = copy.deepcopy(document)
    before, _, last = change["pointer"].rpartition("/")
    place = at(document, before)
    if isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        _set(place, int(last), change)
    elif isinstance(place, dict) and change["pointer"]:
        _set(place, _unescaped(last), change)
    else:
        raise _gone(change["pointer"])
    return document


def at(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer (RFC 6901); RuleError where nothing does."""
    for step in pointer.split("/")[1:]:
        key = _unescaped(step)
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            raise _gone(pointer)
    return document


def _set(place: Any, key: Any, change: Change) -> None:
    if not change.get("remove"):
        place[key] = copy.deepcopy(change["value"])
    elif isinstance(place, list):
        del place[key]
    else:
        place.pop(key, None)


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _gone(pointer: str) -> RuleError:
    return RuleError(pointer, "There is nothing here to change.", "Read the rule again.")
