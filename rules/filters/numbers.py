"""Filters for numbers and money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

from rules.filters.plain import exact, number_text, text_of
from rules.filters.row import NUMBER, TEXT, Filter, whole
from rules.fuel import Unusable

_MOST_DIGITS = 60

# Minor units by ISO 4217; every currency not named here has two. Babel's own figures are how a
# country *shows* money today (no cents for the Albanian lek), not what senders count in.
_DECIMALS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def decimals_of(currency: str) -> int:
    """How many digits a currency has behind the point: 2, and 0 for JPY."""
    return _DECIMALS.get(currency.strip().upper(), 2)


def _readable(value: object) -> Decimal | None:
    number = exact(value)
    if number is None or abs(number.adjusted()) > _MOST_DIGITS:
        return None
    return number if len(number.as_tuple().digits) <= _MOST_DIGITS else None


def _rounded(number: Decimal, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = 4 * _MOST_DIGITS
        return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0  # no -0


def _digits(digits: object) -> int:
    return whole(digits, 0, 12, "The digits after the point")


def _round(value: object, digits: object = 0) -> object:
    places, number = _digits(digits), _readable(value)
    return value if number is None else _rounded(number, places)


def _number(value: object, digits: object = None) -> str:
    number = _readable(value)
    if number is None:
        return text_of(value)
    if digits is not None:
        return f"{_rounded(number, _digits(digits)):,f}"
    shortest = Decimal(number_text(number))
    return f"{shortest:,f}"


def _money(value: object, currency: object, unit: object = "minor") -> str:
    """Minor units (cents) unless `unit` is 'major', as PayPal and Shopify write amounts."""
    code, number = _currency(currency), _readable(value)
    if number is None:
        raise Unusable(
            f"'{text_of(value)[:40]}' is not an amount of money.",
            "Choose the field that holds the amount as a number.",
        )
    decimals = decimals_of(code)
    amount = _amount(number, decimals, code, _unit(unit))
    symbol = _symbol(code)
    gap = " " if symbol[-1:].isalpha() else ""
    return f"{'-' * (amount < 0)}{symbol}{gap}{abs(amount):,.{decimals}f}"


@lru_cache(maxsize=200)
def _symbol(code: str) -> str:
    """How a currency is written; empty where the code is none."""
    from babel.numbers import get_currency_symbol, is_currency  # slow to load, and seldom needed

    return get_currency_symbol(code, "en_US") if is_currency(code, "en_US") else ""


def _currency(currency: object) -> str:
    code = text_of(currency).strip().upper()[:10]
    if not _symbol(code):
        raise Unusable(f"'{code}' is not a currency.", "Use its three letters: | money('usd').")
    return code


def _unit(unit: object) -> str:
    text = text_of(unit)
    if text not in ("minor", "major"):
        raise Unusable("The unit of money is 'minor' or 'major'.", "Write | money('usd', 'major').")
    return text


def _amount(number: Decimal, decimals: int, code: str, unit: str) -> Decimal:
    if unit == "major":
        return _rounded(number, decimals)
    if number != number.to_integral_value():
        raise Unusable(
            f"{number_text(number)} is not a whole number of the smallest unit of {code}.",
            f"If it is not in cents, write | money('{code.lower()}', 'major').",
        )
    return number.scaleb(-decimals)


ROWS = (
    Filter(
        "money",
        "as money",
        _money,
        1999,
        "money('usd')",
        "$19.99",
        kinds=NUMBER + TEXT,
        offers=(
            ("money({currency})", "as money, counted in cents"),
            ("money({currency}, 'major')", "as money, in whole units"),
        ),
        like="look",
        checks={"currency": _currency, "unit": _unit},
    ),
    Filter(
        "round",
        "rounded, halves away from zero",
        _round,
        2.345,
        "round(2)",
        "2.35",
        kinds=NUMBER + TEXT,
        offers=(("round", "as a whole number"),),
        like="look",
        checks={"digits": _digits},
    ),
    Filter(
        "number",
        "with commas between thousands",
        _number,
        1234567.5,
        "number",
        "1,234,567.5",
        kinds=NUMBER + TEXT,
        offers=(
            ("number", "with commas between thousands"),
            ("number(2)", "with two digits after the point"),
        ),
        like="look",
        checks={"digits": _digits},
    ),
)
