"""An event's trace in words: the headline, the steps with their times, the rules that missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.trace import JudgedRule, Trace
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.storage.attempts import Attempt
from rulebook.storage.runs import Run
from rules import parse
from rules.paths import MISSING, parse_path
from rules.templates import TemplateError, compile_template
from web.explained import Row, friendly_names, looked_at, missed, rows
from web.shown import DELIVERY_SAYS, delivery_words, run_words, size

_SAID = {
    "succeeded": "sent",
    "practice": "kept in the Practice outbox, not sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "unknown": "may have been sent",
    "held": "held",
    "queued": "waiting",
    "sending": "being sent",
    "skipped": "skipped",
    "cancelled": "cancelled",
    "watched": "would have been sent",
}
_OUTCOMES = {
    "yes": ("ok", "ok", "accepted"),
    "no": ("doubt", "wait", "not taken"),
    "no_for_good": ("bad", "fail", "not sent"),
    "ambiguous": ("doubt", "doubt", "the answer was lost"),
}


@dataclass(frozen=True)
class Told:
    """One rule's verdict, ready to be drawn."""

    judged: JudgedRule
    matched: bool
    rows: list[Row]
    looked: set[str]
    lead: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Step:
    """One step of the trace; `what` says which drawing its `thing` gets below its text."""

    id: str
    title: str
    kind: str
    drawing: str
    at: datetime | None
    text: str = ""
    what: str = ""
    thing: Any = None
    later: str = ""


def story(trace: Trace) -> list[Told]:
    """Every rule's verdict: those that matched in order, then the others, nearest first."""
    hints = money_hints(trace)
    return [_told(judged, trace.hook.provider, hints) for judged in trace.judged]


def _told(judged: JudgedRule, provider: str, hints: dict[str, str]) -> Told:
    parsed = parse(judged.version.document)
    table = rows(parsed, judged.explanation, friendly_names(provider), hints)
    looked = looked_at(judged.explanation)
    if judged.met and judged.counted:
        return Told(judged, True, table, looked)
    if judged.counted:
        return Told(judged, False, table, looked, *missed(judged.explanation))
    why = "it was off at that time, or a rule above stopped it."
    if parsed.options.otherwise:
        why = "it acts only when no other rule matches, or it was off at that time."
    return Told(
        judged, False, table, looked, "Its conditions fit, but it did not take part", f": {why}"
    )


def settled(trace: Trace) -> bool:
    """Whether nothing more happens by itself."""
    moving = any(run.state in ("queued", "sending") for run in trace.runs)
    return trace.event.state not in ("received", "processing") and not moving


def headline(trace: Trace) -> str:
    """What became of the event, in a sentence or two."""
    event = trace.event
    known = {
        "received": "Received, waiting to be judged.",
        "processing": "Received, being judged.",
        "refused": "Refused. Kept, but not judged; nothing was sent.",
        "held": "Held while the hook was paused. Kept, but not judged; nothing was sent.",
        "duplicate": "Seen before. It is noted, and nothing is done twice.",
        "poison": "Could not be judged. It is kept; nothing was sent for it.",
    }.get(event.state)
    said = " ".join(_runs_said(trace.runs))
    if known:
        return f"{known} {said}".strip()
    if not event.judged:
        return f"No rule was on for this hook. {said or 'The event is kept, nothing was sent.'}"
    if not event.matched:
        none = "The one rule here did not match."
        if event.judged > 1:
            none = f"Matched none of {event.judged} rules."
        return f"{none} {said or 'Nothing was sent.'}"
    many = "rule" if event.judged == 1 else "rules"
    return f"Matched {event.matched} of {event.judged} {many}. {said}".strip()


def _runs_said(found: Sequence[Run]) -> Iterator[str]:
    groups: dict[tuple[str, str], int] = {}
    for run in found:
        state = "practice" if run.practice and run.state == "succeeded" else run.state
        if state == "succeeded" and run.delivery in ("delivered", "read"):
            state = run.delivery
        key = (_noun(run.summary), _SAID[state])
        groups[key] = groups.get(key, 0) + 1
    for (noun, said), count in groups.items():
        yield f"{count} {noun if count == 1 or noun.isupper() else noun + 's'} {said}."


def _noun(summary: str) -> str:
    """ "SMS to +1 415" is an SMS; whatever names no receiver is a request."""
    noun, receiver, _ = summary.partition(" to ")
    if not receiver:
        return "request"
    return noun if noun.isupper() else noun.lower()


def steps(trace: Trace, told: Sequence[Told]) -> list[Step]:
    """The whole way, top to bottom; each step says how much later than the one before it was."""
    found = [_received(trace), _checked(trace), *_delivery(trace), *_judging(trace, told)]
    first = [run for run in trace.runs if not run.replay_no]
    for each in told:
        if each.matched:
            found.append(_rule(trace, each))
            own = [run for run in first if run.rule_id == each.judged.rule.id]
            found += [step for run in own for step in _run(trace, run)]
    drawn = {each.judged.rule.id for each in told if each.matched}
    rest = [run for run in trace.runs if run.replay_no or run.rule_id not in drawn]
    found += [step for run in rest for step in _run(trace, run)]
    return list(_with_deltas(found))


def _received(trace: Trace) -> Step:
    event = trace.event
    where = f", from {event.address}" if event.address else ""
    text = f"{event.method}, {size(event.size)}{where}."
    if event.sample:
        text = f"A sample that was sent from here: {text}"
    return Step("received", "Received", "ok", "received", event.received_at, text)


def _checked(trace: Trace) -> Step:
    event = trace.event
    provider = PROVIDERS.get(trace.hook.provider, UNKNOWN_SENDER)
    if event.verification == "verified":
        text = f"The {provider.label} signature is correct."
        return Step("checked", "Verified", "ok", "shield-ok", event.received_at, text)
    if event.verification == "refused":
        text = event.reason
        return Step("checked", "Refused", "bad", "shield-bad", event.received_at, text)
    text = "Anyone with this URL can trigger this"
    text += "; give the hook its signing secret." if provider.signature else "."
    return Step("checked", "Not checked", "off", "shield-none", event.received_at, text)


def _delivery(trace: Trace) -> Iterator[Step]:
    event = trace.event
    if event.state == "refused":
        return
    if event.state == "duplicate":
        yield Step("delivery", "Seen before", "off", "same", event.received_at, event.reason,
                   "first", event.duplicate_of)  # fmt: skip
    elif event.provider_id:
        yield Step("delivery", "First delivery", "ok", "same", event.received_at, "The id is new.",
                   "repeats", trace.duplicates)  # fmt: skip
    else:
        text = "This sender gives no id, so repeats are not told apart."
        yield Step("delivery", "Kept", "off", "same", event.received_at, text)


def _judging(trace: Trace, told: Sequence[Told]) -> Iterator[Step]:
    event = trace.event
    if event.state in ("received", "processing"):
        yield Step("judged", "Being judged", "wait", "wait", None, "The rules look at it now.")
    elif event.state == "held":
        yield Step("judged", "Held", "doubt", "held", None, event.reason)
    elif event.state == "poison":
        yield Step("judged", "Could not be judged", "bad", "fail", None, event.reason)
    elif event.state == "done" and trace.body is None:
        text = "What was sent is no longer kept, so the rules cannot be explained again."
        yield Step("judged", "Judged", "off", "rule", event.judged_at, text)
    elif event.state == "done" and not event.matched:
        text = "No rule matched; the nearest ones stand below."
        if not told:
            text = "No rules on this hook yet. The event is kept."
        yield Step("judged", "Judged", "off", "rule", event.judged_at, text)


def _rule(trace: Trace, told: Told) -> Step:
    rule = told.judged.rule
    mode = "" if told.judged.mode == "live" else ", in Watch mode"
    return Step(f"rule-{rule.id}", f"Rule: {rule.name}, matched{mode}", "ok", "ok",
                trace.event.judged_at, what="rule", thing=told)  # fmt: skip


def _run(trace: Trace, run: Run) -> Iterator[Step]:
    kind, word, _ = run_words(run)
    action = ACTIONS.get(run.action)
    again = "Again" if run.replay_no else "Run"
    yield Step(f"run-{run.id}", f"{again}: {run.summary}", kind, action.icon if action else "run",
               run.created_at, what="run", thing=run)  # fmt: skip
    for attempt in trace.attempts.get(run.id, []):
        yield _attempt(run, attempt)
    if run.delivery:
        kind, word, drawing = delivery_words(run)
        yield Step(f"run-{run.id}-report", f"Report: {word[0].lower()}{word[1:]}", kind, drawing,
                   run.delivery_at, DELIVERY_SAYS[run.delivery])  # fmt: skip


def _attempt(run: Run, attempt: Attempt) -> Step:
    kind, drawing, word = _OUTCOMES.get(attempt.outcome or "", ("wait", "send", "under way"))
    if attempt.outcome == "yes" and run.practice:
        kind, drawing, word = "watch", "outbox", "kept"
    return Step(f"run-{run.id}-{attempt.n}", f"Attempt {attempt.n}: {word}", kind, drawing,
                attempt.started_at, what="attempt", thing=(run, attempt))  # fmt: skip


def _with_deltas(found: Sequence[Step]) -> Iterator[Step]:
    before: datetime | None = None
    for step in found:
        later = _later(before, step.at)
        before = step.at or before
        yield replace(step, later=later)


def _later(before: datetime | None, at: datetime | None) -> str:
    """ "+7 ms", "+2.5 s", "+3 min"; nothing for what was not later."""
    seconds = (at - before).total_seconds() if before and at else 0
    if seconds < 0.0005:
        return ""
    if seconds < 1:
        return f"+{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"+{seconds:.1f} s"
    return f"+{seconds / 60:.0f} min" if seconds < 7200 else f"+{seconds / 3600:.0f} h"


def money_hints(trace: Trace) -> dict[str, str]:
    """Amounts as money, by canonical path, where the provider counts in cents."""
    provider = PROVIDERS.get(trace.hook.provider, UNKNOWN_SENDER)
    if trace.payload is None:
        return {}
    hints: dict[str, str] = {}
    for path, currency in provider.money.items():
        there = {"amount": parse_path(path).get(trace.payload.value),
                 "currency": parse_path(currency).get(trace.payload.value)}  # fmt: skip
        if MISSING not in there.values():
            said = _as_money(there)
            hints |= {parse_path(path).text: said} if said else {}
    return hints


def _as_money(there: dict[str, Any]) -> str:
    template = compile_template("{{ payload.amount | money(payload.currency) }}")
    try:
        return template.render({"payload": there})
    except TemplateError:
        return ""
