"""EventBridge patterns, put into rules: the verdicts are those of AWS, but for a list of reasons.

The reasons stand in docs/rule-document.md; a case that begins or ceases to differ fails here.
"""

import json
import pathlib

from rules import RuleError, compile_rules, parse
from rules.paths import find, path_from
from tests.rules.make import document, event
from tests.shared_data import shared

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "rule-document.md").read_text("utf-8")
SIGNS = {">": "more_than", ">=": "at_least", "<": "less_than", "<=": "at_most", "=": "is"}
NOT = {"prefix": "does_not_start_with", "suffix": "does_not_end_with", "wildcard": "is_not_like"}
HOW = {"prefix": "starts_with", "suffix": "ends_with", "wildcard": "like"}

# Why a verdict differs -> the cases in which it does.
DIFFERENCES = {
    "null meets no negative operator": [
        "content_anything_but_ignorecase_list_null", "content_anything_but_ignorecase_null",
        "content_anything_but_string_list_null", "content_anything_but_string_null",
        "content_anything_prefix_list_null", "content_anything_prefix_null",
        "content_anything_suffix_list_null", "content_anything_suffix_null",
        "content_anything_wildcard_list_null", "content_anything_wildcard_null",
    ],
    "a text that is a number counts as one": ["numeric-string_NEG", "or-numeric-anything-but_NEG"],
    "an empty text to look for is refused": [
        "content_prefix_empty", "content_suffix_empty", "content_wildcard_empty_NEG",
        "content_anything_wildcard_empty",
    ],
    "a dot in a name is part of the name": ["dot_joining_event", "dot_joining_pattern"],
    "a group or an empty list is present, too": ["exists_dynamodb_NEG", "exists_list_empty_NEG"],
    "a path goes into a list only where it says so": ["list_within_dict"],
    "a comparison may be written twice": ["content_numeric_EXC"],
    "any number of * may stand in a text": [
        "content_wildcard_complex_EXC", "content_wildcard_repeating_star_EXC",
    ],
}  # fmt: skip


def rule_for(pattern, path=()) -> dict:
    """A pattern as a node: every field has to fit, one of the values of each."""
    if not isinstance(pattern, dict):
        return {"any": pattern}
    parts = [
        {"any": [rule_for(choice, path) for choice in below]}
        if name == "$or"
        else leaf(below, (*path, name))
        for name, below in pattern.items()
    ]
    return parts[0] if len(parts) == 1 else {"all": parts}


def leaf(below, path) -> dict:
    if isinstance(below, dict):
        return rule_for(below, path)
    if isinstance(below, list):
        return {"any": [one_of(wanted, path_from(path)) for wanted in below]}
    return {"any": below}


def one_of(wanted, path) -> dict:
    if isinstance(wanted, dict):
        ((name, value),) = wanted.items()
        return content(name, value, path)
    if wanted is None:
        return {"path": path, "test": "any.is_null"}
    if isinstance(wanted, bool):
        return {"path": path, "test": f"yesno.is_{'true' if wanted else 'false'}"}
    if isinstance(wanted, str):
        return {"path": path, "test": "text.is", "value": wanted, "match_case": True}
    return {"path": path, "test": "number.is", "value": wanted}


def content(name, value, path) -> dict:
    if name == "exists":
        return {"path": path, "test": "any.is_present" if value else "any.is_missing"}
    if name == "equals-ignore-case":
        return {"path": path, "test": "text.is", "value": value}
    if name == "cidr":
        return {"path": path, "test": "ip.in_range", "value": value}
    if name == "numeric":
        return numeric(value, path)
    if name == "anything-but":
        return anything_but(value, path)
    ignores = isinstance(value, dict)
    value = value.get("equals-ignore-case") if ignores else value
    test = f"text.{HOW.get(name, name)}"
    return {"path": path, "test": test, "value": value, "match_case": not ignores}


def numeric(value, path) -> dict:
    if not isinstance(value, list):
        return {"path": path, "test": "number.between", "value": value}
    pairs = [(value[at], (value + [None])[at + 1]) for at in range(0, len(value), 2)]
    return {
        "all": [
            {"path": path, "test": f"number.{SIGNS[sign]}", "value": number}
            for sign, number in pairs
        ]
    }


def anything_but(value, path) -> dict:
    name, cased = "is_not", True
    if isinstance(value, dict):
        ((how, value),) = value.items()
        name, cased = NOT.get(how, "is_not"), how != "equals-ignore-case"
    values = value if isinstance(value, list) else [value]
    if all(isinstance(one, int) for one in values) and name == "is_not" and cased:
        tests = [{"test": "number.is_not", "value": one} for one in values]
    else:
        tests = [{"test": f"text.{name}", "value": one, "match_case": cased} for one in values]
    return {"all": [{"path": path, **test} for test in tests]}


def verdict(case):
    """true, false, or "error" where the rule is refused."""
    try:
        rule = parse(document(rule_for(case["pattern"])))
    except RuleError:
        return "error"
    return compile_rules([("r", rule)]).match(event(case["event"])) == ["r"]


def test_patterns_give_the_verdicts_of_aws_but_for_a_list_of_reasons(capsys):
    cases = json.loads(shared("rules-data/eventbridge_localstack/cases.json").read_text())
    differing = {case["name"] for case in cases if verdict(case) != case["expect"]}
    assert differing == {name for names in DIFFERENCES.values() for name in names}
    with capsys.disabled():
        print(f"\nEventBridge: {len(cases) - len(differing)} of {len(cases)} verdicts are the same")
    words = " ".join(PAGE.split())
    assert f"{len(cases) - len(differing)} of {len(cases)} verdicts" in words
    for reason, names in DIFFERENCES.items():
        assert f"{reason} ({len(names)})" in words


def test_deep_lists_of_numbers_are_searched():
    """Outlines of city lots, as geographic services send them."""
    for number in range(3):
        lot = json.loads(shared(f"rules-data/quamina/cl-sample-{number}.json").read_text())
        rings = lot["geometry"]["coordinates"]
        west = min(point[0] for ring in rings for point in ring)
        path = "$.geometry.coordinates[*][*][0]"
        assert len(find(path, lot)) == sum(map(len, rings))
        for bound, met in ((west, True), (west - 1, False)):
            when = {"all": [
                {"path": path, "test": "number.at_most", "value": bound},
                {"path": "$.properties.STREET", "test": "any.has_value"},
                {"path": "$.properties.LOT_NUM", "test": "text.is_not", "value": "29"},
            ]}  # fmt: skip
            rules = compile_rules([("lot", parse(document(when)))])
            assert bool(rules.match(event(lot))) is met
