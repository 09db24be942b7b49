"""Each filter: its own example, the odd inputs, and a sentence where it has to refuse."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rules.errors import RuleError
from rules.filters import FILTERS
from rules.templates import TemplateError, Unusable, compile_template

NOW = "2026-04-03T12:00:00Z"


def use(call, value, **context):
    template = compile_template("{{ payload.x | " + call + " }}")
    context = {"payload": {"x": value}, "event": {"received_at": NOW}} | context
    return template.render(context)


@pytest.mark.parametrize("row", FILTERS.values(), ids=FILTERS)
def test_each_filter_does_what_its_example_says(row):
    assert use(row.call, row.given) == row.gives
    assert row.words and row.kinds and row.usage.startswith("| " + row.name)


@pytest.mark.parametrize("row", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize(
    "value",
    ["", "x", "é" * 300, 0, -1, 10**30, 1.5, float("nan"), float("inf"), Decimal("1E-999"), True,
     None, [], [None, [1], {"a": 2}], {}, {"a": [1, "b"]}, "9" * 5000, "1e99999", "0000-00-00"],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_an_odd_value_gives_a_text_or_a_sentence(row, value):
    try:
        use(row.call, value).encode()
    except TemplateError as error:
        assert row.name in ("money", "phone")
        assert isinstance(error, Unusable) and error.fix


@pytest.mark.parametrize(
    ("value", "call", "text"),
    [
        (None, "default('x')", "x"),
        ("  ", "default('x')", "x"),
        (0, "default('x')", "0"),
        (False, "default('x')", "false"),
        ("there", "default(payload.gone)", "there"),
        (12, "upper", "12"),
        ("o'neil JEAN-luc 3rd", "title", "O'neil Jean-Luc 3Rd"),
        ("Ada Lovelace", "truncate(6, '')", "Ada Lo"),
        ("Ada Lovelace", "truncate(end='>', length=5)", "Ada>"),
        ("Ada", "truncate(0)", ""),
        ("Ada", "truncate", "Ada"),
        ("aaa", "replace('', 'x')", "aaa"),
        ("a.b", "replace('.', '')", "ab"),
        ([1, None, "x"], "join", "1, , x"),
        ("x", "join('-')", "x"),
        ([{"n": "a"}, {"n": "b"}, 3], "join('/', 'n')", "a/b/"),
        ([], "first", ""),
        ([], "last | default('none')", "none"),
        ("x", "first", "x"),
        ({"a": 1, "b": 2}, "length", "2"),
        ("four", "length", "4"),
        ([{"n": 10}, {"n": 9}], "sort('n')", '[{"n":9},{"n":10}]'),
        (["b", None, "A", 1], "sort", '[1,"A","b",null]'),
        ([{"n": 1, "m": 1}, {"n": 1, "m": 2}], "unique('n') | length", "1"),
        ([1, "1", 1.0, True], "unique", '[1,"1",true]'),
        (2.5, "round", "3"),
        (-2.5, "round", "-3"),
        ("2.345", "round(2)", "2.35"),
        (1.005, "round(2)", "1.01"),
        (-0.4, "round", "0"),
        (2, "round(2)", "2"),
        ("n/a", "round", "n/a"),
        (True, "round", "true"),
        (1234.5, "number(2)", "1,234.50"),
        (-1234567, "number", "-1,234,567"),
        ("1e3", "number", "1,000"),
        ("n/a", "number", "n/a"),
        (1, "plural('item')", "item"),
        ("1", "plural('item')", "item"),
        (0, "plural('child', 'children')", "children"),
        ([1], "plural('item')", "item"),
        ("ada@example.com", "mask", "a***@example.com"),
        ("12345678", "mask", "****"),
        ("short", "mask", "****"),
        ({"b": [1.0, Decimal("0.1")], "a": "é\n"}, "json", '{"b":[1,0.1],"a":"é\\n"}'),
        (None, "json", "null"),
        ("ä/ b", "urlencode", "%C3%A4%2F%20b"),
        ({"q": "a b", "n": 1}, "urlencode", "q=a%20b&n=1"),
    ],
)
def test_text_lists_and_numbers(value, call, text):
    assert use(call, value) == text


@pytest.mark.parametrize(
    ("amount", "call", "text"),
    [
        (1999, "money('usd')", "$19.99"),
        ("1999", "money('USD')", "$19.99"),
        (1999.0, "money(' eur ')", "€19.99"),
        (-5, "money('gbp')", "-£0.05"),
        (0, "money('usd')", "$0.00"),
        (1234567, "money('usd')", "$12,345.67"),
        (1999, "money('jpy')", "¥1,999"),
        (1500, "money('kwd')", "KWD 1.500"),
        (1500, "money('all')", "ALL 15.00"),
        (1999, "money('chf')", "CHF 19.99"),
        ("29.99", "money('usd', 'major')", "$29.99"),
        (30, "money('usd', 'major')", "$30.00"),
        (29.995, "money('usd', unit='major')", "$30.00"),
        (10**20, "money('usd')", "$1,000,000,000,000,000,000.00"),
        (None, "money('usd')", ""),
    ],
)
def test_money(amount, call, text):
    assert use(call, amount) == text
    assert use(call, amount).isascii() or "€" in text or "£" in text or "¥" in text


@pytest.mark.parametrize(
    ("amount", "call", "message"),
    [
        (1999, "money(payload.gone)", "'' is not a currency"),
        ("a lot", "money('usd')", "'a lot' is not an amount"),
        (True, "money('usd')", "'true' is not an amount"),
        ([1], "money('usd')", "is not an amount"),
        (29.99, "money('usd')", "29.99 is not a whole number of the smallest unit of USD"),
    ],
)
def test_money_is_never_guessed(amount, call, message):
    with pytest.raises(Unusable, match=message) as refused:
        use(call, amount)
    assert refused.value.fix


def test_the_currency_may_come_from_the_event():
    template = compile_template("{{ payload.a | money(payload.c) }}")
    assert template.render({"payload": {"a": 100, "c": "jpy"}}) == "¥100"


@pytest.mark.parametrize(
    ("value", "call", "text"),
    [
        ("2026-04-03T14:05:00Z", "date", "3 Apr 2026"),
        ("2026-04-03T14:05:00.123456789+02:00", "date('iso')", "2026-04-03T12:05:00Z"),
        ("2026-04-03T14:05:00Z", "date('iso', 'Asia/Kolkata')", "2026-04-03T19:35:00+05:30"),
        ("2026-04-03 14:05", "date('datetime')", "3 Apr 2026, 14:05"),
        ("2026-04-03", "date('long')", "Friday, 3 April 2026"),
        ("2026-04-03", "date('date', 'America/New_York')", "3 Apr 2026"),
        ("Fri, 03 Apr 2026 14:05:00 +0200", "date('time')", "12:05"),
        (1775225100, "date('iso')", "2026-04-03T14:05:00Z"),
        ("1775225100", "date('iso')", "2026-04-03T14:05:00Z"),
        (1775225100123, "date('time')", "14:05"),
        (1775225100123456, "date('time')", "14:05"),
        (datetime(2026, 4, 3, 14, 5, tzinfo=UTC), "date('time', 'Europe/Berlin')", "16:05"),
        (date(2026, 4, 3), "date", "3 Apr 2026"),
        ("2026-04-03T00:05:00Z", "date('%I:%M %p %l %y %a %b %B %A %Z %z %S %%')",
         "12:05 AM 12 26 Fri Apr April Friday UTC Z 00 %"),
        ("03/04/2026", "date", "03/04/2026"),
        ("2026-13-45", "date", "2026-13-45"),
        ("soon", "date", "soon"),
        (10**18, "date", "1000000000000000000"),
        ("0001-01-01T00:00:00Z", "date('date', 'America/New_York')", "0001-01-01T00:00:00Z"),
        ("2026-04-03T11:59:30Z", "ago", "just now"),
        ("2026-04-03T11:58:00Z", "ago", "2 minutes ago"),
        ("2026-04-03T13:00:00Z", "ago", "in 1 hour"),
        ("2025-03-01", "ago", "1 year ago"),
        ("2026-02-01", "ago", "2 months ago"),
        ("soon", "ago", "soon"),
    ],
)  # fmt: skip
def test_dates(value, call, text):
    assert use(call, value) == text


def test_dates_are_shown_in_the_zone_of_the_hook():
    hook = {"zone": "Europe/Berlin"}
    assert use("date('datetime')", "2026-04-03T23:30:00Z", hook=hook) == "4 Apr 2026, 01:30"
    assert use("date('datetime')", "2026-04-03 23:30", hook=hook) == "3 Apr 2026, 23:30"


def test_ago_counts_from_the_event_and_needs_no_clock():
    assert use("ago", "2026-04-01", event={}) == "1 Apr 2026, 00:00"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("date('dmy')", "'dmy' is not a way to write a date"),
        ("date('%q')", "is not a way"),
        ("date('%')", "is not a way"),
        ("date('%Y" + "-" * 200 + "')", "is not a way"),
        ("date('date', 'Mars/Base')", "'Mars/Base' is not a time zone"),
        ("date('date', '../../etc/passwd')", "is not a time zone"),
        ("round(99)", "whole number from 0 to 12"),
        ("truncate(-1)", "whole number from 0"),
        ("number('x')", "whole number"),
        ("money('xyz')", "'XYZ' is not a currency"),
        ("money('usd', 'cents')", "'minor' or 'major'"),
        ("money(currency='xyz')", "'XYZ' is not a currency"),
        ("phone('UK')", "'UK' is not a country"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_sent(call, message):
    with pytest.raises(RuleError, match=message) as refused:
        use(call, 1775225100)
    assert refused.value.message.startswith("Line 1: ") and refused.value.fix


@pytest.mark.parametrize(
    ("call", "given", "message"),
    [
        ("date(payload.a)", "dmy", "'dmy' is not a way to write a date"),
        ("date('date', payload.a)", "Mars/Base", "'Mars/Base' is not a time zone"),
        ("round(payload.a)", 99, "whole number from 0 to 12"),
        ("money(payload.a)", "xyz", "'XYZ' is not a currency"),
        ("money('usd', payload.a)", "cents", "'minor' or 'major'"),
    ],
)
def test_a_wrong_argument_from_the_event_gets_a_sentence(call, given, message):
    with pytest.raises(Unusable, match=message):
        use(call, 1775225100, payload={"x": 1775225100, "a": given})


@pytest.mark.parametrize(
    ("value", "call", "text"),
    [
        ("+1 (415) 555-2671", "phone", "+14155552671"),
        ("0171 1234567", "phone('de')", "+491711234567"),
        (14155552671, "phone('US')", "+14155552671"),
    ],
)
def test_phone_numbers(value, call, text):
    assert use(call, value) == text


@pytest.mark.parametrize("value", ["415 555 2671", "call me", "", "+1", "x" * 5000])
def test_what_is_no_phone_number_is_refused(value):
    with pytest.raises(Unusable, match="is not a phone number") as refused:
        use("phone", value)
    assert "country" in refused.value.fix


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (10.0, "10"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"),
        (2**63 + 1, "9223372036854775809"),
        (Decimal("1.50"), "1.5"),
        (Decimal("123456789012345678901234567890.5"), "123456789012345678901234567890.5"),
        (float("nan"), ""),
    ],
)
def test_numbers_print_in_their_shortest_form(number, text):
    assert compile_template("{{ payload.x }}").render({"payload": {"x": number}}) == text
