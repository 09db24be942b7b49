"""A message as its author sees it, and back."""

from __future__ import annotations

import pytest

from rules.templates import compile_template
from web.wording import place_in_source, shown, source_of

NAMES = {"payload.amount": "Amount", "payload.name": "Customer name", "payload.lines": "Products"}


def name_of(field: str) -> str:
    return NAMES.get(field, field.rpartition(".")[2])


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Paid: {{ payload.amount | money('usd') }} by {{ payload.name }}.",
         "Paid: [Amount] by [Customer name]."),
        ("{{ payload.name }}, {{ payload.name }}", "[Customer name], [Customer name]"),
        ("{{ payload.name }}, {{ payload.name | upper }}", "[Customer name], [Customer name 2]"),
        ("[Amount] {{ payload.amount }} [ok]", "[Amount] [Amount 2] [ok]"),
        ("{% for item in payload.lines %}{{ item.sku }} {% endfor %}",
         "[repeat for each of Products][sku] [end of repeat]"),
        ("{% if payload.name %}Hi{% endif %}", "{% if payload.name %}Hi{% endif %}"),
        ("{{ payload.name", "{{ payload.name"), ("", ""), ("a [b] c", "a [b] c"),
    ],
)  # fmt: skip
def test_fields_stand_there_by_name_and_nothing_is_lost(source: str, text: str):
    found = shown(source, name_of)
    assert found.text == text
    assert source_of(found.text, found.words) == source


def test_what_is_typed_around_names_is_kept_and_a_broken_name_is_plain_text():
    found = shown("Hi {{ payload.name }}!", name_of)
    typed = found.text.replace("Hi", "Dear") + " [Customer name"
    assert source_of(typed, found.words) == "Dear {{ payload.name }}! [Customer name"
    compile_template(source_of(typed, found.words))


@pytest.mark.parametrize(
    ("caret", "before"), [(3, "Hi "), (5, "Hi {{ payload.name }}"), (99, None)]
)
def test_a_caret_is_found_again_in_the_template(caret: int, before: str | None):
    source = "Hi {{ payload.name }}!"
    found = shown(source, name_of)
    place = place_in_source(found.text, caret, found.words)
    assert source[:place] == (source if before is None else before)


def test_names_with_brackets_in_them_are_harmless():
    found = shown("{{ payload['a[b]'] }}", lambda field: "a[b]")
    assert source_of(found.text, found.words) == "{{ payload['a[b]'] }}"
