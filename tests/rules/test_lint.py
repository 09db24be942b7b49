"""Notes on rules that are probably not meant."""

import pytest

from rules import lint, parse
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
    assert notes({"all": [{**first, "match": "all"}, second]}) == [("/when/all/1", "never")]
    assert notes({"any": [first, second]}) == []


def test_the_note_names_both_values():
    pair = [x("text.is", "paid"), x("text.is", "void")]
    (note,) = lint(parse(document({"all": pair})))
    assert note.message == "status can't be both 'paid' and 'void', unless it is a list."


@pytest.mark.parametrize(
    "pair",
    [
        (x("text.is", "paid"), x("text.is", "PAID")),
        (x("number.at_least", 5), x("number.at_most", 5)),
        (x("number.more_than", 5), x("number.less_than", 6)),
        (x("text.is", "paid"), x("text.is", "void", when_missing="met")),
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


def test_a_text_that_was_never_seen_gets_the_nearest_one():
    fields = {"$['status']": ["paid", "void", "draft"]}
    (note,) = lint(parse(document(x("text.is", "payed"))), fields=fields)
    assert note.message == "status has been paid, void, draft, never 'payed'."
    assert note.fix == "Did you mean 'paid'?"
    assert notes(x("text.is", "PAID"), fields=fields) == []
    assert notes(x("text.is", "payed"), fields={}) == []


def test_a_rule_for_every_event_and_a_rule_said_twice():
    assert notes({"every_event": True}) == [("/when", "always")]
    same = parse(document({"any": [x("text.is", "a"), x("text.is", "b")]}))
    turned = {"any": [x("text.is", "b"), x("text.is", "a")]}
    assert notes(turned, others=[same]) == [("/when", "repeated")]
