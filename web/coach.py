"""The first event of a hook, step by step: ready, received, verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulebook.domain.gist import type_name
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from web.shown import clock, date, day, in_sentence, size
from web.signing import Signing


@dataclass(frozen=True)
class CoachStep:
    """One step: done, to be done now (`current`), or later."""

    id: str
    title: str
    text: str
    kind: str
    drawing: str
    current: bool = False


@dataclass(frozen=True)
class Coach:
    """The steps; `done` once there is nothing left to wait for."""

    steps: list[CoachStep]
    done: bool

    @property
    def at(self) -> int:
        """The number of the step one stands at, from 1."""
        return next((n for n, each in enumerate(self.steps, 1) if each.current), len(self.steps))


def coach(hook: Hook, newest: Sequence[Event], secret: bool, signed: Signing) -> Coach:
    """Where a hook stands; `newest` are its newest events, newest first."""
    provider = PROVIDERS.get(hook.provider, UNKNOWN_SENDER)
    sender = "A tool" if provider.fallback else provider.label
    ready = CoachStep("ready", "The web address is ready", f"Made {day(hook.created_at)}.",
                      "ok", "ok")  # fmt: skip
    steps = [ready, _received(hook, newest, sender)]
    if signed.signs:
        steps.append(_verified(newest, secret, sender, signed))
    return Coach(steps, all(each.kind == "ok" for each in steps))


def _received(hook: Hook, newest: Sequence[Event], sender: str) -> CoachStep:
    if not newest:
        text = "Waiting for the first event. It shows here by itself, or send a sample."
        return CoachStep("received", f"{sender} calls it", text, "wait", "wait", current=True)
    first = newest[-1]
    what = type_name(hook.provider, first.event_type) or "no type"
    when = f"{date(first.received_at).capitalize()} {clock(first.received_at)[:8]}"
    text = f"{when}, {what}, {size(first.size)}"
    text += ", a sample." if first.sample else "."
    return CoachStep("received", f"{sender} calls it", text, "ok", "ok")


def _verified(newest: Sequence[Event], secret: bool, sender: str, signed: Signing) -> CoachStep:
    if newest and not secret:
        text = "Anyone with this web address can trigger this hook."
        text += f" Give the {in_sentence(signed.label)}."
        return CoachStep("verified", "Not checked yet", text, "doubt", "shield-none", current=True)
    if any(event.verification == "verified" for event in newest):
        return CoachStep("verified", "Verified", f"{sender} signed it, and the signature is right.",
                         "ok", "shield-ok")  # fmt: skip
    if newest and newest[0].verification == "refused":
        text = refusing(newest, signed.why)
        return CoachStep("verified", "The signature does not match", text, "bad", "shield-bad",
                         current=True)  # fmt: skip
    text = "Ticks itself with the first event whose signature is right."
    return CoachStep("verified", "Verified", text, "off", "wait", current=bool(newest))


def refusing(newest: Sequence[Event], why: str = "") -> str:
    """Why the newest event was refused, and that nothing is lost; nothing when it was not. why: the
    reason that a closer look has found."""
    if not newest or newest[0].verification != "refused":
        return ""
    count = sum(event.verification == "refused" for event in newest)
    what = "1 event was" if count == 1 else f"{count} events were"
    return f"{why or newest[0].reason} Nothing is lost: {what} refused and kept."
