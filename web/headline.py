"""What became of an event, in a sentence or two, and whether more is to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rulebook.actions import ACTIONS
from rulebook.domain.trace import Trace
from rulebook.storage import utcnow
from rulebook.storage.runs import Run
from web.shown import clock

REPORTS_WITHIN = timedelta(minutes=15)

_KNOWN = {
    "received": "Received, waiting to be judged.",
    "processing": "Received, being judged.",
    "refused": "Refused. Kept, but not judged; nothing was sent.",
    "held": "Held while the hook was paused. Kept, but not judged; nothing was sent.",
    "duplicate": "Seen before. It is noted, and nothing is done twice.",
    "handshake": "A handshake of the tool. Answered and kept; no rule looks at it.",
    "poison": "Could not be judged. It is kept; nothing was sent for it.",
}
_SAID = {
    "succeeded": "sent",
    "practice": "kept in the Practice outbox, not sent",
    "delivered": "sent, delivered",
    "read": "sent, read",
    "failed": "failed",
    "unknown": "may have been sent",
    "held": "held",
    "queued": "waiting",
    "again": "waiting, next attempt",
    "sending": "being sent",
    "skipped": "skipped",
    "cancelled": "cancelled",
    "watched": "would have been sent",
}


def headline(trace: Trace) -> str:
    """What became of the event, in a sentence or two."""
    event = trace.event
    said = " ".join(_runs_said(trace.runs))
    if event.state in _KNOWN:
        return f"{_KNOWN[event.state]} {said}".strip()
    if not event.judged:
        return f"No rule was on for this hook. {said or 'The event is kept, nothing was sent.'}"
    if not event.matched:
        none = "The one rule here did not match."
        if event.judged > 1:
            none = f"Matched none of {event.judged} rules."
        return f"{none} {said or 'Nothing was sent.'}"
    many = "rule" if event.judged == 1 else "rules"
    return f"Matched {event.matched} of {event.judged} {many}. {said}".strip()


def next_look(trace: Trace) -> int | None:
    """In how many seconds to look again; None when nothing more happens by itself."""
    moving = any(run.state in ("queued", "sending") for run in trace.runs)
    if trace.event.state in ("received", "processing") or moving:
        return 1
    return 5 if any(awaits_report(run) for run in trace.runs) else None


def awaits_report(run: Run) -> bool:
    """Whether its provider may still tell within minutes what became of it."""
    action = ACTIONS.get(run.action)
    fresh = run.finished_at is not None and run.finished_at > utcnow() - REPORTS_WITHIN
    reported = run.delivery not in (None, "sent")
    return bool(
        action and action.reports and run.provider_ref and fresh and not reported
        and run.state in ("succeeded", "unknown")
    )  # fmt: skip


def _runs_said(found: Sequence[Run]) -> Iterator[str]:
    groups: dict[tuple[bool, str, str], list[Run]] = {}
    for run in found:
        groups.setdefault((run.test, _noun(run.summary), _state(run)), []).append(run)
    for (test, noun, state), those in groups.items():
        many = noun if len(those) == 1 or noun.isupper() else noun + "s"
        kind = "test " if test else ""
        yield f"{len(those)} {kind}{many} {_SAID[state]}{_when(state, those)}."


def _state(run: Run) -> str:
    if run.state == "succeeded" and run.practice:
        return "practice"
    if run.state == "succeeded" and run.delivery in ("delivered", "read"):
        return run.delivery
    if run.state == "queued" and run.attempts and run.next_attempt_at:
        return "again"
    return run.state


def _when(state: str, those: list[Run]) -> str:
    """The moment, where there is one alone."""
    if len(those) != 1:
        return ""
    at = {"delivered": those[0].delivery_at, "read": those[0].delivery_at,
          "again": those[0].next_attempt_at}.get(state)  # fmt: skip
    return f" {clock(at)[:8]}" if at else ""


def _noun(summary: str) -> str:
    """ "SMS to +1 415" is an SMS; whatever names no receiver is a request."""
    noun, receiver, _ = summary.partition(" to ")
    if not receiver:
        return "request"
    return noun if noun.isupper() else noun.lower()
