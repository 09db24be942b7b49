"""Notes on rules that are probably not meant."""

import pytest

from rules import RuleError, lint, parse
from rules.change import changed
from tests.rules.make import condition, document


def notes(when, **more) -> list[tuple[str, str]]:
    return [(note.pointer, note.kind) for note in lint(parse(document(when)), **more)]


def x(test, value=None, **more):
    return condition(test, value, path="$.status", **more)


@pytest.mark.parametrize(
    "pair",
    [
        (x("text.is", "paid"), x("text.is", "void")),
        (x("number.more_than", 5), x("number.less_than", 5)),
        (x("number.at_least", 6), x("number.at_most", 5)),
        (x("number.is", 5), x("number.more_than", 5)),
        (x("number.between", [1, 2]), x("number.between", [3, 4])),
        (x("number.is", 1), x("number.is", 2)),
    ],
)
def test_what_excludes_each_other_can_be_met_by_a_list_only(pair):
    """Each of several values may meet one of the two; where all have to, nothing can."""
    first, second = pair
    assert notes({"all": [first, second]}) == [("/when/all/1", "doubtful")]
    sure = [("/when", "never"), ("/when/all/1", "never_part")]
    assert notes({"all": [{**first, "match": "all"}, second]}) == sure
    assert notes({"any": [first, second]}) == []


def test_the_note_names_both_values():
    pair = [x("text.is", "paid"), x("text.is", "void")]
    (note,) = lint(parse(document({"all": pair})))
    assert note.message == "status can't be both 'paid' and 'void', unless it is a list."


@pytest.mark.parametrize(
    "pair",
    [
        (x("number.at_least", 5), x("number.at_most", 5)),
        (x("number.more_than", 5), x("number.less_than", 6)),
        (x("text.is", "a", when_missing="met"), x("text.is", "b", when_missing="met", match="all")),
        (x("text.is", "paid", match="all"), x("text.is", "paid", match_case=True)),
        (x("text.starts_with", "p"), x("text.ends_with", "d")),
        (x("date.before", "2026-01-02T08:00:00Z"), x("date.after", "2026-01-02T08:00:00")),
        (x("text.is", "paid"), condition("text.is", "void", path="$.other")),
        (x("text.is", "a"), condition("text.is", "b", path="$.status", **{"in": "query"})),
    ],
)
def test_what_can_be_met_together_is_left_alone(pair):
    assert notes({"all": list(pair)}) == []


def test_lists_may_hold_two_texts_at_once():
    """A path to many values may meet both."""
    many = [condition("text.is", value, path="$.tags[*]") for value in ("a", "b")]
    assert notes({"all": many}) == []


def test_a_repeated_condition_is_noted_however_its_path_is_written():
    again = condition("text.is", "a", path="$['status']")
    assert notes({"any": [x("text.is", "a"), again]}) == [("/when/any/1", "repeated")]


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        (x("number.more_than", 5), x("number.more_than", 3), "/when/all/1"),
        (x("number.at_least", 5), x("number.more_than", 5), "/when/all/0"),
        (x("text.is", "paid"), x("text.is", "PAID"), "/when/all/1"),
        (x("text.is", "paid", match_case=True), x("text.starts_with", "PA"), "/when/all/1"),
        (x("text.starts_with", "inv-2"), x("text.contains", "nv"), "/when/all/1"),
        (x("text.is", "a"), x("any.is_present"), "/when/all/1"),
        (x("number.is", 1), x("any.has_value"), "/when/all/1"),
        (x("date.before", "2026-01-01"), x("date.before", "2026-02-01"), "/when/all/1"),
        (x("date.in_the_last", "1d"), x("date.in_the_last", "7d"), "/when/all/1"),
        (x("ip.in_range", "10.1.0.0/16"), x("ip.in_range", "10.0.0.0/8"), "/when/all/1"),
        (x("text.is", "a"), {"none": [x("any.is_missing")]}, "/when/all/1"),
        (x("text.is", "a"), {"any": [x("text.is", "a"), x("text.is", "b")]}, "/when/all/1"),
    ],
)
def test_what_adds_nothing(first, second, place):
    assert (place, "useless") in notes({"all": [first, second]})


@pytest.mark.parametrize(
    "pair",
    [
        (x("text.is", "a"), x("text.is_not", "A")),
        (x("text.is", "a"), {"none": [x("text.is", "A")]}),
        (x("text.is", "a", match_case=True), {"none": [x("text.starts_with", "A")]}),
        (x("text.is", "a"), x("any.is_missing")),
        (x("any.has_no_value"), x("number.at_least", 0)),
        (x("any.is_list"), x("any.is_group")),
        (x("list.length_at_most", 2), x("list.length_at_least", 3)),
        (x("list.includes", "a", match={"at_least": 2}), x("any.is_text")),
        ({"any": [x("text.is", "a"), x("text.is", "b")]}, x("text.is_none_of", ["a", "b", "c"])),
        (x("date.before", "2026-01-01", match="all"), x("date.after", "2026-01-01")),
        (x("date.older_than", "7d", match="all"), x("date.in_the_last", "7d")),
        (x("ip.in_range", "10.0.0.0/8", match="all"), x("ip.in_range", "192.168.0.0/16")),
        (x("text.is", "soon", match="all"), x("date.after", "2026-01-01")),
    ],
)
def test_what_nothing_can_meet(pair):
    assert notes({"all": list(pair)})[0] == ("/when", "never")
    assert not [kind for _, kind in notes({"any": list(pair)}) if kind == "never"]


def test_what_every_event_meets():
    for test in ("any.has_value", "any.is_present"):
        pair = [x(test), {"none": [x(test)]}]
        assert notes({"any": pair}) == [("/when", "always")]
        assert notes({"none": pair})[0] == ("/when", "never")
    assert notes({"any": [x("any.has_value"), x("any.has_no_value")]}) == [("/when", "always")]
    assert notes({"any": [x("text.is", "a"), {"none": [x("text.is", "a")]}]}) == [
        ("/when", "always")
    ]
    assert notes({"any": [x("text.is", "a"), x("text.is_not", "a")]}) == []


def test_one_click_makes_the_fix():
    kept = condition("any.has_value", path="$.y")
    rule = parse(document({"all": [x("text.is", "paid"), kept, x("text.is", "void")]}))
    (note,) = lint(rule)
    assert note.change
    fixed = changed(rule.document, note.change)
    assert fixed["when"] == {"all": [{"any": [x("text.is", "paid"), x("text.is", "void")]}, kept]}
    assert rule.document != fixed
    assert lint(parse(fixed)) == []
    with pytest.raises(RuleError, match="nothing here"):
        changed(fixed, {"pointer": "/when/all/7/value", "value": 1})


def test_a_long_rule_is_read_soon():
    texts = [f"text {number}" for number in range(150)]
    many = [x("text.is_none_of", texts, match="all"), *(x("text.is_one_of", texts[n:]) for n in
            range(60)), *(x("text.like", f"text {n}*") for n in range(39))]  # fmt: skip
    assert lint(parse(document({"all": many})))
    assert lint(parse(document({"any": [{"all": many[:50]}, {"none": many[50:]}]})))
