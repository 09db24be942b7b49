"""The page about the rule document says what is so."""

import json
import pathlib
import re

import pytest

from rules import OPERATORS, parse
from rules.conditions import CONDITION_KEYS
from rules.document import LATER, OPTIONS, STEP_KEYS
from tests.rules.make import document

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "rule-document.md").read_text("utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


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
