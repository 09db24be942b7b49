"""Reads a template's syntax tree: refuses what is not in the language, and rewrites the rest.

Rewriting puts every place that costs something through a filter of our own (`_put` writes a value,
`_each` goes round a loop, `_compare` compares), so that fuel is burned and nothing raises. All are
filters with context, which Jinja never works out while compiling.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from rules.template_filters import check_arguments, checked_filter
from rules.template_words import REFUSED, Refused

ROOTS = ("payload", "headers", "query", "event", "rule", "hook", "events")
LOOP = ("index", "first", "last", "length")
PUT, EACH, COMPARE = "_put", "_each", "_compare"
DEEPEST = 25
DEEPEST_LOOP = 3
_ITEM_FILTERS = ("sort", "unique")

Scope = dict[str, str]  # the loop variables that are known here -> the field each stands for


@dataclass
class Checker:
    """Checks and rewrites one template; afterwards `fields` are those it reads, in order."""

    fields: dict[str, None] = field(default_factory=dict)
    loops: int = 0
    depth: int = 0

    def body(self, body: Sequence[nodes.Node], scope: Scope) -> list[nodes.Node]:
        """These statements, checked and rewritten."""
        return [self._statement(node, scope) for node in body]

    def _statement(self, node: nodes.Node, scope: Scope) -> nodes.Node:
        self._deeper(node)
        if isinstance(node, nodes.Output):
            node.nodes = [self._output(part, scope) for part in node.nodes]
        elif isinstance(node, nodes.If):
            self._if(node, scope)
        elif isinstance(node, nodes.For):
            self._for(node, scope)
        else:
            raise refuse(node)
        self.depth -= 1
        return node

    def _deeper(self, node: nodes.Node) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused(node.lineno, "This is nested too deep.", "Split it into simpler parts.")

    def _output(self, part: nodes.Expr, scope: Scope) -> nodes.Expr:
        if isinstance(part, nodes.TemplateData):
            return part
        before, self.fields = self.fields, {}
        found = self.expression(part, scope)  # first, for it looks how deep the part goes
        read, self.fields = tuple(self.fields), before | self.fields
        return _filter(PUT, found, [nodes.Const(field_text(part, scope)), nodes.Const(read)])

    def _if(self, node: nodes.If, scope: Scope) -> None:
        node.test = self.expression(node.test, scope)
        node.body = self.body(node.body, scope)
        for other in node.elif_:
            self._if(other, scope)
        node.else_ = self.body(node.else_, scope)

    def _for(self, node: nodes.For, scope: Scope) -> None:
        name = self._loop_name(node, scope)
        self.loops += 1
        if self.loops > DEEPEST_LOOP:
            raise Refused(node.lineno, "Repeats are nested more than three deep.", "Use fewer.")
        found = self.expression(node.iter, scope)
        items = field_text(_listed(node.iter), scope)
        inside = scope | {name: f"{items}[*]", "loop": ""}
        if node.test is not None:
            node.test = self.expression(node.test, inside)
        node.body = self.body(node.body, inside)
        node.else_ = self.body(node.else_, scope)
        self.loops -= 1
        cost = 20 + 2 * sum(1 for _ in node.find_all(nodes.Node))
        node.iter = _filter(EACH, found, [nodes.Const(cost), nodes.Const(items)])

    def _loop_name(self, node: nodes.For, scope: Scope) -> str:
        if node.recursive or not isinstance(node.target, nodes.Name):
            raise Refused(
                node.lineno,
                "A repeat has one name for its item.",
                "Write {% for item in payload.items %} ... {% endfor %}.",
            )
        name = node.target.name
        if name in (*ROOTS, *scope, "loop") or name.startswith("_"):
            raise Refused(node.lineno, f"The name '{name}' is taken.", "Choose another, as 'item'.")
        return name

    def expression(self, node: nodes.Node, scope: Scope) -> nodes.Expr:
        """This expression, checked and rewritten."""
        self._deeper(node)
        read = _EXPRESSIONS.get(type(node))
        if read is None:
            raise refuse(node)
        result = read(self, node, scope)
        self.depth -= 1
        return result

    def _const(self, node: nodes.Const, scope: Scope) -> nodes.Expr:
        _check_const(node)
        return node

    def _minus(self, node: nodes.Neg, scope: Scope) -> nodes.Expr:
        number = node.node
        if not isinstance(number, nodes.Const) or type(number.value) not in (int, float):
            raise refuse(node)
        _check_const(number)
        return nodes.Const(-number.value, lineno=node.lineno)

    def _name(self, node: nodes.Name, scope: Scope) -> nodes.Expr:
        if node.name == "loop" or node.name not in (*ROOTS, *scope):
            raise _unknown_name(node, scope)
        self.fields.setdefault(scope.get(node.name, node.name))
        return node

    def _dotted(self, node: nodes.Getattr | nodes.Getitem, scope: Scope) -> nodes.Expr:
        if isinstance(node, nodes.Getattr) and node.attr in LOOP and _is_loop(node.node, scope):
            return node
        if isinstance(node, nodes.Getitem):
            self._check_key(node, scope)
        known = set(self.fields)
        node.node = self.expression(node.node, scope)
        self._only_longest(field_text(node.node, scope), field_text(node, scope), known)
        return node

    def _only_longest(self, shorter: str, longer: str, known: set[str]) -> None:
        """payload.customer.name is one field that is read, not three."""
        if longer and shorter not in known:
            self.fields.pop(shorter, None)
        if longer:
            self.fields.setdefault(longer)

    def _check_key(self, node: nodes.Getitem, scope: Scope) -> None:
        node.arg = self.expression(node.arg, scope)
        if isinstance(node.arg, nodes.Const) and type(node.arg.value) not in (str, int):
            raise Refused(
                node.lineno, "In [ ] stands a name or a number.", "Write payload['name']."
            )

    def _filtered(self, node: nodes.Filter, scope: Scope) -> nodes.Expr:
        row, given = checked_filter(node)
        node.node = self.expression(given, scope)
        node.args = [self.expression(arg, scope) for arg in node.args]
        for pair in node.kwargs:
            pair.value = self.expression(pair.value, scope)
        check_arguments(row, node)
        return node

    def _choice(self, node: nodes.CondExpr, scope: Scope) -> nodes.Expr:
        node.test = self.expression(node.test, scope)
        node.expr1 = self.expression(node.expr1, scope)
        node.expr2 = self.expression(node.expr2 or nodes.Const("", lineno=node.lineno), scope)
        return node

    def _both(self, node: nodes.And | nodes.Or, scope: Scope) -> nodes.Expr:
        node.left = self.expression(node.left, scope)
        node.right = self.expression(node.right, scope)
        return node

    def _not(self, node: nodes.Not, scope: Scope) -> nodes.Expr:
        node.node = self.expression(node.node, scope)
        return node

    def _compared(self, node: nodes.Compare, scope: Scope) -> nodes.Expr:
        if len(node.ops) != 1:
            raise Refused(
                node.lineno, "One comparison at a time.", "Join two with 'and': a < b and b < c."
            )
        operand, left = node.ops[0], self.expression(node.expr, scope)
        if operand.op in ("in", "notin") and isinstance(operand.expr, nodes.List):
            for item in operand.expr.items:
                _check_const(item)
            right: nodes.Expr = operand.expr
        else:
            right = self.expression(operand.expr, scope)
        return _filter(COMPARE, left, [nodes.Const(operand.op), right])


_EXPRESSIONS: dict[type[nodes.Node], Callable[[Checker, Any, Scope], nodes.Expr]] = {
    nodes.Const: Checker._const,
    nodes.Neg: Checker._minus,
    nodes.Name: Checker._name,
    nodes.Getattr: Checker._dotted,
    nodes.Getitem: Checker._dotted,
    nodes.Filter: Checker._filtered,
    nodes.CondExpr: Checker._choice,
    nodes.And: Checker._both,
    nodes.Or: Checker._both,
    nodes.Not: Checker._not,
    nodes.Compare: Checker._compared,
}


def field_text(node: nodes.Node | None, scope: Scope) -> str:
    """The field that an expression reads, dotted; blank if it is none by itself."""
    while isinstance(node, nodes.Filter):
        node = node.node
    if isinstance(node, nodes.Name):
        return scope.get(node.name, node.name)
    if isinstance(node, nodes.Getattr):
        before, key = field_text(node.node, scope), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before, key = field_text(node.node, scope), node.arg.value
    else:
        return ""
    if not before:
        return ""
    if isinstance(key, str) and key.isidentifier():
        return f"{before}.{key}"
    return f"{before}[{key!r}]"


def refuse(node: nodes.Node) -> Refused:
    """What to say about a part that is not in the language."""
    for kind, (message, fix) in REFUSED.items():
        if isinstance(node, kind):
            return Refused(node.lineno, message, fix)
    return Refused(
        node.lineno,
        "This is not part of the template language.",
        "Use {{ a.field }}, filters, {% if %} and {% for %}.",
    )


def _check_const(node: nodes.Expr) -> None:
    value = node.value if isinstance(node, nodes.Const) else node
    if value is None or isinstance(value, bool | int):
        return
    if isinstance(value, float) and abs(value) != float("inf"):
        return
    if isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value):
        return
    raise Refused(node.lineno, "This value cannot be used here.", "Use plain text or a number.")


def _listed(node: nodes.Node) -> nodes.Node:
    """The field that a loop goes over, which may be sorted or made unique at most."""
    found: nodes.Node | None = node
    while isinstance(found, nodes.Filter) and found.name in _ITEM_FILTERS:
        found = found.node
    if isinstance(found, nodes.Name | nodes.Getattr | nodes.Getitem):
        return found
    raise Refused(
        node.lineno,
        "A repeat goes over a list of the event.",
        "Write {% for item in payload.items %}.",
    )


def _is_loop(node: nodes.Node, scope: Scope) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop" and "loop" in scope


def _filter(name: str, node: nodes.Expr, args: list[nodes.Expr]) -> nodes.Filter:
    return nodes.Filter(node, name, args, [], None, None, lineno=node.lineno)


def _unknown_name(node: nodes.Name, scope: Scope) -> Refused:
    if node.name == "loop":
        return Refused(
            node.lineno,
            "'loop' is used inside a repeat only, with a part of it.",
            f"Write one of {', '.join(f'loop.{name}' for name in LOOP)} inside {{% for %}}.",
        )
    near = difflib.get_close_matches(node.name, [*ROOTS, *scope], 1)
    fix = f"Did you mean '{near[0]}'?" if near else f"Fields of the event: payload.{node.name}."
    return Refused(node.lineno, f"There is no '{node.name}' here.", fix)
