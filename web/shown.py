"""How things are said on pages: times in the workspace's zone, sizes, states in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from rulebook.actions import ACTIONS
from rulebook.domain.accounts import SignedIn
from rulebook.domain.attention import Worry, count_worries, heard_and_muted
from rulebook.domain.gist import type_name
from rulebook.domain.hiding import gist_shown
from rulebook.domain.phones import readable
from rulebook.domain.tallying import price_of
from rulebook.storage import utcnow
from web.fragments import flashes

# State -> (kind of mark, the word people read, icon).
RUN_WORDS = {
    "queued": ("wait", "Waiting", "wait"),
    "sending": ("wait", "Sending", "send"),
    "succeeded": ("ok", "Sent", "ok"),
    "practice": ("watch", "Kept, not sent", "outbox"),
    "failed": ("bad", "Failed", "fail"),
    "unknown": ("doubt", "May have been sent", "doubt"),
    "held": ("doubt", "Held", "held"),
    "skipped": ("off", "Skipped", "off"),
    "cancelled": ("off", "Cancelled", "off"),
    "watched": ("watch", "Would have sent", "watch"),
}
EVENT_WORDS = {
    "received": ("wait", "Waiting", "wait"),
    "processing": ("wait", "Being judged", "wait"),
    "matched": ("ok", "Matched", "ok"),
    "unmatched": ("off", "Nothing matched", "off"),
    "poison": ("bad", "Could not be judged", "fail"),
    "duplicate": ("off", "Seen before", "same"),
    "refused": ("bad", "Refused", "shield-bad"),
    "held": ("doubt", "Held", "held"),
    "handshake": ("off", "Handshake, answered", "connection"),
}

# What a provider reported of the way to the receiver -> the same three.
DELIVERY_WORDS = {
    "sent": ("ok", "On its way", "send"),
    "delivered": ("ok", "Delivered", "ok"),
    "read": ("ok", "Read", "ok"),
    "undelivered": ("bad", "Not delivered", "fail"),
    "failed": ("bad", "Not delivered", "fail"),
}
DELIVERY_SAYS = {
    "sent": "The receiver's network has taken it. Whether it arrived is not known yet.",
    "delivered": "The receiver's network confirmed it.",
    "read": "The receiver has read it.",
    "undelivered": "The receiver's network did not deliver it.",
    "failed": "It was not handed to the receiver's network.",
    None: "None. That it was accepted is all that is known.",
}
OUTCOME_WORDS = {
    "yes": ("ok", "Accepted", "ok"),
    "no": ("bad", "Refused", "fail"),
    "no_for_good": ("bad", "Refused for good", "fail"),
    "not_sent": ("off", "Not sent", "off"),
    "ambiguous": ("doubt", "May have been sent", "doubt"),
    None: ("wait", "Under way", "wait"),
}
_NUMBERS = "no one two three four five six seven eight nine ten".split()


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        ago=ago,
        clock=clock,
        stamp=stamp,
        day=day,
        date=date,
        size=size,
        thousands=thousands,
        money=money,
    )
    app.jinja_env.filters["reached"] = readable
    app.jinja_env.filters.update(in_words=in_words, numbered=enumerate, in_sentence=in_sentence)
    app.jinja_env.globals.update(run_words=run_words, event_words=event_words, type_name=type_name)
    app.jinja_env.globals.update(gist=gist_shown, flashes=flashes)
    app.jinja_env.globals.update(delivery_words=delivery_words, delivery_says=DELIVERY_SAYS)
    app.jinja_env.globals.update(cost_words=cost_words)
    app.jinja_env.globals.update(
        outcome_words=outcome_words, action_icon=action_icon, moment=utcnow
    )
    app.context_processor(_everywhere)


def _everywhere() -> dict[str, Any]:
    here = g.get("signed_in")
    return {
        "current_user": here.user if here else None,
        "workspace": here.workspace if here else None,
        "role": here.role if here else None,
        "needs_you": _needs_you,
        "theme": request.cookies.get("theme", "system"),
        "version": current_app.config["VERSION"],
        "now": utcnow(),
    }


def needs(workspace_id: str) -> tuple[list[Worry], list[Worry]]:
    """What needs a person, and what is muted; looked for once in a request, and only by a page
    that tells of it."""
    if "needs" not in g:
        g.needs = heard_and_muted(workspace_id)
    found: tuple[list[Worry], list[Worry]] = g.needs
    return found


def _needs_you() -> int:
    """How many things wait for a person; a page that tells of a broken database has to be drawn."""
    here: SignedIn | None = g.get("signed_in")
    if here is None:
        return 0
    if "needs" in g:
        return len(g.needs[0])
    if "needs_count" not in g:
        try:
            g.needs_count = count_worries(here.workspace.id)
        except SQLAlchemyError:
            g.needs_count = 0
    count: int = g.needs_count
    return count


def outcome_words(attempt: Any, practice: bool = False) -> tuple[str, str, str]:
    """Mark, word and icon for how an attempt ended."""
    if practice and attempt.outcome == "yes":
        return RUN_WORDS["practice"]
    return OUTCOME_WORDS[attempt.outcome]


def action_icon(name: str) -> str:
    """The drawing of an action type; a plain one for a type that is gone."""
    return ACTIONS[name].icon if name in ACTIONS else "run"


def in_words(count: int) -> str:
    """Small numbers as words: 3 as "three"; larger ones as figures."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else thousands(count)


def run_words(run: Any) -> tuple[str, str, str]:
    """Mark, word and icon for a run's state; a practice run is never called sent, and a report
    that agrees with the state says it more exactly."""
    reported = delivery_words(run)
    agrees = {"succeeded": "ok", "failed": "bad"}.get(run.state) == reported[0]
    if agrees and run.delivery != "sent":
        return reported
    return RUN_WORDS["practice" if run.practice and run.state == "succeeded" else run.state]


def cost_words(run: Any) -> str:
    """What the run's message cost or would cost; empty where nothing is known."""
    price = price_of(run)
    return f"${price.normalize():f}" if price else ""


def delivery_words(run: Any) -> tuple[str, str, str]:
    """Mark, word and icon for what the provider reported; empty words while it has not."""
    return DELIVERY_WORDS.get(run.delivery, ("", "", ""))


def event_words(event: Any) -> tuple[str, str, str]:
    """Mark, word and icon for what became of an event."""
    state = event.state
    if state == "done":
        state = "matched" if event.matched else "unmatched"
    return EVENT_WORDS[state]


def zone() -> ZoneInfo:
    """The signed-in person's own zone or else their workspace's, or that of the page that is
    shown."""
    if "zone" in g:
        return g.zone
    here = g.get("signed_in")
    return ZoneInfo((here.user.zone or here.workspace.zone) if here else "UTC")


def ago(at: datetime | None) -> str:
    """How long ago, or how far ahead: "6 minutes ago", "in 30 seconds"."""
    if at is None:
        return "never"
    seconds = (utcnow() - at).total_seconds()
    words = _span(abs(seconds))
    if words == "now":
        return "just now"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def _span(seconds: float) -> str:
    if seconds < 2:
        return "now"
    for most, size, word in (
        (90, 1, "second"), (90 * 60, 60, "minute"), (36 * 3600, 3600, "hour"),
        (60 * 86400, 86400, "day"), (730 * 86400, 30 * 86400, "month"),
        (float("inf"), 365 * 86400, "year"),
    ):  # fmt: skip
        if seconds < most:
            count = max(1, round(seconds / size))
            return f"{count} {word}{'' if count == 1 else 's'}"
    raise AssertionError("every span is below infinity")


def clock(at: datetime) -> str:
    """The time of day to the thousandth."""
    local = at.astimezone(zone())
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def stamp(at: datetime) -> str:
    """Date and time in full."""
    local = at.astimezone(zone())
    return f"{local:%A} {local.day} {local:%B %Y}, {local:%H:%M:%S}"


def day(at: datetime) -> str:
    """Today's times as a time, others with their date: "today 14:02", "18 Nov, 14:02"."""
    words = date(at)
    comma = "" if words in ("today", "yesterday") else ","
    return f"{words}{comma} {at.astimezone(zone()):%H:%M}"


def date(at: datetime) -> str:
    """The day alone: "today", "yesterday", "18 Nov", with the year where it is another."""
    local, today = at.astimezone(zone()), utcnow().astimezone(zone()).date()
    if local.date() == today:
        return "today"
    if (today - local.date()).days == 1:
        return "yesterday"
    return f"{local.day} {local:%b}" + (f" {local.year}" if local.year != today.year else "")


def size(count: int) -> str:
    """Bytes in words: "1.4 kB"."""
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def money(count: int) -> str:
    """Hundredths of a US cent as "$0.46"; less than a cent is said as such."""
    return f"${count / 10_000:,.2f}" if count >= 100 else "below $0.01"


def thousands(count: int) -> str:
    """4210 as "4,210"."""
    return f"{count:,}"


def in_sentence(label: str) -> str:
    """A label within a sentence: HMAC key stays, Signing secret becomes signing secret."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
