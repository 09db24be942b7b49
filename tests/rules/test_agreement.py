"""Match and explain take different ways to every verdict, and must arrive at the same one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import OPERATORS, compile_rules, explain, lint, parse, sentence
from tests.rules.make import NOON, document, event
from tests.rules.test_operators import TABLE

scalars = st.sampled_from(
    [None, True, False, 0, 1, 5, 10, 10.0, 2.5, "", "a", "A", "paid", "10", "true", "x1", "Zoë",
     "2026-01-10", NOON, "192.0.2.7", 1769860800, "03/04/2026", 10**30, "1e3", " "]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=10,
)
tails = st.sampled_from(["", ".x", ".y", ".x.y", "[*]", ".x[*]", "[0]", ".x[-1]", "..y", ".x[1:]",
                         ".x[*].y", "[?@.x == 'a']", "['z']"])  # fmt: skip
matches = st.sampled_from(
    ["any", "any", "all", "none", {"at_least": 2}, {"exactly": 1}, {"exactly": 0}]
)


@st.composite
def conditions(draw, root: str):
    row = OPERATORS[draw(st.sampled_from(sorted(OPERATORS)))]
    made = {"path": root + draw(tails), "test": row.id}
    if row.name not in ("is_missing", "is_present"):
        made["match"] = draw(matches)
    if not row.about_presence:
        made["when_missing"] = draw(st.sampled_from(["met", "not_met"]))
    if row.cased:
        made["match_case"] = draw(st.booleans())
    if row.wants.name != "nothing":
        made["value"] = TABLE[row.id][0]
        if row.wants.from_field and draw(st.booleans()):
            made["value"] = {"path": root + draw(tails)}
    return made


@st.composite
def nodes(draw, root: str = "$", depth: int = 3):
    kind = draw(st.sampled_from(["condition", "condition", "all", "any", "none", "items", "every"]))
    if depth == 0 or kind == "condition":
        return draw(conditions(root))
    if kind == "every":
        return {"every_event": True}
    if kind == "items":
        where = draw(nodes("@", depth - 1))
        return {"items": root + draw(tails), "match": draw(matches), "where": where}
    return {kind: draw(st.lists(nodes(root, depth - 1), min_size=1, max_size=3))}


@settings(max_examples=400, deadline=None)
@given(nodes(), values)
def test_match_and_explain_agree(when, payload):
    happened = event(payload)
    rule = parse(document(when))
    verdict = explain(rule, happened)
    assert compile_rules([("r", rule)]).match(happened) == (["r"] if verdict.met else [])
    assert (verdict.missed == 0) == verdict.met
    assert verdict.summary.startswith("Met" if verdict.met else "Not met")
    assert sentence(rule)
    assert parse(rule.document) == rule


@settings(max_examples=200, deadline=None)
@given(conditions("$"), values)
def test_every_condition_gives_a_reason(when, payload):
    told = explain(parse(document(when)), event(payload)).as_dict()["tree"]
    assert told["reason"]
    assert told["found"]["status"]
    assert told["found"]["count"] >= len(told["found"]["values"])


ranges = st.sampled_from(["text.is", "number.is", "number.at_least", "number.less_than",
                          "number.between", "number.more_than", "number.at_most"])  # fmt: skip


@st.composite
def tight(draw):
    test = draw(ranges)
    low = draw(st.integers(0, 4))
    value = [low, low + draw(st.integers(0, 2))] if test == "number.between" else low
    match = draw(st.sampled_from(["any", "all"]))
    return {"path": "$.x", "test": test, "value": str(low) if test == "text.is" else value,
            "match": match}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(tight(), min_size=2, max_size=4), st.lists(st.integers(-1, 6), max_size=3))
def test_no_event_meets_a_rule_called_impossible(when, found):
    rule = parse(document({"all": when}))
    if any(note.kind == "never" for note in lint(rule)):
        assert not explain(rule, event({"x": found})).met
    if any(note.kind == "doubtful" for note in lint(rule)):
        assert not any(explain(rule, event({"x": one})).met for one in found)
