"""Every rule's verdict on an event in words: what matched, what missed and by how much, what took
no part and why, and how a rule is different today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rulebook.domain.changes import changed_since
from rulebook.domain.trace import JudgedRule, Trace
from rulebook.domain.voice import Voice, voice_at
from web.explained import Row, looked_at, missed, rows

MOST_SHOWN = 30  # rules with their conditions; the others are a click away


@dataclass(frozen=True)
class Told:
    """One rule's verdict, ready to be drawn. `changes`: what became different since, or None where
    nobody looked."""

    judged: JudgedRule
    matched: bool
    rows: list[Row]
    looked: set[str]
    lead: str = ""
    rest: str = ""
    changes: list[str] | None = None


def spoken(trace: Trace) -> Voice:
    """How the event is spoken of."""
    return voice_at(trace.hook, trace.payload.value if trace.payload else None)


def story(trace: Trace, voice: Voice, everything: bool = False) -> list[Told]:
    """The verdicts: those that matched in order, the others nearest first, and last the rules that
    took no part. Only as many as a page can show, unless asked for everything."""
    matched = sum(judged.met and judged.counted for judged in trace.judged)
    most = len(trace.judged) if everything else matched + MOST_SHOWN
    return [_told(judged, voice) for judged in trace.judged[:most]]


def _told(judged: JudgedRule, voice: Voice) -> Told:
    explanation = judged.explanation
    table = rows(judged.parsed, explanation, voice)
    matched = judged.met and judged.counted
    lead, rest = ("", "") if matched else _unmatched(judged, voice)
    changes = None
    if judged.rule.deleted_at is None and judged.rule.version != judged.version.number:
        changes = changed_since(judged.rule, judged.version, voice)
    return Told(judged, matched, table, looked_at(explanation), lead, rest, changes)


def _unmatched(judged: JudgedRule, voice: Voice) -> tuple[str, str]:
    if judged.counted:
        return missed(judged.parsed, judged.explanation, voice)
    lead, rest = _ABSENT[judged.part](judged)
    if judged.explanation.met:
        return lead, f"{rest} Its conditions fit."
    how, why = missed(judged.parsed, judged.explanation, voice)
    return lead, f"{rest} It would have {how[:1].lower()}{how[1:]}{why}"


def _blocked(judged: JudgedRule) -> str:
    return f"“{judged.by.name}”" if judged.by else "another rule"


_ABSENT: dict[str, Callable[[JudgedRule], tuple[str, str]]] = {
    "off": lambda judged: ("It was off", " when the event came."),
    "newer": lambda judged: ("It is newer", " than this event."),
    "stopped": lambda judged: (
        "It was not looked at", f": {_blocked(judged)} matched, and stops the rules below it.",
    ),
    "spared": lambda judged: (
        "It was not looked at",
        f": it acts only when no other rule matches, and {_blocked(judged)} did.",
    ),
    "elsewhere": lambda judged: (
        "It took no part", ": the rules of this hook stood in another order then.",
    ),
}  # fmt: skip
