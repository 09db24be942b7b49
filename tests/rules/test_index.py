"""An index may only save work: it finds what a plain look at every rule finds, in every event."""

import copy
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import compile_rules, explain, parse
from rules.compiler import judge_of
from rules.families.row import UTC
from rules.judge import Group
from rules.scene import Scene
from tests.rules.make import condition, document, event
from tests.rules.test_agreement import nodes, values
from tests.rules.test_operators import TABLE

WORDS = [
    "paid",
    "Paid",
    "void",
    "repaid",
    "inv-1",
    "INV-12",
    "a",
    "b",
    "",
    "Zoë",
    "10",
    "true",
    "repaid in full",
    "unpaid in full",
]
NUMBERS = [0, 1, 2, 5, 9.5, 10, "10", " 1e1 ", 10**30]
DATES = ["2026-01-10", "2026-01-10T23:30:00Z", "2026-01-11", 1768089600]
VALUES = {
    "text.is": st.sampled_from(WORDS),
    "text.is_one_of": st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    "text.is_not": st.sampled_from(WORDS),
    "text.contains": st.sampled_from(
        ["a", "ai", "aid", "repaid", "nv-1", "oë", "paid in", "repaid in"]
    ),
    "text.starts_with": st.sampled_from(["p", "PAI", "inv-", "r"]),
    "text.ends_with": st.sampled_from(["d", "AID", "-12", "1"]),
    "text.like": st.sampled_from(["*aid", "?aid", "inv-*", "*", "p??d", "**a*d*"]),
    "text.matches_regex": st.sampled_from(["^p", "aid$", "[0-9]+", "(a|i)*d"]),
    "text.length_at_most": st.integers(0, 6),
    "number.is": st.sampled_from(NUMBERS),
    "number.is_one_of": st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3),
    "number.more_than": st.sampled_from(NUMBERS),
    "number.at_least": st.sampled_from(NUMBERS),
    "number.less_than": st.sampled_from(NUMBERS),
    "number.at_most": st.sampled_from(NUMBERS),
    "number.between": st.tuples(st.integers(0, 5), st.integers(5, 12)).map(list),
    "date.is_on": st.sampled_from(DATES),
    "date.before": st.sampled_from(DATES),
    "date.on_or_after": st.sampled_from(DATES),
    "list.includes": st.sampled_from(["a", "B", 1, 10, True]),
    "list.includes_all": st.lists(st.sampled_from(["a", "b", 1]), min_size=1, max_size=2),
    "list.includes_any": st.lists(st.sampled_from(["a", "b", 1]), min_size=1, max_size=3),
    "list.length_is": st.integers(0, 3),
    "yesno.is_true": st.none(),
    "any.has_value": st.none(),
    "any.is_missing": st.none(),
}
PATHS = ["$.x", "$.x", "$.y", "$.x.y", "$.x[*]", "$.x[0]", "$..y", "$.l[*].y"]
MATCHES = ["any", "any", "any", "all", "none", {"at_least": 2}, {"exactly": 1}, {"exactly": 0}]


@st.composite
def likely(draw, paths=PATHS):
    """A condition over few fields and few values, so that many rules meet in one place."""
    test = draw(st.sampled_from(sorted(VALUES)))
    more = {}
    if not test.startswith("any."):
        more["match"] = draw(st.sampled_from(MATCHES))
        more["when_missing"] = draw(st.sampled_from(["not_met", "not_met", "not_met", "met"]))
    if test in ("text.is", "text.contains", "list.includes"):
        more["match_case"] = draw(st.booleans())
    return condition(test, draw(VALUES[test]), path=draw(st.sampled_from(paths)), **more)


@st.composite
def likely_rules(draw):
    some = st.lists(likely(), min_size=1, max_size=3)
    kind = draw(st.sampled_from(["all", "all", "any", "none", "items", "nested"]))
    if kind == "items":
        where = {"all": draw(st.lists(likely(["@.y", "@", "@.x"]), min_size=1, max_size=2))}
        match = draw(st.sampled_from(MATCHES))
        return {"items": draw(st.sampled_from(["$.l[*]", "$.x"])), "match": match, "where": where}
    if kind == "nested":
        return {"all": [draw(likely()), {"any": draw(some)}, {"all": draw(some)}]}
    return {kind: draw(some)}


scalars = st.sampled_from([*WORDS, *NUMBERS, *DATES, True, False, None])
found = st.one_of(scalars, scalars, st.lists(scalars, max_size=3))
grouped = st.fixed_dictionaries({}, optional={"x": found, "y": found})
payloads = st.fixed_dictionaries(
    {},
    optional={
        "x": found | grouped | st.lists(grouped, max_size=3),
        "y": found,
        "l": st.lists(grouped, max_size=3) | scalars,
    },
)


def plainly(pairs, happened) -> list:
    """The ids of all the rules met, each judged by itself, without index and without memory."""
    return [id for id, rule in pairs if judge_of(rule.when, UTC).met(Scene(happened, UTC))]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(likely_rules(), min_size=1, max_size=12), st.lists(payloads, min_size=1, max_size=6)
)
def test_the_index_finds_what_a_look_at_every_rule_finds(whens, happenings):
    pairs = list(enumerate(parse(document(when)) for when in whens))
    rules = compile_rules(pairs)
    for payload in happenings:
        happened = event(payload)
        before = copy.deepcopy(happened)
        assert rules.match(happened) == plainly(pairs, happened)
        assert rules.match(happened) == [id for id, rule in pairs if explain(rule, happened).met]
        assert happened == before


@settings(max_examples=60, deadline=None)
@given(st.lists(nodes(), min_size=1, max_size=8), st.lists(values, min_size=1, max_size=5))
def test_it_does_so_for_every_kind_of_rule(whens, happenings):
    pairs = list(enumerate(parse(document(when)) for when in whens))
    rules = compile_rules(pairs)
    for payload in happenings:
        assert rules.match(event(payload)) == plainly(pairs, event(payload))


@settings(max_examples=50, deadline=None)
@given(st.lists(likely_rules(), min_size=2, max_size=8), st.lists(payloads, max_size=4), st.data())
def test_no_rule_changes_the_verdict_of_another(whens, happenings, data):
    pairs = list(enumerate(parse(document(when)) for when in whens))
    moved = data.draw(st.permutations(pairs))
    fewer = moved[: data.draw(st.integers(1, len(moved)))]
    for payload in happenings:
        every = set(compile_rules(pairs).match(event(payload)))
        assert compile_rules(moved).match(event(payload)) == [id for id, _ in moved if id in every]
        assert compile_rules(fewer).match(event(payload)) == [id for id, _ in fewer if id in every]


def test_crowded_places_are_refined_and_nothing_is_lost():
    """Hundreds of rules over the same few fields, so that places become indexes of their own."""
    dice = random.Random(3)
    whens = [
        {"all": [condition("text.is", dice.choice("abc"), path="$.type"), *extra(dice)]}
        for _ in range(300)
    ]
    pairs = list(enumerate(parse(document(when)) for when in whens))
    rules = compile_rules(pairs)
    met = 0
    for _ in range(40):
        happened = event({"type": dice.choice("ABCd"), "x": dice.choice(WORDS),
                          "n": dice.choice([*range(40), "7", [3, 30]]),
                          "l": [{"y": dice.choice(WORDS)}] * dice.randrange(3)})  # fmt: skip
        assert rules.match(happened) == plainly(pairs, happened)
        met += len(rules.match(happened))
    assert met > 200


def extra(dice: random.Random) -> list[dict]:
    low = dice.randrange(40)
    kinds = [
        condition("number.at_least", low, path="$.n"),
        condition("number.less_than", low, path="$.n", match="all"),
        condition("number.between", [low, low + dice.randrange(5)], path="$.n"),
        condition("text.contains", dice.choice(["ai", "repaid", "a"])),
        condition("text.is_not", dice.choice(WORDS)),
        condition("text.is", dice.choice(WORDS), path="$.l[*].y"),
        condition("text.starts_with", dice.choice("pvri")),
        {"items": "$.l[*]", "where": condition("text.ends_with", "d", path="@.y")},
        {"any": [condition("text.is", "paid"), condition("number.is", low, path="$.n")]},
    ]
    return dice.sample(kinds, dice.choice([0, 1, 2]))


def test_every_operator_is_found_by_what_meets_it():
    """Each operator's own examples, among rules for all the others."""
    pairs = [(name, parse(document(condition(name, TABLE[name][0])))) for name in TABLE]
    rules = compile_rules(pairs)
    for name in TABLE:
        for one in (*TABLE[name][1], *TABLE[name][2], [TABLE[name][1]]):
            happened = event({"x": one})
            assert rules.match(happened) == plainly(pairs, happened)


def test_what_an_item_needs_is_asked_of_every_item_even_of_another_part():
    """The page is 2 in every item's eyes, but there has to be an item."""
    page = condition("text.is", "2", path="$.page", **{"in": "query"})
    deep = {"items": "$.l[*]", "match": {"at_least": 2}, "where": page}
    rules = compile_rules([(1, parse(document(deep)))])
    assert rules.match(event({"l": [1, 2]}, query={"page": "2"})) == [1]
    assert rules.match(event({"l": [1]}, query={"page": "2"})) == []
    assert rules.match(event({"l": [1, 2]}, query={"page": "3"})) == []


def test_a_text_that_only_shares_a_few_letters_is_not_taken_for_another():
    """Long texts are found by six of their letters; the others have to be there as well."""
    words = ["paid in full", "paid in fact", "repaid in fur", "like*paid"]
    pairs = [(word, parse(document(condition("text.contains", word)))) for word in words]
    pairs += [(f"{word}*", parse(document(condition("text.like", f"{word}*")))) for word in words]
    rules = compile_rules(pairs)
    for found in [*words, "paid i", "paid in fu", "n full paid in", "likes repaid"]:
        assert rules.match(event({"x": found})) == plainly(pairs, event({"x": found}))
    assert rules.match(event({"x": "PAID IN FULL."})) == ["paid in full", "paid in full*"]


LETTERS = "bcdefghijklmnopqrstuvw"


def test_stop_and_otherwise_hold_among_many_rules():
    is_a = condition("text.is", "a")
    whens: list[tuple[dict, dict]] = [({**is_a, "value": word}, {}) for word in LETTERS]
    whens[10:10] = [(is_a, {}), (is_a, {"stop": True}), (is_a, {})]
    whens += [({"every_event": True}, {"otherwise": True}), (is_a, {"otherwise": True})]
    pairs = [(at, parse(document(when, options=options))) for at, (when, options) in
             enumerate(whens)]  # fmt: skip
    rules = compile_rules(pairs)
    assert rules.match(event({"x": "A"})) == [10, 11]
    assert rules.match(event({"x": "b"})) == [0]
    assert rules.match(event({"x": "nothing"})) == [len(whens) - 2]


def test_equal_conditions_of_many_rules_are_one():
    one = [{"path": "$.a['b']", "test": "text.is", "value": "x"},
           {"path": "$['a'].b", "test": "text.is", "value": "x"}]  # fmt: skip
    rules = compile_rules([(at, parse(document({"none": [when]}))) for at, when in enumerate(one)])
    first, second = (rest[0] for rest in rules.ordinary.rests)
    assert isinstance(first, Group) and isinstance(second, Group)
    assert first.judges[0] is second.judges[0]
