"""Money is said and typed as people write it, and counted as senders do."""

import pytest

from rules.money import money_read, money_words


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("$50.00", "usd", 5000), ("50", "usd", 5000), ("50.5", "usd", 5050), ("0.07", "usd", 7),
        (".5", "usd", 50), ("1,234.50", "usd", 123450), ("1.234,50", "eur", 123450),
        ("1,234", "usd", 123400), ("12,50", "eur", 1250), ("€ 12", "eur", 1200),
        ("12 EUR", "EUR", 1200), ("1 234,50 €", "eur", 123450), ("1'234.50", "chf", 123450),
        ("1,234,567", "usd", 123456700), ("-5", "usd", -500), ("-$5", "usd", -500),
        ("¥5,000", "jpy", 5000), ("5000", "JPY", 5000), ("1.250", "kwd", 1250),
        ("12.345", "usd", 1234500), ("1.2345", "usd", None), ("5.5", "jpy", None),
        ("many", "usd", None), ("", "usd", None), ("5 or 6", "usd", None), ("5.", "usd", None),
    ],
)  # fmt: skip
def test_money_as_people_type_it(text, currency, units):
    assert money_read(text, currency) == units


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (5000, "usd", "$50.00"), ("5000", "usd", "$50.00"), (5000, "JPY", "¥5,000"),
        (1250, "kwd", "KWD 1.250"), (-7, "eur", "-€0.07"), (1.5, "usd", ""), ("many", "usd", ""),
        (5, "nothing", ""), (5, None, ""), (True, "usd", ""), (None, "usd", ""),
    ],
)  # fmt: skip
def test_money_as_it_is_said(amount, currency, words):
    assert money_words(amount, currency) == words


@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd", "clf"])
@pytest.mark.parametrize("units", [0, 7, 50, 999, 1000, 123456, 99999999])
def test_what_is_said_is_read_back(units, currency):
    assert money_read(money_words(units, currency), currency) == units
