"""The fields that stand in a text, one by one, and how each of them is changed.

An author sees pills: a field's name, its value, how it is written, what stands there when it is
missing. The text stays the truth: an edit rewrites one {{ ... }} and leaves the rest as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes

from rules.filters import FILTERS
from rules.template_check import ROOTS, Scope, field_text

_SYNTAX = Environment(optimized=False)  # reads only; what it reads is never run
_OPEN = re.compile(r"\{\{|\{%|\{#")
_CLOSE = {"{{": "}}", "{%": "%}", "{#": "#}"}
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_INSIDE = {
    sign: re.compile(rf"(?:{_QUOTED}|(?!{re.escape(sign)})[^'\"])*", re.DOTALL)
    for sign in ("}}", "%}")
}
_PART = re.compile(rf"{_QUOTED}|[^'\"|()\[\]]+|.", re.DOTALL)
_FOR = re.compile(r"for\s+(\w+)\s+in\s+(.+)", re.DOTALL)
_CALL = re.compile(r"\s*(\w+)")


@dataclass(frozen=True)
class Tag:
    """A piece of a text in {{ }} or {% %}: where it stands, and what is written in it."""

    start: int
    end: int
    kind: str  # "{{" or "{%"
    inside: str


@dataclass(frozen=True)
class Pill:
    """A field that is written into a text.

    base: as it stands there; calls: the filters after it; field: the whole way to it, also through
    repeats (payload.lines[*].sku). around: the {% for %} tags that it stands in, and the innermost
    repeat's span in the text.
    """

    start: int
    end: int
    base: str
    calls: tuple[str, ...]
    field: str
    around: tuple[str, ...] = ()
    repeat: tuple[int, int] | None = None

    @property
    def fallback(self) -> str | None:
        """The text that stands there when the field is missing; None when none is given."""
        found = next((call for call in self.calls if _name(call) == "default"), None)
        return None if found is None else _argument(found)

    @property
    def written(self) -> str:
        """A template that writes this field alone; of a repeat all, with commas between."""
        inner = "{{ " + " | ".join((self.base, *self.calls)) + " }}"
        for tag in reversed(self.around):
            inner = f"{tag}{inner}{{% if not loop.last %}}, {{% endif %}}{{% endfor %}}"
        return inner


def tags(source: str) -> Iterator[Tag]:
    """The pieces in {{ }} and {% %}, in order, up to the first that is not closed."""
    at = 0
    while found := _OPEN.search(source, at):
        sign = _CLOSE[found[0]]
        if found[0] == "{#":
            at = source.find(sign, found.end()) + 2
            if at < 2:
                return
            continue
        inside = _INSIDE[sign].match(source, found.end())
        assert inside is not None, "a run of anything, also of nothing"
        if not source.startswith(sign, inside.end()):
            return
        at = inside.end() + 2
        yield Tag(found.start(), at, found[0], _trimmed(inside[0]))


def _trimmed(inside: str) -> str:
    """Without the signs that take blanks away, as in {{- x -}}."""
    return inside.removeprefix("-").removeprefix("+").removesuffix("-").strip()


def pills(source: str) -> list[Pill]:
    """The fields that are written into a text, in order. What is no plain field is left out."""
    found: list[tuple[Pill, int | None]] = []
    open_tags: list[tuple[Tag, Scope]] = []
    spans: dict[int, tuple[int, int]] = {}
    for tag in tags(source):
        scope = open_tags[-1][1] if open_tags else {}
        if tag.kind == "{{":
            pill = _pill(tag, scope, [source[t.start : t.end] for t, _ in open_tags])
            if pill:
                found.append((pill, open_tags[-1][0].start if open_tags else None))
        elif opens := _FOR.match(tag.inside):
            items = field_of(_parts(opens[2])[0], scope)
            open_tags.append((tag, scope | {opens[1]: f"{items}[*]" if items else "", "loop": ""}))
        elif tag.inside == "endfor" and open_tags:
            opened, _ = open_tags.pop()
            spans[opened.start] = (opened.start, tag.end)
    return [_in_repeat(pill, spans.get(at) if at is not None else None) for pill, at in found]


def _in_repeat(pill: Pill, span: tuple[int, int] | None) -> Pill:
    return Pill(pill.start, pill.end, pill.base, pill.calls, pill.field, pill.around, span)


def _pill(tag: Tag, scope: Scope, around: Sequence[str]) -> Pill | None:
    base, *calls = _parts(tag.inside)
    field = field_of(base, scope)
    if not field:
        return None
    return Pill(tag.start, tag.end, base, tuple(calls), field, tuple(around))


def _parts(inside: str) -> list[str]:
    """A field and its filters, parted at the bars that stand in no bracket."""
    parts, depth = [""], 0
    for found in _PART.findall(inside):
        depth += (found in "([") - (found in ")]") if len(found) == 1 else 0
        if found == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += found
    return [part.strip() for part in parts]


def field_of(base: str, scope: Scope | None = None) -> str:
    """The field that an expression is, dotted; blank when it is none."""
    try:
        tree = _SYNTAX.parse("{{ " + base + " }}")
    except (TemplateSyntaxError, RecursionError, ValueError):
        return ""
    whole = tree.body[0] if len(tree.body) == 1 else None
    body = whole.nodes if isinstance(whole, nodes.Output) else []
    if len(body) != 1 or isinstance(body[0], nodes.TemplateData | nodes.Filter):
        return ""
    found = field_text(body[0], scope or {})
    return found if re.split(r"[.\[]", found, maxsplit=1)[0] in ROOTS else ""


def _name(call: str) -> str:
    found = _CALL.match(call)
    return found[1] if found else ""


def _argument(call: str) -> str | None:
    """The text that a filter is given first; None where it is given none, or a field."""
    try:
        tree = _SYNTAX.parse("{{ x | " + call + " }}")
    except (TemplateSyntaxError, RecursionError, ValueError):
        return None
    given = next(iter(tree.find_all(nodes.Filter)), None)
    first = given.args[0] if given and given.args else None
    return str(first.value) if isinstance(first, nodes.Const) else None


def quoted(text: str) -> str:
    """A text as it is written inside a template."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def toggled(calls: Sequence[str], call: str) -> tuple[str, ...]:
    """The filters with this one: it takes the place of its like, or goes if it was there."""
    like = _likeness(call)
    kept = [each for each in calls if _likeness(each) != like]
    if call in calls:
        return tuple(kept)
    last = next((at for at, each in enumerate(kept) if _name(each) == "default"), len(kept))
    return (*kept[:last], call, *kept[last:])


def _likeness(call: str) -> str:
    row = FILTERS.get(_name(call))
    return (row.like or row.name) if row else call


def with_fallback(calls: Sequence[str], text: str | None) -> tuple[str, ...]:
    """The filters with this text in place of a missing field; None takes it away."""
    kept = tuple(call for call in calls if _name(call) != "default")
    return kept if text is None else (*kept, f"default({quoted(text)})")


def rewritten(source: str, pill: Pill, calls: Sequence[str], base: str = "") -> str:
    """The text with other filters on this field, or with another field in its place."""
    written = "{{ " + " | ".join((base or pill.base, *calls)) + " }}"
    return source[: pill.start] + written + source[pill.end :]


def removed(source: str, pill: Pill) -> str:
    """The text without this field, and without the repeat that held nothing else."""
    start, end = pill.start, pill.end
    if pill.repeat:
        inside = source[pill.repeat[0] + len(pill.around[-1]) : start]
        after = source[end : pill.repeat[1]].rpartition("{%")[0]
        if not inside.strip() and not after.strip(" ,;\n"):
            start, end = pill.repeat
    before, rest = source[:start], source[end:]
    if before[-1:] in ("", " ", "\n") and rest[:1] == " ":
        rest = rest[1:]
    return before + rest
