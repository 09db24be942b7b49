"""Texts with * and ?: the same as a regular expression would find, in no time."""

import re
import time

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


def test_hostile_texts_take_no_time():
    for wanted in ("*a" * 2_000, "*a?" * 50, "?" * 50 + "*b", "*" * 4_000 + "b"):
        search, began = Alike(wanted).search, time.process_time()
        search("a" * 65_000)
        search("ab" * 32_000)
        assert time.process_time() - began < 0.5  # measured: 20 ms at most
    with pytest.raises(Unusable, match="more than 50"):
        Alike("?" * 51)
