"""Texts with * and ?: the same as a regular expression would find, in no time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Unusable
from rules.families.like import Alike


@given(st.text(alphabet="ab*?\n", max_size=9), st.text(alphabet="ab\nß", max_size=12))
def test_it_finds_what_a_regular_expression_finds(wanted, text):
    marks = {"*": "(?s:.*)", "?": "(?s:.)"}
    pattern = "".join(marks.get(letter) or re.escape(letter) for letter in wanted)
    assert (Alike(wanted).search(text) is not None) == (re.fullmatch(pattern, text) is not None)


def test_hostile_texts_are_answered():
    for wanted in ("*a" * 2_000, "*a?" * 50, "?" * 50 + "*b", "*" * 4_000 + "b"):
        search = Alike(wanted).search
        assert search("a" * 65_000) in (None, True)
        assert search("ab" * 32_000) in (None, True)
    with pytest.raises(Unusable, match="more than 50"):
        Alike("?" * 51)
