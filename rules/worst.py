"""One message over many events: the worst texts that it becomes, and what it costs in all.

An author looks at one event; this finds those that he did not think of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rules.sms import Segments, segments
from rules.templates import IfMissing, SkipStep, Template, TemplateError

Id = TypeVar("Id")
SHOWN_GAPS = 5


@dataclass(frozen=True)
class Case(Generic[Id]):
    """The text for one event. `gaps`: fields it wanted and did not get; `problem`: why none."""

    id: Id
    text: str
    segments: Segments
    gaps: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Worst(Generic[Id]):
    """The cases worth a look, by what is odd about them, and the counts over all events.

    cases: longest (most SMS segments, then letters), shortest, gaps (most fields absent), odd
    (a letter outside the SMS alphabet), failed; each only where there is one.
    """

    cases: Mapping[str, Case[Id]]
    of: int
    written: int
    skipped: int
    failed: int
    with_gaps: int
    segments: int


def worst(
    template: Template,
    contexts: Iterable[tuple[Id, Mapping[str, Any]]],
    if_missing: IfMissing = "blank",
) -> Worst[Id]:
    """Render a template for each (id, context) and keep the worst; never raises for an event."""
    texts: list[Case[Id]] = []
    failed: list[Case[Id]] = []
    of = skipped = 0
    for id, context in contexts:
        of += 1
        try:
            found = template.rendered(context, if_missing=if_missing)
        except SkipStep:
            skipped += 1
        except TemplateError as error:
            failed.append(Case(id, "", segments(""), (), f"{error.message} {error.fix}".strip()))
        else:
            texts.append(Case(id, found.text, segments(found.text), found.gaps[:SHOWN_GAPS]))
    gaps, total = sum(bool(case.gaps) for case in texts), sum(c.segments.segments for c in texts)
    return Worst(_worst(texts, failed), of, len(texts), skipped, len(failed), gaps, total)


def _worst(texts: list[Case[Id]], failed: list[Case[Id]]) -> dict[str, Case[Id]]:
    """The first case of each kind that is as bad as any."""
    cases: dict[str, Case[Id]] = {}
    if texts:
        cases["longest"] = max(texts, key=_length)
        cases["shortest"] = min(texts, key=_length)
    for name, badness in BAD.items():
        bad = max(texts, key=badness, default=None)
        if bad and badness(bad):
            cases[name] = bad
    return {**cases, "failed": failed[0]} if failed else cases


def _length(case: Case[Any]) -> tuple[int, int]:
    return case.segments.segments, case.segments.letters


BAD: dict[str, Callable[[Case[Any]], int]] = {
    "gaps": lambda case: len(case.gaps),
    "odd": lambda case: case.segments.segments if case.segments.odd else 0,
}
