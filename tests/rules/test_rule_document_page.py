"""The page about the rule document says what is so, and its examples come out as they say."""

import json
import pathlib
import re
from typing import Any

import pytest

from rules import OPERATORS, RuleError, compile_rules, explain, lint, parse
from rules.catalog import merge
from rules.conditions import CONDITION_KEYS
from rules.document import LATER, OPTIONS, STEP_KEYS
from rules.filters import FILTERS
from rules.note import KINDS
from rules.payload import read_payload
from rules.templates import TemplateError, compile_template
from tests.rules.make import document, event

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "rule-document.md").read_text("utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
WORKED = [
    json.loads(line)
    for block in re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def happened(case) -> dict[str, Any]:
    if "body" in case:
        return event(read_payload(case["body"].encode(), "application/json").value)
    whole = case.get("event", {"payload": case.get("payload")})
    return {**event(), **whole}


def refused(case) -> None:
    with pytest.raises(RuleError) as error:
        if "template" in case:
            compile_template(case["template"])
        parse(document(case.get("when")))
    assert error.value.pointer == case["refused"]
    assert case["says"] in str(error.value)


def judged(case) -> None:
    rule, zone = parse(document(case["when"])), case.get("zone", "UTC")
    verdict = explain(rule, happened(case), zone)
    assert verdict.met is case["met"]
    assert compile_rules([("r", rule)], zone).match(happened(case)) == ["r"] * case["met"]
    told = verdict.summary + " ".join(child.reason for child in verdict.tree.children)
    assert case.get("because", "") in told


def written(case) -> None:
    template = compile_template(case["template"])
    if "stops" in case:
        with pytest.raises(TemplateError, match=case["stops"]):
            template.render(happened(case))
    else:
        assert template.render(happened(case)) == case["gives"]


def read(case) -> None:
    found = read_payload(case["body"].encode(), "application/json")
    assert found.value == case["reads"]
    assert case.get("note", "") in f"{found.problem} {found.notes}"


def warned(case) -> None:
    stops = {"options": {"stop": True}}
    above = [parse(document(when, **stops)) for when in case.get("rules above", [])]
    fields = merge(case["seen"]) if "seen" in case else None
    notes = lint(parse(document(case["when"])), above, fields, above=above)
    assert [note.kind for note in notes] == case["warns"]


SHOWS = {"refused": refused, "met": judged, "gives": written, "stops": written, "reads": read,
         "warns": warned}  # fmt: skip


@pytest.mark.parametrize("case", WORKED, ids=lambda case: json.dumps(case)[:60])
def test_every_worked_example_comes_out_as_it_says(case):
    (show,) = [SHOWS[key] for key in SHOWS if key in case]
    show(case)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_rule_or_the_conditions_of_one(example):
    whole = example if "when" in example else document(example)
    assert parse(whole).document == whole


def test_every_operator_stands_in_the_table_as_its_row_says():
    for row in OPERATORS.values():
        hint = "" if row.wants.name == "nothing" else row.wants.hint
        assert f"| `{row.id}` | {row.words.replace('{value}', '...')} | {hint} |" in PAGE
    assert len(re.findall(r"^\| `\w+\.\w+` \|", PAGE, re.MULTILINE)) == len(OPERATORS)


def test_every_key_and_option_is_explained():
    for key in (*CONDITION_KEYS, *STEP_KEYS, *OPTIONS, *LATER):
        assert f"`{key}`" in PAGE


def test_every_filter_and_every_warning_stands_in_its_table_as_its_row_says():
    for row in FILTERS.values():
        assert f"| `{row.name}` | {row.words} | `{row.call}` | `{row.gives}` |" in PAGE
    for kind, meaning in KINDS.items():
        assert f"| `{kind}` | {meaning} |" in PAGE
