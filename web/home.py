"""Home: the first steps of a newcomer; later what needs a person, today, charts, each hook and
rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain.attention import dismiss, mute, unmute
from rulebook.domain.shown_runs import runs_shown
from rulebook.domain.voice import voices_of
from rulebook.providers import PROVIDERS, RECIPES, UNKNOWN_SENDER, Recipe
from rulebook.storage import (
    alerts,
    connections,
    figures,
    hooks,
    rules,
    tallies,
    utcnow,
    verdicts,
)
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from web import rhythm
from web.alerts import by_mail
from web.fragments import page
from web.guard import actor, own_page
from web.shown import in_words, needs, zone

pages = Blueprint("home", __name__)

MOST_ROWS = 20
MOST_WORRIES = 60
_Counts = dict[str, dict[str, list[int]]]


MOST_RECIPES = 5


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
            recipes=_recipes(workspace_id),
            may_write=actor().may("write"),
            may_send=actor().may("send"),
            worries=needs(workspace_id)[0],
            muted=needs(workspace_id)[1],
        )
    part = request.args.get("part")
    upper = _upper(workspace_id) if part in (None, "now") else {}
    lower = _lower(workspace_id) if part in (None, "charts") else {}
    return page(
        "home.html", may_send=actor().may("send"), may_write=actor().may("write"), **upper, **lower
    )


def _recipes(workspace_id: str) -> list[Recipe]:
    """A few rules to start from: those of one's own tools, then one of each other tool."""
    mine = {each.provider for each in hooks.hooks(workspace_id)}
    own = [each for each in RECIPES if each.provider in mine]
    others = {each.provider: each for each in reversed(RECIPES) if each.provider not in mine}
    return [*own[:MOST_RECIPES], *others.values()][:MOST_RECIPES]


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


@pages.post("/mute")
def muted() -> ResponseReturnValue:
    """Hear no more of a problem for as long as it lasts, or hear of it again."""
    key = request.form.get("kind", ""), request.form.get("thing", "")
    if request.form.get("again"):
        unmute(actor(), *key)
        flash("You hear of it again.", "ok")
    else:
        mute(actor(), *key)
        flash("Muted: it is not counted and no alert tells of it, until it ends.", "ok")
    return redirect(own_page(request.form.get("next")), 303)


def _upper(workspace_id: str) -> dict[str, Any]:
    """What needs a person, today's numbers, the oldest waiting work: what is kept up to date."""
    found, muted_ones = needs(workspace_id)
    local = utcnow().astimezone(zone())
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Counter(dict.fromkeys(tallies.KINDS, 0))
    for _slot, kind, n in tallies.by_slot(workspace_id, midnight):
        today[kind] += n
    named = {f"{each.kind}-{each.thing}": each for each in found}
    known = request.args["known"].split() if "known" in request.args else list(named)
    return {
        "worries": [(key, named.get(key)) for key in known[:MOST_WORRIES]],
        "newcomers": len(set(named) - set(known)),
        "known": " ".join(known),
        "muted": muted_ones,
        "headline": _headline(len(found), today["received"]),
        "today": today,
        "alerts_go": bool(by_mail(workspace_id) or alerts.way_of(workspace_id).other_action),
        "alert_trouble": alerts.last_trouble(workspace_id),
        "waiting": runs_shown(figures.waiting_runs(workspace_id, 5)),
    }


def _headline(waiting: int, received: int) -> str:
    if waiting:
        count = in_words(waiting).capitalize()
        return f"{count} thing needs you." if waiting == 1 else f"{count} things need you."
    return "Everything ran by itself today." if received else "Nothing has come in today."


def _lower(workspace_id: str) -> dict[str, Any]:
    """The charts, of everything or of one hook or rule, and how each hook and rule does."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in map(str, rhythm.RANGES) else 1
    known = hooks.hooks(workspace_id)
    current = rules.current(workspace_id)
    of = request.args.get("of", "")
    hook = next((each for each in known if each.id == of), None)
    rule = next((each for each, _ in current if each.id == of), None)
    shown = rhythm.stretches(days, utcnow(), zone())
    points = 8 if days == 1 else days if days == 7 else 15
    by_hook = rhythm.by_thing(workspace_id, "hook_id", shown, points)
    by_rule = rhythm.by_thing(workspace_id, "rule_id", shown, points)
    busy = sorted(known, key=lambda each: -sum(by_hook.get(each.id, _NONE)["received"]))
    return {
        "days": days,
        "ranges": rhythm.WORDS,
        "of": hook or rule,
        "of_rule": rule is not None,
        "choices": [("", "everything"), *((each.id, f"hook: {each.name}") for each in known),
                    *((each.id, f"rule: {each.name}") for each, _ in current)],
        "shown": shown,
        "chart": rhythm.by_kind(
            workspace_id, shown, hook.id if hook else None, rule.id if rule else None
        ),
        "hook_rows": [(each, by_hook.get(each.id, _NONE)) for each in busy[:MOST_ROWS]],
        "rule_rows": _rules(workspace_id, known, current, by_rule),
    }  # fmt: skip


_NONE: dict[str, list[int]] = dict.fromkeys(tallies.KINDS, [0])


def _rules(
    workspace_id: str,
    known: Sequence[Hook],
    current: Sequence[tuple[Rule, RuleVersion]],
    by_rule: _Counts,
) -> list[dict[str, Any]]:
    """Each rule as a sentence, with its figures."""
    first = current[:MOST_ROWS]
    voices = voices_of(known)
    last = verdicts.newest_hits(workspace_id, [rule.id for rule, _ in first])
    return [
        {"rule": rule, "last": last.get(rule.id),
         "sentence": voices[rule.hook_id].read_back(version.document),
         "counts": by_rule.get(rule.id, _NONE)}
        for rule, version in first
    ]  # fmt: skip
