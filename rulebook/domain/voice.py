"""How one hook's fields, values and rules are said: friendly names, types in words, cents as money.

Every page, list and answer that reads a rule back does so with this; so that a rule is said in one
way wherever one meets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.domain.called import ANY, currency_paths, known_name, label_for, own_name, shared
from rulebook.domain.rules import phrase
from rulebook.providers.contract import at
from rulebook.storage import fields
from rulebook.storage.hooks import Hook
from rules import parse
from rules.explain import Explanation
from rules.finding import Finding
from rules.lint import Note
from rules.money import money_words
from rules.nodes import Condition, Field, Group, Items, Node, Rule, Step
from rules.sentence import sentence, when_words
from rules.values import as_text, quoted, say, say_all
from rules.words import Telling, condition_words, field_words, value_words

MONEY_ROWS = ("number", "numbers", "number_pair")
# What an action says of a receiver that it takes from a field.
_PLACE = re.compile(r"\b(the (?:number|address) in) ([\w.\[\]]*\w\]?)")


@dataclass(frozen=True)
class Voice:
    """currencies: the currency of each amount in minor units, by its shared path."""

    provider: str
    currencies: Mapping[str, str]

    def read_back(self, document: Mapping[str, Any]) -> str:
        """A rule as one sentence. Raises RuleError where it cannot be read."""
        return self.sentence(parse(document))

    def sentence(self, rule: Rule) -> str:
        return sentence(rule, phrases=self.phrase, tell=self.telling(rule.when))

    def phrase(self, step: Step) -> str:
        """What a step does, with the field that it sends to under its friendly name."""
        return self.named(phrase(step))

    def named(self, words: str) -> str:
        """Words about a step ("the number in customer.phone") with the name for the path."""

        def name(found: re.Match[str]) -> str:
            known = known_name(self.provider, f"$.{found[2]}")
            return f"{found[1]} {_small(known or own_name(f'$.{found[2]}'))}"

        return _PLACE.sub(name, words)

    def noted(self, note: Note, rule: Rule | None) -> str:
        """A warning about a condition, with the field's friendly name."""
        for node, base in conditions(rule.when) if rule else ():
            said = field_words(node.field)
            if node.pointer == note.pointer and note.message.startswith(f"{said} "):
                return self.name(node.field, base) + quoted(note.message[len(said) :])
        return quoted(note.message)

    def condition(self, node: Condition, base: str = "") -> str:
        """One condition in plain words."""
        return condition_words(node, tell=_Telling(self, {id(node.field): base}).tell)

    def when(self, node: Node) -> str:
        """Conditions in plain words."""
        return when_words(node, tell=self.telling(node))

    def telling(self, *nodes: Node) -> Telling:
        """What says the fields and values of these nodes."""
        bases: dict[int, str] = {}
        for node in nodes:
            bases |= bases_of(node)
        return _Telling(self, bases).tell

    def currency(self, field: Field, base: str = "") -> str:
        """The currency that a field counts the smallest unit of; blank where it is no amount."""
        place = shared(field.path.text, base) if field.part == "payload" else ""
        return self.currencies.get(place) or self.currencies.get(place.removesuffix(ANY), "")

    def name(self, field: Field, base: str = "") -> str:
        """A field as it stands in a sentence: small, unless it is an abbreviation."""
        name = ""
        if field.part == "payload":
            path = shared(field.path.text, base) if base else field.path.text
            name = known_name(self.provider, path) or (
                known_name(self.provider, path.removesuffix(ANY)) if path.endswith(ANY) else ""
            )
        return _small(name) if name else field_words(field)

    def value(self, node: Condition, base: str = "") -> str:
        """What a condition compares with, as people write it."""
        if node.other:
            return self.name(node.other, base)
        money = node.operator.wants.name in MONEY_ROWS and self.currency(node.field, base)
        if money:
            values = node.value if isinstance(node.value, list) else [node.value]
            told = [money_words(value, money) or str(value) for value in values]
            last = " and " if node.operator.wants.name == "number_pair" else " or "
            return last.join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else told[0]
        label = label_for(self.provider, node.field.part, node.field.written, node.value)
        return label or quoted(value_words(node))

    def found(self, values: list[Any], field: Field, base: str = "") -> str:
        """The values that a condition found."""
        if len(values) != 1:
            return say_all(values, 3).replace("'", "")
        return self.one(values[0], field, base) or as_text(values[0]) or say(values[0])

    def one(self, value: Any, field: Field, base: str = "") -> str:
        """A value as money or in the sender's own words; blank where it is said as it is."""
        currency = self.currency(field, base)
        money = money_words(value, currency) if currency else ""
        return money or label_for(self.provider, field.part, field.written, value)

    def reason(self, finding: Finding, node: Condition, base: str = "") -> str:
        """amount is $62.00, needs to be at least $75.00"""
        values, name = finding.detail["found"]["values"], self.name(node.field, base)
        if len(values) == 1 and not node.other and self.one(values[0], node.field, base):
            asked = node.operator.words if finding.met else node.operator.needs
            asked = asked.replace("{value}", self.value(node, base))
            return f"{name} is {self.found(values, node.field, base)}, " + (
                f"which {asked}" if finding.met else asked
            )
        said, reason = field_words(node.field), quoted(finding.reason)
        return name + reason[len(said) :] if reason.startswith(f"{said} ") else reason

    def why(self, told: Explanation, when: Node) -> list[str]:
        """The reasons of those conditions that would turn the verdict; none where nothing does."""
        nodes = {each.pointer: (each, base) for each, base in conditions(when)}
        reasons = [
            self.reason(finding, *nodes[finding.pointer])
            for finding in _leaves(told.tree)
            if finding.pointer in told.blame and finding.pointer in nodes
        ]
        return list(dict.fromkeys(reasons))


@dataclass(frozen=True)
class _Telling:
    voice: Voice
    bases: Mapping[int, str]

    def tell(self, kind: str, words: str, node: Any) -> str:
        field = node if kind == "field" else node.field
        base = self.bases.get(id(field), "")
        return self.voice.name(field, base) if kind == "field" else self.voice.value(node, base)


def voice_of(hook: Hook) -> Voice:
    """How a hook is spoken of, as far as its events tell."""
    return voices_of([hook])[hook.id]


def voices_of(hooks: Iterable[Hook]) -> dict[str, Voice]:
    """The voice of each hook, by its id. An amount whose events have several currencies is said as
    the number it is, because it stands for another sum in each."""
    known = list(hooks)
    places = {place for hook in known for place in currency_paths(hook.provider).values()}
    seen = fields.examples([hook.id for hook in known], places) if places else {}
    found = {}
    for hook in known:
        currencies = {}
        for amount, place in currency_paths(hook.provider).items():
            codes = {str(code).casefold() for code in seen.get((hook.id, place), ())}
            if len(codes) == 1 and money_words(0, code := codes.pop()):
                currencies[amount] = code
        found[hook.id] = Voice(hook.provider, currencies)
    return found


def voice_at(hook: Hook, payload: Any) -> Voice:
    """How one event of a hook is spoken of: with its own currencies, where it has them."""
    there = {amount: at(payload, place) for amount, place in currency_paths(hook.provider).items()}
    own = {
        amount: code
        for amount, code in there.items()
        if isinstance(code, str) and money_words(0, code)
    }
    return Voice(hook.provider, {**voice_of(hook).currencies, **own})


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
    return (base if base.endswith(ANY) else f"{base}{ANY}") + path[1:] if path[:1] == "@" else path


def bases_of(node: Node, base: str = "") -> dict[int, str]:
    """For each field of a rule, the list that its `@` stands for an item of."""
    if isinstance(node, Condition):
        return {id(node.field): base} | ({id(node.other): base} if node.other else {})
    found: dict[int, str] = {}
    if isinstance(node, Group):
        for child in node.children:
            found |= bases_of(child, base)
    elif isinstance(node, Items):
        found = {id(node.field): base} | bases_of(node.where, inside(node.field.written, base))
    return found


def _leaves(finding: Finding) -> Iterator[Finding]:
    if not finding.children:
        yield finding
    for child in finding.children:
        yield from _leaves(child)


def _small(name: str) -> str:
    return name if name[:2].isupper() else name[:1].lower() + name[1:]
