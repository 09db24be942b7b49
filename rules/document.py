"""Reading a rule document: everything that is wrong is found in one reading."""

from __future__ import annotations

import copy
import math
import re
from decimal import Decimal
from typing import Any

from rules.conditions import WhenReader, unknown_keys
from rules.errors import Problems, RuleError, below, did_you_mean
from rules.nodes import Node, Options, Rule, Step
from rules.values import say

RULE_KEYS = ("name", "when", "then", "options")
STEP_KEYS = ("id", "action", "connection", "config", "needs", "if_missing")
OPTIONS = ("stop", "otherwise")
LATER = ("active", "once_per", "limit", "delay", "digest")
IF_MISSING = ("blank", "skip", "fail")
MOST_STEPS = 10
LONGEST_NAME = 200
DEEPEST = 60
MOST_PIECES = 20_000
STEP_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parse(document: Any) -> Rule:
    """The rule that a document describes.

    RuleError (pointer, message, fix, others) when anything is wrong; the document is not changed.
    """
    _plain_json(document)
    problems = Problems()
    if not isinstance(document, dict):
        raise RuleError("", "A rule is an object with name, when and then.", "Write { ... }.")
    unknown_keys(problems, document, RULE_KEYS, "")
    name = _name(document, problems)
    when = _when(document, problems)
    then = _then(document, problems)
    options = _options(document.get("options", {}), problems)
    problems.finish()
    if when is None:
        raise RuleError("/when", "The conditions cannot be read.", "Write them again.")
    return Rule(name, when, then, options, copy.deepcopy(document))


def _plain_json(document: Any) -> None:
    """Refuse what is no JSON, is nested too deep or too large; before anything walks down it."""
    waiting, pieces = [("", document, 0)], 0
    while waiting:
        pointer, value, depth = waiting.pop()
        pieces += 1
        if depth > DEEPEST or pieces > MOST_PIECES:
            raise RuleError("", "The document is too large.", "Split it into several rules.")
        if isinstance(value, dict):
            waiting += [(below(pointer, key), one, depth + 1) for key, one in value.items()]
            waiting += [(pointer, key, depth) for key in value]
            if not all(isinstance(key, str) for key in value):
                raise RuleError(pointer, "Every key is a text.", "Put it in quotes.")
        elif isinstance(value, list):
            waiting += [(below(pointer, at), one, depth + 1) for at, one in enumerate(value)]
        elif not _is_plain(value):
            raise RuleError(pointer, "This value is no JSON.", "Use texts, numbers, true or false.")


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | Decimal)


def _name(document: dict[str, Any], problems: Problems) -> str:
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        problems.add("/name", "The rule has no name.", "Say what it does, in a few words.")
        return ""
    if len(name) > LONGEST_NAME:
        problems.add("/name", f"The name is longer than {LONGEST_NAME} characters.", "Shorten it.")
    return name


def _when(document: dict[str, Any], problems: Problems) -> Node | None:
    if "when" not in document:
        hint = 'Add conditions, or {"every_event": true}.'
        problems.add("/when", "The rule does not say when.", hint)
        return None
    return WhenReader(problems).node(document["when"], "/when")


def _then(document: dict[str, Any], problems: Problems) -> tuple[Step, ...]:
    raw = document.get("then")
    if not isinstance(raw, list) or not raw:
        problems.add("/then", "The rule does nothing.", "Add at least one step.")
        return ()
    if len(raw) > MOST_STEPS:
        problems.add("/then", f"There are more than {MOST_STEPS} steps.", "Use a second rule.")
        return ()
    steps: list[Step] = []
    for at, one in enumerate(raw):
        step = _step(one, f"/then/{at}", [earlier.id for earlier in steps], problems)
        if step:
            steps.append(step)
    return tuple(steps)


def _step(raw: Any, pointer: str, earlier: list[str], problems: Problems) -> Step | None:
    if not isinstance(raw, dict):
        problems.add(pointer, f"This is {say(raw)}, not a step.", "Write id, action and config.")
        return None
    unknown_keys(problems, raw, STEP_KEYS, pointer)
    config = raw.get("config", {})
    if not isinstance(config, dict):
        problems.add(f"{pointer}/config", "The settings of a step are an object.", "Write { ... }.")
        config = {}
    return Step(
        _step_id(raw, pointer, earlier, problems),
        _action(raw, pointer, problems),
        _connection(raw, pointer, problems),
        copy.deepcopy(config),
        _needs(raw.get("needs", []), f"{pointer}/needs", earlier, problems),
        _if_missing(raw.get("if_missing", "blank"), f"{pointer}/if_missing", problems),
    )


def _step_id(raw: dict[str, Any], pointer: str, earlier: list[str], problems: Problems) -> str:
    name, place = raw.get("id"), f"{pointer}/id"
    if not isinstance(name, str) or not STEP_ID.fullmatch(name):
        problems.add(place, "The step has no usable id.", "Use 1 to 64 letters, digits, - or _.")
        return ""
    if name in earlier:
        problems.add(place, f"Two steps have the id '{name}'.", "Give this one another id.")
    return name


def _action(raw: dict[str, Any], pointer: str, problems: Problems) -> str:
    action = raw.get("action")
    if not isinstance(action, str) or not action.strip() or len(action) > 64:
        problems.add(f"{pointer}/action", "The step does not say what to do.", "Choose an action.")
        return ""
    return action


def _connection(raw: dict[str, Any], pointer: str, problems: Problems) -> str | None:
    connection = raw.get("connection")
    if connection is None or (isinstance(connection, str) and 0 < len(connection) <= 200):
        return connection
    problems.add(f"{pointer}/connection", "This is not a connection.", "Choose one, or remove it.")
    return None


def _needs(raw: Any, pointer: str, earlier: list[str], problems: Problems) -> tuple[str, ...]:
    if not isinstance(raw, list):
        problems.add(pointer, "'needs' is a list of step ids.", 'Write [] or ["id"].')
        return ()
    for at, name in enumerate(raw):
        if name not in earlier:
            hint = f"Steps above: {', '.join(earlier)}." if earlier else "There is no step above."
            fix = did_you_mean(name, earlier, hint) if isinstance(name, str) else hint
            problems.add(below(pointer, at), f"There is no earlier step {say(name)}.", fix)
    return tuple(name for name in raw if isinstance(name, str))


def _if_missing(raw: Any, pointer: str, problems: Problems) -> str:
    if raw in IF_MISSING:
        return str(raw)
    hint = "Use blank, skip or fail."
    fix = did_you_mean(raw, IF_MISSING, hint) if isinstance(raw, str) else hint
    problems.add(pointer, f"{say(raw)} is not a choice here.", fix)
    return "blank"


def _options(raw: Any, problems: Problems) -> Options:
    if not isinstance(raw, dict):
        problems.add("/options", "The options are an object.", "Write {} for none.")
        return Options()
    for key in LATER:
        if key in raw:
            message = f"'{key}' is not available yet."
            problems.add(f"/options/{key}", message, f"Remove '{key}' for now.")
    unknown_keys(problems, {key: raw[key] for key in raw if key not in LATER}, OPTIONS, "/options")
    for key in OPTIONS:
        if not isinstance(raw.get(key, False), bool):
            problems.add(f"/options/{key}", f"'{key}' is true or false.", "Write true or false.")
    return Options(raw.get("stop") is True, raw.get("otherwise") is True)
