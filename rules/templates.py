"""Messages with fields in them: a small total language in Jinja2's syntax.

Nothing that an author or a sender writes can call, import, calculate or run away: what is not in
the language is refused when the template is compiled, and every step of a rendering burns fuel.
Missing fields and null are blank; where the rule says so, they skip the step or fail it instead.
A test in {% if %} and the filter `default` may look at a field that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, NoReturn

import jinja2
from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rules import template_compare
from rules.errors import RuleError
from rules.filters import FILTERS, Filter
from rules.filters.lists import items_of
from rules.filters.plain import is_list, text_of, weight
from rules.fuel import (
    MISSING,
    Missing,
    MissingField,
    OutOfFuel,
    SkipStep,
    TemplateError,
    TooLong,
    Unusable,
    Work,
    Written,
    absent,
)
from rules.paths import name_of
from rules.template_check import COMPARE, EACH, LOOP, PUT, ROOTS, Checker
from rules.template_escape import CONTROL, DESTINATIONS
from rules.template_words import Refused, unreadable
from rules.words import sentence_case

__all__ = [
    "MissingField",
    "OutOfFuel",
    "Rendered",
    "SkipStep",
    "Template",
    "TemplateError",
    "TooLong",
    "Unusable",
    "Written",
    "compile_template",
]

LONGEST_SOURCE = 16_384  # bytes
MOST_TOKENS = 1_500  # words and signs inside {{ }} and {% %}: about 300 fields
_NO_SIGNS = ("data", "whitespace")
LIMIT = 262_144  # letters written
IfMissing = Literal["blank", "skip", "fail"]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Keys and indexes only: `payload.items` is the key, and there are no attributes to climb."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext):
            return getattr(obj, attribute) if attribute in LOOP else MISSING
        return _look(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return _look(obj, argument)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise SecurityError("nothing can be called")


def _look(obj: object, key: object) -> object:
    if isinstance(obj, dict) or isinstance(obj, Mapping):  # asking for the first is much quicker
        return obj.get(key if isinstance(key, str) else text_of(key), MISSING)
    if is_list(obj) and type(key) is int and -len(obj) <= key < len(obj):
        return obj[key]
    return MISSING


def _work(context: Context) -> Work:
    work: Work = context["_work"]
    return work


@pass_context
def _put(context: Context, value: object, field: str, read: tuple[str, ...]) -> str:
    """Write a value where it goes, or do what the rule says about fields that are not there."""
    work, destination = _work(context), context["_destination"]
    work.burn(20)
    if absent(value):
        _without(work, field)
    work.burn(weight(value, work.fuel))
    work.inserted = True
    text: str = destination.insert(value)
    if work.written is not None:
        work.written.append(Written(read, text, text_of(value)))
    return text


@pass_context
def _each(context: Context, value: object, cost: int, field: str) -> Sequence[object]:
    """The items to go round, paid for in advance."""
    work = _work(context)
    if absent(value):
        _without(work, field)
        return ()
    items = items_of(value)
    work.burn(cost * len(items))
    return items


@pass_context
def _compare(context: Context, left: object, op: str, right: object) -> bool:
    work = _work(context)
    work.burn(20 + weight([left, right], work.fuel))
    return template_compare.met(left, op, right)


def _without(work: Work, field: str) -> None:
    work.gaps[field or "A field"] = None
    if work.if_missing == "skip":
        raise SkipStep(f"Skipped: {_called(field)} is not in this event.", field)
    if work.if_missing == "fail":
        raise MissingField(
            f"{_called(field)} is not in this event.",
            field,
            "Choose a field that is always there, or say in the rule what stands in its place.",
        )


def _called(field: str) -> str:
    """A field of a template, payload.a.b, by its last name and by its path."""
    root = re.match(r"\w+", field)
    if root is None:
        return "A field"
    try:
        return f"{sentence_case(name_of('$' + field[root.end() :]))} ({field})"
    except (RuleError, Unusable):
        return field


def _metered(row: Filter) -> Any:
    """A filter of the table as Jinja calls it; with context, so never while compiling."""

    @pass_context
    def call(context: Context, value: object, *args: object, **named: object) -> object:
        return row.apply(_work(context), value, args, named)

    return call


def _sandbox() -> _Sandbox:
    sandbox = _Sandbox(optimized=False, undefined=Missing, keep_trailing_newline=True, cache_size=0)
    sandbox.filters = {name: _metered(row) for name, row in FILTERS.items()}
    sandbox.filters |= {PUT: _put, EACH: _each, COMPARE: _compare}
    sandbox.tests = {}
    sandbox.globals = {}
    return sandbox


_SANDBOX = _sandbox()


@dataclass(frozen=True)
class Rendered:
    """A text, and the fields that it was to show and that the event does not have."""

    text: str
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """One compiled text. `fields`: those it reads; `literal_prefix`: the text before the first.

    `literal`: it holds no fields at all, and is always the same.
    """

    source: str
    escape: str
    limit: int
    fields: tuple[str, ...]
    literal: bool
    literal_prefix: str
    _program: jinja2.Template | None

    def render(self, context: Mapping[str, object], *, if_missing: IfMissing = "blank") -> str:
        """The text for one event; raises TemplateError, or one of its kinds, and nothing else.

        context: payload, headers, query, event, rule, hook (in a digest: events). Times are
        shown in hook["zone"], and "ago" counts from event["received_at"].
        """
        return self.rendered(context, if_missing=if_missing).text

    def rendered(
        self, context: Mapping[str, object], *, if_missing: IfMissing = "blank"
    ) -> Rendered:
        """As `render`, with the fields that were written and are not in the event."""
        if self.literal and len(self.literal_prefix) <= self.limit:
            return Rendered(self.literal_prefix)
        work = Work(if_missing, _zone(context), _look(context.get("event"), "received_at"))
        try:
            return Rendered("".join(self._pieces(context, work)), tuple(work.gaps))
        except TemplateError:
            raise
        except Exception as problem:
            raise TemplateError(
                "This text could not be put together for this event.",
                "Try it with fewer filters, or with another field.",
            ) from problem

    def written(self, context: Mapping[str, object]) -> list[Written]:
        """What `render` writes for each {{ }}, as far as it comes."""
        look = _look(context.get("event"), "received_at")
        work = Work("blank", _zone(context), look, written=[])
        if not self.literal:
            with suppress(Exception):
                "".join(self._pieces(context, work))
        return work.written or []

    def _pieces(self, context: Mapping[str, object], work: Work) -> Iterator[str]:
        destination, length = DESTINATIONS[self.escape](), 0
        variables = {name: context[name] for name in ROOTS if name in context}
        for piece in self._generate(variables | {"_work": work, "_destination": destination}):
            if not work.inserted:
                destination.literal(piece)
            work.inserted = False
            work.burn(len(piece))
            length += len(piece)
            if length > self.limit:
                raise TooLong(self.limit)
            yield piece

    def _generate(self, variables: dict[str, object]) -> Iterator[str]:
        if self._program is None:
            return iter((self.literal_prefix,))
        # Not generate(): it rewrites tracebacks of errors that are meant for people.
        return self._program.root_render_func(self._program.new_context(variables))


def _zone(context: Mapping[str, object]) -> str:
    return text_of(_look(context.get("hook"), "zone")) or "UTC"


def compile_template(
    source: str, *, pointer: str = "", escape: str = "text", limit: int = LIMIT
) -> Template:
    """A template ready to render, or RuleError at `pointer` with the line and the remedy.

    escape: text, html, json, url or header (one line). limit: letters that may be written.
    """
    try:
        return _compile(source, escape, limit)
    except Refused as refused:
        raise RuleError(pointer, f"Line {refused.line}: {refused.message}", refused.fix) from None


@lru_cache(maxsize=256)
def _compile(source: str, escape: str, limit: int) -> Template:
    source = source.strip() if DESTINATIONS[escape].one_line else source
    _check_source(source, DESTINATIONS[escape].one_line)
    tree, checker = _parse(source), Checker()
    prefix, literal = _prefix(tree)
    tree.body = checker.body(tree.body, {})
    program = None if literal else _program(tree)
    return Template(source, escape, limit, tuple(checker.fields), literal, prefix, program)


def _check_source(source: str, one_line: bool) -> None:
    if len(source.encode("utf-8", "replace")) > LONGEST_SOURCE:
        raise Refused(1, "The template is longer than 16 kB.", "Shorten it.")
    for number, line in enumerate(source.split("\n"), 1):
        if "\0" in line or any("\ud800" <= letter <= "\udfff" for letter in line):
            raise Refused(number, "There is a character here that cannot be sent.", "Remove it.")
        if one_line and (number > 1 or CONTROL.search(line)):
            raise Refused(number, "This must be a single line.", "Remove line breaks and tabs.")


def _parse(source: str) -> nodes.Template:
    try:
        signs = (kind for _, kind, _ in _SANDBOX.lex(source) if kind not in _NO_SIGNS)
        if next(islice(signs, MOST_TOKENS, None), None):
            raise Refused(1, "There are too many fields and tags in this.", "Split it in two.")
        return _SANDBOX.parse(source)
    except jinja2.TemplateSyntaxError as error:
        raise unreadable(error) from None
    except (RecursionError, ValueError, SyntaxError, OverflowError, MemoryError):
        raise Refused(1, "This is too long or nested too deep.", "Use simpler parts.") from None


def _prefix(tree: nodes.Template) -> tuple[str, bool]:
    """The author's text before the first field or tag, and whether there is nothing else."""
    prefix: list[str] = []
    for node in tree.body:
        for part in node.nodes if isinstance(node, nodes.Output) else [node]:
            if not isinstance(part, nodes.TemplateData):
                return "".join(prefix), False
            prefix.append(part.data)
    return "".join(prefix), True


def _program(tree: nodes.Template) -> jinja2.Template:
    tree.set_environment(_SANDBOX)
    try:
        code = _SANDBOX.compile(tree)
        return jinja2.Template.from_code(_SANDBOX, code, {})
    except jinja2.TemplateSyntaxError as error:
        raise unreadable(error) from None
    except (RecursionError, ValueError, SyntaxError, OverflowError, MemoryError):
        raise Refused(1, "This is too long or nested too deep.", "Use simpler parts.") from None
