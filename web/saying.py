"""A draft in words: the rule as one sentence with its fields and values marked, money as money."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.domain.backtest import Judged
from rulebook.domain.weigh import Weighed
from rulebook.storage.hooks import Hook
from rules.explain import Explanation
from rules.finding import Finding
from rules.money import money_words
from rules.nodes import Condition, Field, Group, Items, Node
from rules.sentence import when_words
from rules.values import as_text, say, say_all
from rules.words import condition_words, field_words, value_words
from web.fieldlist import Fields, Row, label_for, own_name

# Marks round a field and a value inside a sentence; of the letters that are for private use.
_OPEN, _CLOSE = {"field": "\ue010", "value": "\ue011"}, "\ue012"
_MARKED = re.compile("([\ue010\ue011])([^\ue010-\ue012]*)\ue012")
_QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)")
MONEY_ROWS = ("number", "numbers", "number_pair")


@dataclass(frozen=True)
class Voice:
    """How this hook's fields and values are said."""

    hook: Hook
    fields: Fields

    def sentence(self, weighed: Weighed, document: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The whole rule in parts: ("field" | "value" | "action" | "", text)."""
        start = "When ..."
        if weighed.rule:
            words = self.when(weighed.rule.when)
            start = f"When {words}"
            if (document.get("options") or {}).get("otherwise"):
                start += " and no other rule is met"
        return [
            *parts(f"{start}, "),
            ("action", ", then ".join(weighed.phrases) or "do nothing yet"),
            ("", "."),
        ]

    def when(self, node: Node) -> str:
        """Conditions in words, with marks."""
        return when_words(node, tell=_Telling(self, _bases(node)).tell)

    def condition(self, node: Condition, base: str = "") -> str:
        """One condition in plain words."""
        told = condition_words(node, tell=_Telling(self, {id(node.field): base}).tell)
        return unmarked(told)

    def row(self, field: Field, base: str = "") -> Row | None:
        return self.fields.find(field.part, field.path.text, base)

    def name(self, field: Field, base: str = "") -> str:
        """A field as it stands in a sentence: small, unless it is an abbreviation."""
        row = self.row(field, base)
        name = row.name if row else ""
        if not name or name == own_name(field.path.text):
            return field_words(field)
        return name if name[:2].isupper() else name[:1].lower() + name[1:]

    def value(self, node: Condition, base: str = "") -> str:
        """What a condition compares with, as people write it."""
        if node.other:
            return self.name(node.other, base)
        row = self.row(node.field, base)
        money = row.currency if row and node.operator.wants.name in MONEY_ROWS else ""
        if money:
            values = node.value if isinstance(node.value, list) else [node.value]
            told = [money_words(value, money) or str(value) for value in values]
            last = " and " if node.operator.wants.name == "number_pair" else " or "
            return last.join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else told[0]
        label = label_for(self.hook, node.field.part, node.field.written, node.value)
        return label or quoted(value_words(node))

    def found(self, finding: Finding, row: Row | None) -> str:
        """The values that a condition found."""
        values = finding.detail.get("found", {}).get("values") or []
        if len(values) != 1:
            return say_all(values, 3).replace("'", "")
        money = money_words(values[0], row.currency) if row and row.currency else ""
        label = label_for(self.hook, row.part, row.path, values[0]) if row else ""
        text = as_text(values[0])
        return money or label or (text if text else say(values[0]))

    def why(self, judged: Judged, weighed: Weighed, saved: Node | None) -> str:
        """The reason of a verdict that changes, or that was near."""
        told: Explanation | None = judged.why
        now = weighed.rule.when if weighed.rule else None
        when = saved if judged.turn == "starts" else now
        if told is None or when is None:
            return ""
        nodes = {each.pointer: (each, base) for each, base in conditions(when)}
        reasons = [
            self._reason(finding, *nodes[finding.pointer])
            for finding in _leaves(told.tree)
            if finding.pointer in told.blame and finding.pointer in nodes
        ]
        words = list(dict.fromkeys(reasons)) or [told.summary.partition(": ")[2].rstrip(".")]
        more = f" and {len(words) - 2} more" if len(words) > 2 else ""
        return "; ".join(words[:2]) + more

    def _reason(self, finding: Finding, node: Condition, base: str) -> str:
        """amount is $62.00, needs to be at least $75.00"""
        row, values = self.row(node.field, base), finding.detail["found"]["values"]
        name = self.name(node.field, base)
        said = field_words(node.field)
        if finding.met or len(values) != 1 or not (row and row.currency) or node.other:
            reason = finding.reason
            return name + reason[len(said) :] if reason.startswith(f"{said} ") else reason
        needs = node.operator.needs.replace("{value}", self.value(node, base))
        return f"{name} is {self.found(finding, row)}, {needs}"


@dataclass(frozen=True)
class _Telling:
    voice: Voice
    bases: Mapping[int, str]

    def tell(self, kind: str, words: str, node: Any) -> str:
        field = node if kind == "field" else node.field
        base = self.bases.get(id(field), "")
        told = self.voice.name(field, base) if kind == "field" else self.voice.value(node, base)
        return f"{_OPEN[kind]}{unmarked(told)}{_CLOSE}"


def conditions(node: Node, base: str = "") -> Iterator[tuple[Condition, str]]:
    """Every condition with the list whose item it looks at."""
    if isinstance(node, Condition):
        yield node, base
    elif isinstance(node, Group):
        for child in node.children:
            yield from conditions(child, base)
    elif isinstance(node, Items):
        yield from conditions(node.where, inside(node.field.written, base))


def inside(path: str, base: str) -> str:
    """The list that an items group looks into, as a path from the top."""
    return (base if base.endswith("[*]") else f"{base}[*]") + path[1:] if path[:1] == "@" else path


def _bases(node: Node, base: str = "") -> dict[int, str]:
    """For each field of a rule, the list that its `@` stands for an item of."""
    if isinstance(node, Condition):
        return {id(node.field): base} | ({id(node.other): base} if node.other else {})
    found: dict[int, str] = {}
    if isinstance(node, Group):
        for child in node.children:
            found |= _bases(child, base)
    elif isinstance(node, Items):
        found = {id(node.field): base} | _bases(node.where, inside(node.field.written, base))
    return found


def _leaves(finding: Finding) -> Iterator[Finding]:
    if not finding.children:
        yield finding
    for child in finding.children:
        yield from _leaves(child)


def parts(text: str) -> list[tuple[str, str]]:
    """A marked text in parts, each with its kind."""
    found, end = [], 0
    kinds = {mark: kind for kind, mark in _OPEN.items()}
    for marked in _MARKED.finditer(text):
        found += [("", text[end : marked.start()]), (kinds[marked[1]], marked[2])]
        end = marked.end()
    return [(kind, words) for kind, words in [*found, ("", text[end:])] if words]


def quoted(text: str) -> str:
    """Straight quotes round a value as people print them."""
    return _QUOTED.sub("“\\1”", text)


def unmarked(text: str) -> str:
    return re.sub("[\ue010-\ue012]", "", text)
