"""Every operator: what it is met by, what it is not, and what missing, null and lists mean."""

from decimal import Decimal

import pytest

from rules import OPERATORS, parse
from rules.operators import operators_for
from tests.rules.make import condition, document, event, judged, met

# operator: (value, found values that meet it, found values that do not)
TABLE: dict[str, tuple] = {
    "text.is": ("Paid", ["paid", "PAID", ["void", "paid"]], ["pai", "", {}, []]),
    "text.is_not": ("paid", ["void", "", 5, ["void", "open"]], ["Paid", ["void", "paid"], [], {}]),
    "text.is_one_of": (["a", "b"], ["A", ["x", "b"]], ["c", ""]),
    "text.is_none_of": (["a", "b"], ["c", ["c", "d"]], ["A", ["c", "b"], []]),
    "text.contains": ("pay", ["Payment", "repay"], ["pa", "", {"pay": 1}]),
    "text.does_not_contain": ("pay", ["sale", ["sale", "buy"]], ["repay", ["sale", "pay"], []]),
    "text.starts_with": ("INV-", ["inv-1"], ["xinv-1", ""]),
    "text.does_not_start_with": ("INV-", ["x"], ["inv-1"]),
    "text.ends_with": (".com", ["a@b.COM"], ["a@b.org"]),
    "text.does_not_end_with": (".com", ["a@b.org"], ["a@b.com"]),
    "text.like": ("inv-??.*", ["INV-12.pdf", "inv-12."], ["inv-1.pdf", "xinv-12.pdf"]),
    "text.is_not_like": ("a*z", ["abc"], ["a to z", "az"]),
    "text.matches_regex": ("^inv-[0-9]+$", ["INV-12"], ["inv-", "x inv-1"]),
    "text.length_is": (3, ["abc", 123, "Zoe\u0308"], ["ab", ""]),
    "text.length_at_least": (2, ["ab", "abc"], ["a"]),
    "text.length_at_most": (2, ["ab", ""], ["abc"]),
    "number.is": (10, [10, 10.0, " 10 ", "1e1", Decimal("10.00"), [1, 10]], [11, "10 EUR", True]),
    "number.is_not": (10, [11, "11", [1, 2]], [10, "10", [1, 10], "ten", True, []]),
    "number.is_one_of": ([1, 2.5], [1, "2.5", 2.50], [2, "1,0"]),
    "number.more_than": (5, [5.1, "6"], [5, 4, "0x10", "1,000"]),
    "number.at_least": (5, [5, 6, "5"], [4.999]),
    "number.less_than": (5, [4, -1], [5, None, False]),
    "number.at_most": (5, [5, 4], [6]),
    "number.between": ([1, 3], [1, 2, 3, "3.0"], [0, 3.1]),
    "number.not_between": ([1, 3], [0, 4], [1, 2, 3, "x"]),
    "date.is_on": ("2026-01-10", ["2026-01-10T23:59:59Z", "2026-01-10"], ["2026-01-11T00:00:00Z"]),
    "date.before": ("2026-01-10T12:00:00Z", ["2026-01-10T12:59:00+01:00"],
                    ["2026-01-10T12:00:00Z"]),
    "date.after": ("2026-01-10", ["2026-01-11", 1768089600], ["2026-01-10T23:00:00Z", "soon"]),
    "date.on_or_before": ("2026-01-10", ["2026-01-10T23:00:00Z"], ["2026-01-11"]),
    "date.on_or_after": ("2026-01-10", ["2026-01-10"], ["2026-01-09T23:59:59Z"]),
    "date.between": (["2026-01-01", "2026-01-31"], ["2026-01-31T23:00:00Z"], ["2026-02-01"]),
    "date.in_the_last": ("7d", ["2026-01-08", "2026-01-14T12:00:00Z"],
                         ["2026-01-06", "2026-01-15"]),
    "date.in_the_next": ("1h", ["2026-01-14T12:30:00Z"], ["2026-01-14T11:59:59Z"]),
    "date.older_than": ("30s", ["2026-01-14T11:59:29Z"], ["2026-01-14T11:59:30Z"]),
    "date.weekday_is": (["sat", "sun"], ["2026-01-17"], ["2026-01-14"]),
    "date.time_between": (["22:00", "06:00"], ["2026-01-14T23:00:00Z", "2026-01-14T06:00:00Z"],
                          ["2026-01-14T12:00:00Z", "2026-01-14"]),
    "yesno.is_true": (None, [True, "TRUE", [False, True]], [False, 1, "yes", "on"]),
    "yesno.is_false": (None, [False, "false"], [True, 0, "no", ""]),
    "list.includes": ("vip", [["a", "VIP"]], [["a"], [], "vip", {"vip": 1}]),
    "list.does_not_include": ("vip", [["a"], []], [["vip"], "vip"]),
    "list.includes_all": (["a", 1], [["A", "1", "b"]], [["a"], []]),
    "list.includes_any": (["a", True], [["a"], ["true"]], [["b"], [1]]),
    "list.includes_none": (["a", "b"], [["c"], []], [["a"], "c"]),
    "list.length_is": (2, [[1, 2]], [[1], "ab"]),
    "list.length_at_least": (2, [[1, 2, 3]], [[1]]),
    "list.length_at_most": (2, [[], [1, 2]], [[1, 2, 3]]),
    "any.has_value": (None, ["a", 0, False, [0], {"a": None}], ["", " ", [], {}]),
    "any.has_no_value": (None, ["", "\t ", [], {}], [0, False, "a"]),
    "any.is_present": (None, ["", 0, []], []),
    "any.is_missing": (None, [], ["", 0, [], {}]),
    "any.is_null": (None, [None], [0, "", "null"]),
    "any.is_text": (None, ["", "5"], [5, ["a"]]),
    "any.is_number": (None, [5, 0.5], ["5", True, float("nan")]),
    "any.is_yesno": (None, [True, False], ["true", 1]),
    "any.is_list": (None, [[], [1]], ["[]", {}]),
    "any.is_group": (None, [{}, {"a": 1}], [[], "{}"]),
    "ip.in_range": ("192.0.2.0/24", ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.3.1", "x", 5]),
    "ip.not_in_range": (["2001:db8::/32"], ["2001:db9::1", "192.0.2.1"], ["2001:db8::1", "x"]),
}  # fmt: skip
MET_WITHOUT_FIELD = {"any.is_missing", "any.has_no_value"}
MET_BY_NULL = {"any.is_null", "any.is_present", "any.has_no_value"}


def test_the_table_holds_every_operator():
    assert set(TABLE) == set(OPERATORS)


@pytest.mark.parametrize("name", TABLE)
def test_met_by(name):
    value, good, _ = TABLE[name]
    assert [one for one in good if not met(name, value, one)] == []


@pytest.mark.parametrize("name", TABLE)
def test_not_met_by(name):
    value, _, bad = TABLE[name]
    assert [one for one in bad if met(name, value, one)] == []


@pytest.mark.parametrize("name", TABLE)
def test_missing_and_null_fail_every_comparison_the_negative_ones_too(name):
    when = condition(name, TABLE[name][0])
    assert judged(when, event({})).met is (name in MET_WITHOUT_FIELD)
    assert judged(when, event({"x": None})).met is (name in MET_BY_NULL)


@pytest.mark.parametrize("name", sorted(set(TABLE) - {"any.is_present", *MET_WITHOUT_FIELD}))
def test_a_missing_field_can_count_as_met(name):
    if name == "any.has_value":
        return
    when = condition(name, TABLE[name][0], when_missing="met")
    assert judged(when, event({})).met


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("odd", [{}, [], [[]], "", "\ud800", float("inf"), 10**400, "9" * 5000])
def test_no_value_makes_an_operator_raise(name, odd):
    judged(condition(name, TABLE[name][0]), event({"x": odd}))
    judged(condition(name, TABLE[name][0], path="$.x[*]"), event({"x": [odd, odd]}))


@pytest.mark.parametrize("name", TABLE)
def test_every_row_can_speak(name):
    row = OPERATORS[name]
    assert row.menu and row.words and row.needs
    assert ("{value}" in row.words) == (row.wants.name != "nothing")
    if row.negates:
        assert OPERATORS[row.negates].wants is row.wants


def test_menus_start_with_what_is_likely_and_leave_out_what_makes_no_sense():
    assert operators_for("text")[0].id == "text.is"
    assert operators_for("number")[0].id == "number.is"
    assert operators_for("date")[0].family == "date"
    assert {row.family for row in operators_for("yesno")} == {"yesno", "any"}
    assert {row.family for row in operators_for("group")} == {"any"}
    assert all(operators_for(kind) for kind in ("list", "empty"))


def test_numbers_are_compared_exactly():
    assert not met("number.is", 2**53, 2**53 + 1)
    assert met("number.is", "0.1", 0.1)
    assert met("number.is", 0.1, "0.1")
    assert not met("number.is", 0.3, "0.30000000000000004")
    assert met("number.more_than", "1e400", 10**401)


def test_text_is_never_compared_as_a_number():
    assert not met("text.is", "42", "042")
    assert met("text.is", "10", 10.0)
    assert met("text.is", "true", True)


def test_case_and_composition_of_letters():
    assert met("text.is", "straße", "STRASSE")
    assert met("text.is", "Zoë", "Zoe\u0308")
    assert not met("text.is", "Paid", "paid", match_case=True)
    assert not met("text.matches_regex", "Paid", "paid", match_case=True)
    assert not met("text.like", "P*", "paid", match_case=True)
    assert not met("list.includes", "VIP", ["vip"], match_case=True)


def test_text_is_looked_at_up_to_64_kb():
    assert met("text.contains", "needle", "x" * 65_000 + "needle")
    assert not met("text.contains", "needle", "x" * 65_536 + "needle")


def test_values_are_ready_for_parsing_as_written():
    for name, (value, _, _) in TABLE.items():
        assert parse(document(condition(name, value))).document["when"]["test"] == name
