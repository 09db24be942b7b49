"""What would take too long is not met, and says so: the same in matching and in explaining."""

import pytest

from rules import RuleError, compile_rules, explain, parse
from tests.rules.make import condition, document, event, judged, met

TOO_MUCH = "Not met: judging this event by this rule would take more than 50,000 steps."
LINES = [{"sku": f"SKU-{at}", "n": at, "tags": [at]} for at in range(9_999)]


def each(count: int, test: str, value, path: str) -> dict:
    """That many conditions, none of which an event here meets."""
    values = [f"{value}{at}" if isinstance(value, str) else value - at for at in range(count)]
    return {"any": [condition(test, one, path=path.format(at)) for at, one in enumerate(values)]}


def deep(levels: int, width: int):
    return {"a": [deep(levels - 1, width) for _ in range(width)]} if levels else 1


HOSTILE = {
    "many items, many conditions": (
        {"items": "$.lines[*]", "where": each(99, "number.is", -1, "@.n")},
        {"lines": LINES},
    ),
    "items in items in items": (
        {"items": "$.a[*]", "where": {"items": "@.b[*]", "where": {
            "items": "@.c[*]", "where": condition("number.is", -1, path="@")}}},
        {"a": [{"b": [{"c": [0] * 36}] * 36}] * 36},
    ),
    "walks inside walks": (
        {"items": "$..*", "where": {"items": "@..*", "where": condition("text.is", "x", path="@")}},
        deep(11, 2),
    ),
    "many wide paths": (each(60, "number.is", -1, "$.lines[{}:].n"), {"lines": LINES}),
    "many deep paths": (each(60, "number.is", -1, "$.lines..n{}"), {"lines": LINES}),
    "many filters": (each(20, "number.is", -1, "$.lines[?@.n > {}].n"), {"lines": LINES}),
    "a large pattern": (
        condition("text.matches_regex", "(a?){500}a{500}c"), {"x": "a" * 65_536},
    ),
    "many patterns": (each(99, "text.matches_regex", "(x+x+)+y", "$.x"), {"x": "a" * 65_536}),
    "a pattern, long lists": (
        condition("text.matches_regex", "(.*)(.*)(.*)(.*)[^a]$"), {"x": ["a" * 65_536] * 16},
    ),
    "many texts in many texts": (
        each(99, "text.contains", "a" * 90, "$.x"), {"x": ["a" * 65_536] * 16},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_too_much_work_is_not_met_and_says_so(name):
    when, payload = HOSTILE[name]
    told = judged(when, event(payload))
    assert not told.met
    assert told.summary == TOO_MUCH
    assert told.as_dict()["tree"]["reason"]


def test_the_bound_is_of_the_rule_and_the_event_not_of_a_group():
    """Not even "none of" is met by what could not be judged."""
    when, payload = HOSTILE["many patterns"]
    assert not judged({"none": [when]}, event(payload)).met


def test_what_one_rule_costs_is_no_matter_to_another():
    hostile = [(name, parse(document(when))) for name, (when, _) in HOSTILE.items()]
    plain = ("plain", parse(document(condition("text.starts_with", "a"))))
    happened = event({"x": "a" * 65_536, "lines": LINES[:3_000]})
    assert compile_rules([*hostile, plain]).match(happened) == ["plain"]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(x+x+)+y", r"^(([a-z])+.)+[A-Z]$"])
def test_patterns_that_hang_other_engines_are_just_judged(pattern):
    assert not met("text.matches_regex", pattern, "a" * 60_000 + "-")


def test_a_pattern_that_grows_too_large_is_refused():
    with pytest.raises(RuleError, match="too large"):
        parse(document(condition("text.matches_regex", r"\pL{400}\d")))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$..*", "finds more than 10,000 values"),
        ("$..*[*][*]", "finds more than 10,000 values"),
        ("$.all", "finds more than 10,000 values"),
        ("$..[?@.n > 5]", "its filter would look at more than 10,000 values"),
    ],
)
def test_paths_that_find_too_much_say_so(path, words):
    happened = event({"lines": LINES[:3_000], "all": list(range(10_001))})
    told = judged(condition("number.is", 5, path=path), happened)
    assert not told.met
    assert words in told.summary


def test_a_list_of_too_many_items_is_not_gone_through():
    when = {"items": "$.all", "match": "none", "where": condition("number.is", -1, path="@")}
    told = judged(when, event({"all": list(range(10_001))}))
    assert not told.met
    assert "more than 10,000 values" in told.summary
    assert judged(when, event({"all": list(range(10_000))})).met


def test_large_events_are_judged_as_long_as_it_is_affordable():
    happened = event({"lines": LINES})
    assert judged(condition("number.is", 9_000, path="$..n"), happened).met
    assert judged(condition("text.is", "sku-77", path="$.lines[*].sku"), happened).met
    where = condition("text.is", "SKU-9998", path="@.sku")
    assert judged({"items": "$.lines[*]", "match": {"exactly": 1}, "where": where}, happened).met


def test_an_explanation_stays_small_for_items_in_items():
    inner = {"items": "@.b[*]", "where": each(10, "number.is", -1, "@")}
    happened = event({"a": [{"b": [0] * 40}] * 40})
    told = explain(parse(document({"items": "$.a[*]", "where": inner})), happened).as_dict()
    assert len(str(told)) < 500_000


def test_lists_of_values_in_many_conditions_do_not_multiply():
    """Places within places for each of a hundred values would be millions."""
    words = [f"w{at}" for at in range(100)]
    when = {"all": [condition("text.is_one_of", words, path=f"$.f{at}") for at in range(5)]}
    pairs = [(at, parse(document(when))) for at in range(40)]
    rules = compile_rules(pairs)
    assert rules.match(event({f"f{at}": "w7" for at in range(5)})) == list(range(40))
    assert rules.match(event({f"f{at}": "w7" for at in range(4)})) == []
