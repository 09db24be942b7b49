"""Amounts in minor units, as senders count them, said and typed as people write money."""

from __future__ import annotations

import re
from typing import Any

from rules.filters.numbers import decimals_of
from rules.templates import TemplateError, compile_template
from rules.values import exact, plain_number

_AMOUNT = re.compile(r"(-?)[^\d.,+-]*(-?)((?:\d[\d.,'\s]*)|(?:[.,]\d+))[^\d.,+-]*")
_SAID = compile_template("{{ payload.amount | money(payload.code) }}")


def money_words(amount: Any, currency: Any) -> str:
    """12900 and "usd" as "$129.00"; blank where that is no amount or no currency."""
    if isinstance(amount, str):
        amount = plain_number(amount)
    if amount is None or exact(amount) is None:
        return ""
    try:
        return _SAID.render({"payload": {"amount": amount, "code": currency}}, if_missing="skip")
    except TemplateError:
        return ""


def money_read(text: str, currency: str) -> int | None:
    """What somebody wrote as money, in minor units: "$1,234.50" is 123450; None if it is none.

    Of two kinds of marks the last one is the point. A single mark is the point too, unless three
    digits follow it, or the currency has no smaller unit.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if not found:
        return None
    decimals, digits = decimals_of(currency), re.sub(r"[\s']", "", found[3])
    marks = [letter for letter in digits if letter in ".,"]
    whole, point, cents = digits, "", ""
    if marks and (len(set(marks)) == 2 or len(marks) == 1):
        whole, point, cents = digits.rpartition(marks[-1])
        thousands = len(set(marks)) == 1 and len(cents) == 3 and decimals != 3 and whole != ""
        if thousands:
            whole, point, cents = digits, "", ""
    if len(cents) > decimals or (point and not cents):
        return None
    units = re.sub(r"[.,]", "", whole) + cents.ljust(decimals, "0")
    return int(units or "0") * (-1 if "-" in found[1] + found[2] else 1)
