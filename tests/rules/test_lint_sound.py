"""What lint is sure of is so: searched for by making up rules and events."""

from hypothesis import HealthCheck, given, settings
from hypothesis import event as tell
from hypothesis import strategies as st

from rules import OPERATORS, compile_rules, lint, parse
from rules.change import changed
from rules.logic import Logic
from tests.rules.make import NOON, document, event

FIELD = ["$.x"] * 4 + ["$.y", "$.x[*]", "$['x']"]
TEXTS = ["paid", "PAID", "void", "pa", "id", "straße", "STRASSE", "ﬀ02::1", "ff02::1", "5", "5.0",
         "true", "", " ", "K", "\u212a", "2026-01-10"]  # fmt: skip
NUMBERS = [4, 5, 5.0, "5", 6, 7.5]
DATES = ["2026-01-10", "2026-01-11", "2026-01-10T00:00:00Z", "2026-01-10T23:00:00+05:00",
         "2026-01-13T00:00:00Z", "2026-01-10T12:00:00"]  # fmt: skip
found: st.SearchStrategy = st.sampled_from(
    [None, True, False, 3, 4, 5, 5.0, 6, 7, 7.5, 8, *TEXTS, "7.50", " 5 ", "void", [], {}, {"y": 1},
     *DATES, NOON, "2026-01-01", 1768046400, "192.0.2.7", "10.0.0.1", "x", "paid void", "paiD"]
)  # fmt: skip
values = found | st.lists(found, max_size=3)
spans = st.sampled_from(["1h", "1d", "3d", "30d"])
WANTED = {
    "text": st.sampled_from([one for one in TEXTS if one]),
    "texts": st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2),
    "regex": st.sampled_from(["^pa", "a", "[0-9]", "(?i)ID$"]),
    "like": st.sampled_from(["p*", "?aid", "*"]),
    "length": st.integers(0, 6),
    "number": st.sampled_from(NUMBERS),
    "numbers": st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=2),
    "number_pair": st.sampled_from([[4, 5], [5, 6], [6, 9]]),
    "date": st.sampled_from(DATES),
    "date_pair": st.sampled_from([["2026-01-10", "2026-01-11"], DATES[2:5:2]]),
    "duration": spans,
    "weekdays": st.sampled_from([["mon"], ["sat", "sun"], ["sat"]]),
    "time_pair": st.just(["09:00", "17:30"]),
    "scalar": st.sampled_from(["paid", 5, True]),
    "scalars": st.sampled_from([["paid"], ["paid", 5]]),
    "ranges": st.sampled_from(["10.0.0.0/8", "192.0.2.0/24", ["10.0.0.0/24"], "ff00::/8"]),
}


@st.composite
def conditions(draw, root="$", families=()):
    ids = [row.id for row in OPERATORS.values() if row.family in families or not families]
    row = OPERATORS[draw(st.sampled_from(ids))]
    path = (
        "$.x"
        if families
        else draw(st.sampled_from(FIELD))
        if root == "$"
        else draw(st.sampled_from(["@", "@.y"]))
    )
    made = {"path": path, "test": row.id}
    if row.name not in ("is_missing", "is_present"):
        made["match"] = draw(
            st.sampled_from(["any"] * 5 + ["all", "all", "none", {"at_least": 2}, {"exactly": 1},
                             {"exactly": 0}])
        )  # fmt: skip
    if not row.about_presence:
        made["when_missing"] = draw(st.sampled_from(["not_met", "not_met", "met"]))
    if row.cased:
        made["match_case"] = draw(st.booleans())
    if row.wants.name != "nothing":
        made["value"] = draw(WANTED[row.wants.name])
    return made


@st.composite
def nodes(draw, depth=2, root="$"):
    kinds = ["condition"] * 4 + (["all", "all", "any", "none", "items"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "condition":
        return draw(conditions(root))
    if kind == "items":
        match = draw(st.sampled_from(["any", "all", "none", {"at_least": 2}, {"exactly": 0}]))
        return {"items": root + ".x[*]", "match": match, "where": draw(nodes(depth - 1, "@"))}
    return {kind: draw(st.lists(nodes(depth - 1, root), min_size=1, max_size=3))}


payloads = st.fixed_dictionaries({}, optional={"x": values, "y": values})
events = st.lists(payloads, min_size=5, max_size=25)
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")


def verdicts(rule, payloads):
    return [
        bool(compile_rules([("r", rule)], zone).match(event(payload)))
        for payload in payloads
        for zone in ZONES
    ]


@st.composite
def pairs(draw):
    """Conditions on one field, mostly of one family: what lint has something to say about."""
    family = draw(st.sampled_from(["text", "number", "date", "list", "any", "ip"]))
    families = draw(st.sampled_from([(family,), (family,), (family, "any"), (family, "text")]))
    made = draw(st.lists(conditions(families=families), min_size=2, max_size=3))
    if draw(st.booleans()):
        made[0] = {"none": [made[0]]}
    return {draw(st.sampled_from(["all", "all", "any", "none"])): made}


whens = pairs() | pairs() | nodes()
few = conditions(families=("text", "any")) | conditions(families=("number",)) | nodes(1)


@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(whens, events)
def test_what_lint_is_sure_of_is_so(when, payloads):
    rule = parse(document(when))
    notes = lint(rule)
    met = verdicts(rule, payloads)
    kinds = {note.kind for note in notes}
    tell(", ".join(sorted(kinds)))
    if "never" in kinds:
        assert not any(met)
    if "always" in kinds:
        assert all(met)
    for note in notes:
        if note.kind in ("useless", "repeated"):
            assert note.change
            fixed = parse(changed(rule.document, note.change))
            assert verdicts(fixed, payloads) == met, note
        elif note.change:
            parse(changed(rule.document, note.change))


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(few, few, events)
def test_what_follows_and_what_excludes(one, other, payloads):
    first, second = parse(document(one)), parse(document(other))
    logic = Logic()
    both = list(zip(verdicts(first, payloads), verdicts(second, payloads), strict=True))
    if logic.follows(first.when, second.when):
        tell("follows")
        assert all(two for one, two in both if one)
    if logic.exclude(first.when, second.when):
        tell("exclude")
        assert not any(one and two for one, two in both)
    if logic.doubtful(first.when, second.when):
        plain = [payload for payload in payloads if not isinstance(payload.get("x"), list)
                 and not isinstance(payload.get("y"), list)]  # fmt: skip
        assert not any(map(all, zip(verdicts(first, plain), verdicts(second, plain), strict=True)))
