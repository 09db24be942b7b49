"""The fields in a text, one by one, and every edit of them."""

import pytest

from rules.filters import FILTERS
from rules.pills import pills, quoted, removed, rewritten, toggled, with_fallback
from rules.sms import named, plain, segments
from rules.templates import compile_template

TEXT = "Paid: {{ payload.amount | money(payload.cur) }} by {{ payload['the name'] }}."
LINES = "{% for item in payload.lines %}{{ item.sku | upper }} {% endfor %}and {{ payload.n }}"


def written(source: str, payload: object) -> str:
    return compile_template(source).render({"payload": payload})


def test_each_field_is_found_with_its_filters():
    first, second = pills(TEXT)
    assert (first.base, first.calls) == ("payload.amount", ("money(payload.cur)",))
    assert TEXT[first.start : first.end] == "{{ payload.amount | money(payload.cur) }}"
    assert (second.field, second.calls) == ("payload['the name']", ())


def test_a_field_in_a_repeat_is_known_by_its_whole_way_and_written_alone():
    item, last = pills(LINES)
    assert item.field == "payload.lines[*].sku" and last.field == "payload.n"
    lines = {"lines": [{"sku": "a"}, {"sku": "b"}], "n": 2}
    assert written(item.written, lines) == "A, B"
    assert removed(LINES, item) == "and {{ payload.n }}"
    kept = "{% for item in payload.lines %}{{ item.n }} x {{ item.sku }}{% endfor %}"
    assert removed(kept, pills(kept)[0]) == kept.replace("{{ item.n }}", "")


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("{{ 'a }} b' }} {{ payload.x }}", 1), ("{{ payload.x", 0), ("{# {{ payload.x }} #}", 0),
        ("{{- payload.x -}}", 1), ("{{ nothing.x }}", 0), ("{{ payload.x if payload.y }}", 0),
        ("{% if payload.x %}{{ payload.x }}{% endif %}", 1), ("{{ }}", 0), ("{{ payload.x | }}", 1),
        ("{{ payload.x | default('a | b') | upper }}", 1), ("{{ '" * 5000, 0),
    ],
)  # fmt: skip
def test_what_is_no_plain_field_is_left_out(source: str, count: int):
    assert len(pills(source)) == count


def test_a_bar_inside_a_text_parts_nothing():
    [pill] = pills("{{ payload.x | default('a | b') | upper }}")
    assert pill.calls == ("default('a | b')", "upper") and pill.fallback == "a | b"


def test_a_filter_takes_the_place_of_its_like_and_goes_when_chosen_again():
    assert toggled(("upper", "default('x')"), "lower") == ("lower", "default('x')")
    assert toggled(("money('usd')", "upper"), "date('time')") == ("upper", "date('time')")
    assert toggled(("lower", "default('x')"), "lower") == ("default('x')",)


@pytest.mark.parametrize("text", ["a customer", "it's", "back\\slash", "", "two\nlines", "}} %}"])
def test_a_fallback_stands_where_the_field_is_missing(text: str):
    source = "Hi {{ payload.name | upper }}!"
    source = rewritten(source, pills(source)[0], with_fallback(pills(source)[0].calls, text))
    assert pills(source)[0].fallback == text
    assert written(source, {}) == f"Hi {text}!" and written(source, {"name": "b"}) == "Hi B!"
    source = rewritten(source, pills(source)[0], with_fallback(pills(source)[0].calls, None))
    assert source == "Hi {{ payload.name | upper }}!"


def test_a_removed_field_leaves_no_double_blank():
    source = "a {{ payload.x }} b"
    assert removed(source, pills(source)[0]) == "a b"


@pytest.mark.parametrize("name", sorted(name for name, row in FILTERS.items() if row.offers))
def test_what_a_menu_offers_can_be_written(name: str):
    for call, words in FILTERS[name].offers:
        assert words
        compile_template("{{ payload.x | " + call.format(currency="payload.c") + " }}")


def test_plain_letters_bring_a_text_back_into_the_sms_alphabet():
    assert plain("7–9 o’clock… Erdős\u00a0Pál") == "7-9 o'clock... Erdos Pal"
    assert segments(plain("“Zoë” — naïve")).encoding == "GSM-7"
    assert plain("茶 🎉 ok") == "茶 🎉 ok", "what has no plain form stays"
    assert named("–") == "the long dash" and named("ő") == "“ő”"
    assert quoted("it's") == r"'it\'s'"
