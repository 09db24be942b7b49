"""The filters that a template may use: one table, a row each, found in the files beside this one.

A new filter is a row in one of them; menu, checks, docs and tests read the same row. What a filter
that only dresses a value (a date, a rounding) cannot read, it leaves as it is. Money and phone
numbers refuse instead: a wrong amount or recipient is worse than no message.
"""

from rules.filters import dates, lists, numbers, text
from rules.filters.row import Filter

FILTERS: dict[str, Filter] = {
    row.name: row for rows in (text.ROWS, lists.ROWS, numbers.ROWS, dates.ROWS) for row in rows
}

__all__ = ["FILTERS", "Filter"]
