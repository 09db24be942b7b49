"""The pills below a text box: each field in it by name, with its value and a menu. And the edits
that a pill's buttons make, on the document alone.

A button says what it changes as JSON: the box, which of its fields, and what for. The field's own
text goes along, so that a press on a pill that has moved meanwhile finds it again.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rulebook.actions import ACTIONS
from rules import RuleError
from rules.catalog import kind_of
from rules.errors import Unusable
from rules.filters import FILTERS
from rules.fuel import absent
from rules.paths import TooMuch, parse_path
from rules.pills import Pill, pills, quoted, removed, rewritten, tags, toggled, with_fallback
from rules.sms import plain
from rules.templates import SkipStep, TemplateError, compile_template
from web.draft import Document

LONGEST_VALUE = 40
ONLY_TEXT = ("text", "empty", "")
OWN_KIND = ("date", "list")  # what is one of these is known as one, so that nothing else need be


@dataclass(frozen=True)
class Offer:
    """One line of a pill's menu: how the field would be written, and how that looks."""

    do: str
    words: str
    sample: str
    chosen: bool


@dataclass(frozen=True)
class PillRow:
    """One field of a text. value: as it is written for the chosen event; problem: why it cannot
    be; fallback: what stands there when it is missing, None when nothing was said."""

    id: str
    name: str
    value: str
    missing: bool
    problem: str
    offers: list[Offer]
    fallback: str | None
    do_fallback: str
    do_remove: str
    box: str  # the name of the box that a new fallback is typed into


@dataclass(frozen=True)
class Around:
    """What pills are drawn with: the chosen event as templates see it, the name and the kind of a
    field, and how the currency of an amount is written, if one is known."""

    context: Mapping[str, Any]
    name_of: Callable[[str], str]
    kind_of: Callable[[str], str]
    currency_of: Callable[[str], str | None]


def rows(id: str, place: str, source: str, around: Around) -> list[PillRow]:
    """A pill for each field of a text."""
    return [_row(f"{id}-p{n}", place, n, pill, around) for n, pill in enumerate(pills(source))]


def _row(id: str, place: str, n: int, pill: Pill, around: Around) -> PillRow:
    value, missing, problem = _written(pill, around.context)
    mark: dict[str, Any] = {"at": place, "n": n, "base": pill.base}
    return PillRow(
        id, around.name_of(pill.field), value, missing, problem,
        list(_offers(pill, mark, around)), pill.fallback,
        _do("fallback", mark), _do("unpill", mark), f"instead {place} {n}",
    )  # fmt: skip


def _do(verb: str, mark: Mapping[str, Any]) -> str:
    return f"{verb} {json.dumps(mark, ensure_ascii=False, separators=(',', ':'))}"


def _written(pill: Pill, context: Mapping[str, Any]) -> tuple[str, bool, str]:
    """A field as the text would show it, whether it is missing, and why it cannot be shown."""
    try:
        text = compile_template(pill.written).render(context, if_missing="skip")
    except SkipStep:
        return "", True, ""
    except TemplateError as error:
        return "", False, error.message
    except RuleError:
        return "", False, ""  # told beside the box
    return _short(text), pill.fallback is not None and _is_missing(pill, context), ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1].rstrip() + "…"


def _is_missing(pill: Pill, context: Mapping[str, Any]) -> bool:
    return not [value for value in values_of(pill.field, context) if not absent(value)]


def values_of(name: str, context: Mapping[str, Any]) -> Sequence[Any]:
    """What a field, as templates write it, holds in an event; of items all."""
    root = name[: next((at for at, letter in enumerate(name) if letter in ".["), len(name))]
    try:
        return parse_path("$" + name[len(root) :], "$", root == "headers").values(context.get(root))
    except (Unusable, TooMuch):
        return []


def _offers(pill: Pill, mark: Mapping[str, Any], around: Around) -> Iterator[Offer]:
    """The ways to write a field that make sense for its kind, and that can be used on its value."""
    found = values_of(pill.field, around.context)
    kind = around.kind_of(pill.field)
    if kind in ("", "empty") and found:
        kind = kind_of(found[0], pill.field.rpartition(".")[2])
    fitting = [row for row in FILTERS.values() if (kind or "text") in row.kinds]
    for row in sorted(fitting, key=lambda row: row.like != "look"):
        if row.kinds[0] in OWN_KIND and row.kinds[0] != kind:
            continue
        for call, words in row.offers:
            for each, more in _with_currency(call, around.currency_of(pill.field)):
                offer = _offer(pill, mark, each, words + more, around.context, kind)
                if offer:
                    yield offer


def _with_currency(call: str, currency: str | None) -> list[tuple[str, str]]:
    if "{currency}" not in call:
        return [(call, "")]
    if currency:
        return [(call.format(currency=currency), "")]
    known = (("usd", "dollars"), ("eur", "euros"), ("gbp", "pounds"))
    return [(call.format(currency=quoted(code)), f": {words}") for code, words in known]


def _offer(
    pill: Pill,
    mark: Mapping[str, Any],
    call: str,
    words: str,
    context: Mapping[str, Any],
    kind: str,
) -> Offer | None:
    chosen = call in pill.calls
    calls = pill.calls if chosen else toggled(pill.calls, call)
    shown = Pill(pill.start, pill.end, pill.base, calls, pill.field, pill.around)
    value, missing, problem = _written(shown, context)
    if not chosen and (problem or _does_nothing(pill, call, missing, kind, context)):
        return None
    return Offer(_do("format", {**mark, "call": call}), words, value, chosen)


def _does_nothing(
    pill: Pill, call: str, missing: bool, kind: str, context: Mapping[str, Any]
) -> bool:
    """A filter that dresses numbers or dates, offered for a text that it cannot read."""
    row = FILTERS[call.partition("(")[0]]
    if missing or row.like != "look" or kind not in ONLY_TEXT:
        return False
    bare, alone = (
        Pill(pill.start, pill.end, pill.base, calls, pill.field, pill.around)
        for calls in ((), (call,))
    )
    return _written(bare, context)[0] == _written(alone, context)[0]


def press(document: Document, verb: str, rest: str, typed: Callable[[str], str]) -> Document:
    """The document after a pill's button; unchanged where the field is no longer there. typed: the
    text in a box of the form."""
    try:
        mark = json.loads(rest)
        draft = copy.deepcopy(document)
        step, name = step_and_field(draft, mark["at"])
        source = str(step["config"][name])
        pill = _found(source, mark)
        if pill:
            step["config"][name] = _PRESSED[verb](source, pill, mark, typed)
        return draft
    except (ValueError, LookupError, TypeError):
        return document


def step_and_field(document: Document, place: str) -> tuple[Document, str]:
    """The step and the name of the field that a box's pointer names. Raises LookupError."""
    _, _, step, _, name = place.split("/", 4)
    found: Document = document["then"][int(step)]
    found.setdefault("config", {})
    return found, name


def _found(source: str, mark: Mapping[str, Any]) -> Pill | None:
    known = pills(source)
    n = mark["n"]
    if isinstance(n, int) and 0 <= n < len(known) and known[n].base == mark["base"]:
        return known[n]
    return next((pill for pill in known if pill.base == mark["base"]), None)


def _format(source: str, pill: Pill, mark: Mapping[str, Any], typed: Callable[[str], str]) -> str:
    return rewritten(source, pill, toggled(pill.calls, str(mark["call"])))


def _fallback(source: str, pill: Pill, mark: Mapping[str, Any], typed: Callable[[str], str]) -> str:
    text = typed(f"instead {mark['at']} {mark['n']}").strip()
    return rewritten(source, pill, with_fallback(pill.calls, text or None))


def _unpill(source: str, pill: Pill, mark: Mapping[str, Any], typed: Callable[[str], str]) -> str:
    return removed(source, pill)


_PRESSED = {"format": _format, "fallback": _fallback, "unpill": _unpill}
VERBS = frozenset(_PRESSED)


def with_plain(document: Document, place: str, context: Mapping[str, Any]) -> Document:
    """The document with plain letters in all that the step at `place` says to people."""
    draft = copy.deepcopy(document)
    try:
        step = draft["then"][int(place.removeprefix("/then/"))]
        fields = ACTIONS[step["action"]].fields
    except (ValueError, LookupError, TypeError):
        return document
    for each in fields:
        source = step.get("config", {}).get(each.name)
        if each.template and not each.receiver and isinstance(source, str):
            step["config"][each.name] = with_plain_letters(source, context)
    return draft


def with_plain_letters(source: str, context: Mapping[str, Any]) -> str:
    """The text with plain letters for odd ones: its own are replaced, and a field whose value here
    has some in it is written with plain letters from now on."""
    for pill in reversed(pills(source)):
        value = " ".join(str(each) for each in values_of(pill.field, context))
        if plain(value) != value and "plain" not in pill.calls:
            source = rewritten(source, pill, toggled(pill.calls, "plain"))
    text, at = "", 0
    for tag in tags(source):
        text += plain(source[at : tag.start]) + source[tag.start : tag.end]
        at = tag.end
    return text + plain(source[at:])
