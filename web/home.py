"""Home: the first steps of a newcomer; later what needs a person, the last day, the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain.attention import Worry, dismiss, worries
from rulebook.domain.rules import read_back
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.storage import connections, events, figures, hooks, rules, runs, utcnow, verdicts
from web.guard import actor, own_page
from web.shown import clock, in_words, zone

pages = Blueprint("home", __name__)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_RULES = 20


@dataclass(frozen=True)
class Step:
    """One of the first steps: what to do, why, where, whether it is done."""

    title: str
    text: str
    url: str
    word: str
    done: bool
    sample: str = ""  # where a button posts that sends a sample


@pages.get("/")
def index() -> ResponseReturnValue:
    """Home. `first` keeps the first steps up, so that the last tick is seen."""
    workspace_id = actor().workspace_id
    steps = _steps(workspace_id)
    if "first" in request.args or not all(step.done for step in steps):
        return render_template(
            "home_first.html",
            steps=steps,
            now_at=next((at for at, step in enumerate(steps) if not step.done), None),
            providers=[(name, provider.label) for name, provider in PROVIDERS.items()],
            unknown_sender=UNKNOWN_SENDER.name,
            may_write=actor().may("write"),
        )
    found = worries(workspace_id)
    # A page that only refreshes its upper part need not count the hits of a week.
    again = bool(request.headers.get("HX-Request"))
    return render_template(
        "home.html",
        worries=found,
        needs_you=len(found),
        waiting=figures.waiting_runs(workspace_id, 5),
        may_send=actor().may("send"),
        rows=[] if again else _rules(workspace_id),
        **_figures(workspace_id, found),
    )


def _steps(workspace_id: str) -> list[Step]:
    known = hooks.hooks(workspace_id)
    all_rules = rules.rules(workspace_id)
    off = bool(all_rules) and all(rule.mode == "off" for rule in all_rules)
    hook_url = f"{url_for('hooks.index')}/{known[0].id}" if known else url_for("hooks.index")
    rule_url = f"{url_for('rules.index')}/{all_rules[0].id}" if all_rules else ""
    sample = f"{hook_url}/sample" if known else ""
    return [
        Step("Make a hook", "Give it a name and say which tool will call it. It stores "
             "everything from its first second.", url_for("hooks.index"), "Make a hook",
             bool(known)),
        Step("Let an event arrive", "Send a sample from the hook's page, or trigger one in your "
             "tool. It is shown within a second.", hook_url, "Open the hook",
             figures.any_event(workspace_id), sample),
        Step("Say what should happen", "The rule is there, but it is off. Switch it to Watch or "
             "Live." if off else "Open the event and choose: do this for events like this. Then "
             "write a message.", rule_url if off else url_for("events.index"),
             "Open the rule" if off else "Open the events", bool(all_rules) and not off),
        Step("See the message", "The next event like this fills it in. The Practice outbox keeps "
             "it and sends nothing, so no account elsewhere is needed.",
             url_for("outbox.index"), "Open the Practice outbox",
             bool(connections.count_messages(workspace_id)) or figures.any_done(workspace_id),
             sample),
    ]  # fmt: skip


@pages.post("/dismiss")
def dealt_with() -> ResponseReturnValue:
    """The failures of a rule, or of a hook's events, are dealt with; later ones count again."""
    dismiss(actor(), request.form.get("thing", ""))
    flash("Noted as dealt with. The history keeps them; new ones are shown again.", "ok")
    return redirect(own_page(request.form.get("next")), 303)


def _figures(workspace_id: str, found: list[Worry]) -> dict[str, Any]:
    """The last 24 hours hour by hour, today's numbers, and the day in one sentence."""
    now = utcnow()
    local = now.astimezone(zone())
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    since = min(now - DAY, midnight)
    came = events.received_times(workspace_id, since)
    ended = runs.finished_times(workspace_id, since)
    times = {
        "received": [at for at, _ in came],
        "matched": [at for at, matched in came if matched],
        "sent": [at for at, state, practice in ended if state == "succeeded" and not practice],
        "kept": [at for at, state, practice in ended if state == "succeeded" and practice],
        "failed": [at for at, state, _ in ended if state == "failed"],
    }
    today = {word: sum(at >= midnight for at in moments) for word, moments in times.items()}
    return {
        "headline": _headline(len(found), today),
        "chart": {word: _by_hour(moments, now) for word, moments in times.items()},
        "axis": [clock(now - DAY + n * 6 * HOUR)[:5] for n in range(4)] + ["now"],
        "today": today,
    }


def _by_hour(moments: Iterable[datetime], now: datetime) -> list[int]:
    counts = [0] * 24
    for at in moments:
        ago = int((now - at) / HOUR)
        if 0 <= ago < 24:
            counts[23 - ago] += 1
    return counts


def _headline(waiting: int, today: dict[str, int]) -> str:
    if waiting:
        count = in_words(waiting).capitalize()
        return f"{count} thing needs you." if waiting == 1 else f"{count} things need you."
    if today["received"]:
        return "Everything ran by itself today."
    return "Nothing has come in today."


def _rules(workspace_id: str) -> list[dict[str, Any]]:
    """Each rule as a sentence, with its hits of seven days."""
    now = utcnow()
    week: dict[str, list[int]] = {}
    for rule_id, at in verdicts.hit_times(workspace_id, now - 7 * DAY):
        days = week.setdefault(rule_id, [0] * 7)
        days[6 - min(6, max(0, int((now - at) / DAY)))] += 1
    last = verdicts.last_hits(workspace_id)
    return [
        {"rule": rule, "sentence": read_back(version.document),
         "days": week.get(rule.id, [0] * 7), "last": last.get(rule.id)}
        for rule, version in rules.current(workspace_id)[:MOST_RULES]
    ]  # fmt: skip
