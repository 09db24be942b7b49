"""Other engines, judging the same rules and events one rule after the other, as they are used.

Each path and operator of the typical mix is put into their own words; they compare exactly, by case
and by type, and the events are such that this comes to the same.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

Payload = dict[str, Any]
Condition = dict[str, Any]
Timing = tuple[float, int]  # seconds for one event, rules met in all
Peer = Callable[[list[Condition], Sequence[Payload]], Timing]
SIGNS = {"text.is": "==", "text.is_not": "!=", "number.at_least": ">="}
SCRIPT = Path(__file__).with_name("json_rules_engine.js")


def expression(rule: Condition, one: Callable[[str, str, str, Any], str], join: str) -> str:
    """A rule as one expression: `one` writes a condition from field, operator, literal, value."""
    written = []
    for condition in rule["when"]["all"]:
        field, value = condition["path"].removeprefix("$."), condition["value"]
        written.append(one(field, condition["test"], json.dumps(value), value))
    return join.join(written)


def cel_words(field: str, test: str, literal: str, value: Any) -> str:
    if "[*]" in field:
        outer, inner = field.split("[*]")
        return f"p.{outer}.exists(one, one{inner} == {literal})"
    if test == "text.is_one_of":
        return f"p.{field} in {literal}"
    call = {"text.contains": "contains", "text.starts_with": "startsWith"}.get(test, "endsWith")
    return f"p.{field} {SIGNS[test]} {literal}" if test in SIGNS else f"p.{field}.{call}({literal})"


def zen_words(field: str, test: str, literal: str, value: Any) -> str:
    if "[*]" in field:
        outer, inner = field.split("[*]")
        return f"some({outer}, #{inner} == {literal})"
    if test == "text.is_one_of":
        return f"{field} in {literal}"
    call = {"text.contains": "contains", "text.starts_with": "startsWith"}.get(test, "endsWith")
    return f"{field} {SIGNS[test]} {literal}" if test in SIGNS else f"{call}({field}, {literal})"


def rule_engine_words(field: str, test: str, literal: str, value: Any) -> str:
    if "[*]" in field:
        outer, inner = field.split("[*]")
        return f"$any([one{inner} == {literal} for one in {outer}])"
    if test in ("text.is_one_of", "text.contains"):
        return f"{field} in {literal}" if test.endswith("one_of") else f"{literal} in {field}"
    call = {"text.starts_with": "starts_with"}.get(test, "ends_with")
    return f"{field} {SIGNS[test]} {literal}" if test in SIGNS else f"{field}.{call}({literal})"


def cel(rules: list[Condition], payloads: Sequence[Payload]) -> Timing:
    compiled = [import_module("cel").compile(expression(rule, cel_words, " && ")) for rule in rules]
    return timed(lambda payload: [one.execute({"p": payload}) for one in compiled], payloads)


def cel_python(rules: list[Condition], payloads: Sequence[Payload]) -> Timing:
    celpy = import_module("celpy")
    space = celpy.Environment()
    compiled = [space.program(space.compile(expression(rule, cel_words, " && "))) for rule in rules]

    def match(payload: Payload) -> list[Any]:
        seen = {"p": celpy.json_to_cel(payload)}
        return [one.evaluate(seen) for one in compiled]

    return timed(match, payloads)


def zen(rules: list[Condition], payloads: Sequence[Payload]) -> Timing:
    engine = import_module("zen")
    compiled = [engine.compile_expression(expression(rule, zen_words, " and ")) for rule in rules]
    return timed(lambda payload: [one.evaluate(payload) for one in compiled], payloads)


def rule_engine(rules: list[Condition], payloads: Sequence[Payload]) -> Timing:
    engine = import_module("rule_engine")
    context = engine.Context(resolver=engine.resolve_item)
    compiled = [
        engine.Rule(expression(rule, rule_engine_words, " and "), context=context) for rule in rules
    ]
    return timed(lambda payload: [one.matches(payload) for one in compiled], payloads)


def json_rules_engine(rules: list[Condition], payloads: Sequence[Payload]) -> Timing:
    """Runs in Node; NODE_PATH names the folder of packages, if it is not the usual one."""
    node = shutil.which("node")
    if node is None:
        raise ImportError("there is no node here")
    given = json.dumps({"rules": [rule["when"]["all"] for rule in rules], "payloads": payloads})
    run = subprocess.run(
        [node, str(SCRIPT)], input=given, capture_output=True, text=True, env=os.environ
    )
    if run.returncode:
        told = [line for line in run.stderr.splitlines() if line.startswith("Error:")]
        raise ImportError(told[0].removeprefix("Error: ") if told else "it failed")
    measured = json.loads(run.stdout)
    return measured["seconds"], measured["met"]


def timed(match: Callable[[Payload], list[Any]], payloads: Sequence[Payload]) -> Timing:
    started = perf_counter()
    met = sum(sum(1 for one in match(payload) if one) for payload in payloads)
    return (perf_counter() - started) / len(payloads), met


# Those that need seconds for one event at ten thousand rules judge a part of the rules.
PEERS: dict[str, tuple[Peer, int]] = {
    "zen-engine": (zen, 10_000),
    "common-expression-language": (cel, 10_000),
    "rule-engine": (rule_engine, 1_000),
    "cel-python": (cel_python, 100),
    "json-rules-engine": (json_rules_engine, 1_000),
}
