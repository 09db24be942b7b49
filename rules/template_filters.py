"""Filters as a template writes them: known ones, given what they take, and nothing unusable."""

from __future__ import annotations

import difflib

from jinja2 import nodes

from rules.filters import FILTERS, Filter
from rules.filters.row import UNKNOWN
from rules.fuel import Unusable
from rules.template_words import Refused


def checked_filter(node: nodes.Filter) -> tuple[Filter, nodes.Expr]:
    """The row of a filter and what it is given; Refused unless it is written as it should be."""
    row = FILTERS.get(node.name)
    if row is None or node.node is None:
        raise _unknown(node)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise Refused(node.lineno, "Stars are not part of the language.", row.usage)
    if not row.accepts(len(node.args), [str(pair.key) for pair in node.kwargs]):
        raise Refused(
            node.lineno, f"'{row.name}' is not given what it needs.", f"Write {row.usage}."
        )
    return row, node.node


def check_arguments(row: Filter, node: nodes.Filter) -> None:
    """Refuse what is written out and can never be used: an unknown currency, zone or format."""
    named = {str(pair.key): _written_out(pair.value) for pair in node.kwargs}
    try:
        row.check([_written_out(arg) for arg in node.args], named)
    except Unusable as problem:
        raise Refused(node.lineno, problem.message, problem.fix or f"Write {row.usage}.") from None


def _written_out(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else UNKNOWN


def _unknown(node: nodes.Filter) -> Refused:
    near = difflib.get_close_matches(node.name, FILTERS, 1)
    fix = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(FILTERS)}."
    return Refused(node.lineno, f"There is no filter '{node.name}'.", fix)
