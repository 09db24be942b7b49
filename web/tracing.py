"""An event's trace: the whole way from top to bottom, step by step, each with its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rulebook.actions import ACTIONS
from rulebook.domain.called import ANY
from rulebook.domain.trace import Trace
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.storage.attempts import Attempt
from rulebook.storage.runs import Run
from rules.catalog import fields_of
from rules.paths import MISSING, parse_path
from rules.templates import TemplateError, compile_template
from web.fieldlist import as_people_write
from web.shown import DELIVERY_SAYS, delivery_words, run_words, size
from web.story import Told

_OUTCOMES = {
    "yes": ("ok", "ok", "accepted"),
    "no": ("doubt", "wait", "not taken"),
    "no_for_good": ("bad", "fail", "not sent"),
    "not_sent": ("doubt", "wait", "not sent"),
    "ambiguous": ("doubt", "doubt", "no clear answer"),
}
_OPEN = "Anyone with this web address can trigger this"


@dataclass(frozen=True)
class Step:
    """One step of the trace; `what` says which drawing its `thing` gets below its text; `later` is
    how long after the step before it."""

    id: str
    title: str
    kind: str
    drawing: str
    at: datetime | None
    text: str = ""
    what: str = ""
    thing: Any = None
    later: str = ""


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


def took(trace: Trace, found: Sequence[Step]) -> str:
    """How long all of it took: "210 ms of calls over 62.0 s"; nothing where nothing was called."""
    tries = [each for some in trace.attempts.values() for each in some]
    called = sum(each.duration_ms or 0 for each in tries) / 1000
    last = max((step.at for step in found if step.at), default=trace.event.received_at)
    over = (last - trace.event.received_at).total_seconds()
    whole = _span(max(over, called))
    if called < 0.0005:
        return whole if tries else ""
    return f"{_span(called)} of calls over {whole}"


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
        text = trace.signature or "The signature was correct."
        text = text.replace("The signature", f"The {provider.label} signature", 1)
        return Step("checked", "Verified", "ok", "shield-ok", event.received_at, text)
    if event.verification == "refused":
        text = event.reason
        return Step("checked", "Refused", "bad", "shield-bad", event.received_at, text)
    text = _OPEN + ("; give the hook its signing secret." if provider.signature else ".")
    return Step("checked", "Not checked", "off", "shield-none", event.received_at, text)


def _delivery(trace: Trace) -> Iterator[Step]:
    event = trace.event
    if event.state in ("refused", "handshake"):
        return
    if event.state == "duplicate":
        yield Step("delivery", "Seen before", "off", "same", event.received_at, event.reason,
                   "first", event.duplicate_of)  # fmt: skip
    elif event.provider_id:
        yield Step("delivery", "First delivery", "ok", "same", event.received_at, "The id is new.",
                   "repeats", trace.duplicates)  # fmt: skip
    else:
        text = "This tool gives no id, so repeats are not told apart."
        yield Step("delivery", "Kept", "off", "same", event.received_at, text)


def _judging(trace: Trace, told: Sequence[Told]) -> Iterator[Step]:
    event = trace.event
    if event.state in ("received", "processing"):
        yield Step("judged", "Being judged", "wait", "wait", None, "The rules look at it now.")
    elif event.state == "held":
        yield Step("judged", "Held", "doubt", "held", None, event.reason)
    elif event.state == "handshake":
        yield Step("judged", "Answered", "ok", "connection", event.received_at, event.reason)
    elif event.state == "poison":
        yield Step("judged", "Could not be judged", "bad", "fail", None, event.reason)
    elif event.state == "done" and trace.body is None:
        text = "What was sent is no longer kept, so the rules cannot be explained again."
        yield Step("judged", "Judged", "off", "rule", event.judged_at, text)
    elif event.state == "done" and not event.matched:
        text = "No rule matched; the nearest ones stand below."
        if not any(each.judged.counted for each in told):
            text = "No rule was on for this hook. The event is kept."
        yield Step("judged", "Judged", "off", "rule", event.judged_at, text)


def _rule(trace: Trace, told: Told) -> Step:
    rule = told.judged.rule
    mode = "" if told.judged.mode == "live" else ", in Watch mode"
    return Step(f"rule-{rule.id}", f"Rule: {rule.name}, matched{mode}", "ok", "ok",
                trace.event.judged_at, what="rule", thing=told)  # fmt: skip


def _run(trace: Trace, run: Run) -> Iterator[Step]:
    kind, word, _ = run_words(run)
    action = ACTIONS.get(run.action)
    again = "Test" if run.test else "Again" if run.replay_no else "Run"
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
        later = later_than(before, step.at)
        before = step.at or before
        yield replace(step, later=later)


def later_than(before: datetime | None, at: datetime | None) -> str:
    """ "+7 ms", "+2.5 s", "+3 min"; nothing for what was not later."""
    seconds = (at - before).total_seconds() if before and at else 0
    return f"+{_span(seconds)}" if seconds >= 0.0005 else ""


def _span(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


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


def time_hints(value: Any, zone: ZoneInfo) -> dict[str, str]:
    """Times on the reader's clock, by canonical path; those in lists stand as they were sent."""
    return {
        parse_path(each.path).text: said
        for each in fields_of(value)
        if each.kind == "date" and ANY not in each.path
        and (said := as_people_write(each.kind, each.example, "", zone))
    }  # fmt: skip


def _as_money(there: dict[str, Any]) -> str:
    template = compile_template("{{ payload.amount | money(payload.currency) }}")
    try:
        return template.render({"payload": there})
    except TemplateError:
        return ""
