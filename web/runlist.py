"""The list of runs: found by what the address asks for, drawn so that no row moves by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from rulebook.domain import found_runs
from rulebook.domain.saved import may_change, saved_filters
from rulebook.domain.shown_runs import runs_shown
from rulebook.storage import connections, figures, ledger, rules, utcnow
from rulebook.storage.ledger import RunFilter
from web.finder import SPANS, WITHIN, start_of
from web.fragments import page
from web.guard import actor

SHOWN = 50
MOST_COUNTED = 1_000
MOST_FAILED = 100
NOTHING_YET = "run_0"  # below every id
# What can be done to many: the states that each deed is for, its word and drawing.
TAKES = {
    "retry": (("failed", "skipped", "cancelled"), "Retry", "replay"),
    "release": (("held",), "Release", "send"),
    "one_each": (("held",), "One per person", "send"),
    "cancel": (("queued", "held"), "Cancel", "cross"),
}


@dataclass(frozen=True)
class Tab:
    """A way of looking at runs: its word, the states it takes, its mark and drawing, and what can
    be done to those in it."""

    word: str
    states: tuple[str, ...] = ()
    practice: bool | None = None
    kind: str | None = None
    drawing: str | None = None
    deeds: tuple[str, ...] = ()


TABS = {
    "": Tab("All", deeds=tuple(TAKES)),
    "unknown": Tab("May have been sent", ("unknown",), None, "doubt", "doubt"),
    "held": Tab("Held", ("held",), None, "doubt", "held", ("release", "one_each", "cancel")),
    "failed": Tab("Failed", ("failed",), None, "bad", "fail", ("retry",)),
    "waiting": Tab("Waiting", ("queued", "sending"), None, None, "wait", ("cancel",)),
    "sent": Tab("Sent", ("succeeded",), False, None, "ok"),
    "kept": Tab("Kept, not sent", ("succeeded",), True, None, "outbox"),
    "watched": Tab("Would have sent", ("watched",), None, None, "watch"),
    "dropped": Tab("Skipped or cancelled", ("skipped", "cancelled"), None, None, "off", ("retry",)),
}
ASKED = ("to", "state", "hook", "rule", "through", "in", "after", "before")


@dataclass(frozen=True)
class Sought:
    """What an address asks for."""

    asked: Mapping[str, str]
    narrowed: RunFilter

    @property
    def tab(self) -> Tab:
        return TABS[self.asked.get("state", "")]


def sought(given: Mapping[str, str]) -> Sought:
    """What these values ask for; what is empty or unknown leaves a thing open."""
    found = {name: given.get(name, "").strip()[:200] for name in ASKED}
    for name, known in (("state", TABS), ("in", WITHIN)):
        if found[name] not in known:
            found[name] = ""
    asked = {name: text for name, text in found.items() if text}
    tab = TABS[found["state"]]
    after = [start_of(found["after"])]
    if "in" in asked:
        after.append(utcnow() - SPANS[asked["in"]])
    return Sought(asked, RunFilter(
        hook_id=asked.get("hook"),
        rule_id=asked.get("rule"),
        connection_id=asked.get("through"),
        states=tab.states,
        practice=tab.practice,
        after=max((each for each in after if each), default=None),
        before=start_of(found["before"], days=1),
        to=asked.get("to"),
    ))  # fmt: skip


def runs_page() -> str:
    """The runs that fit what the address asks for, newest first, or the part of that page that
    polls."""
    me, looked_for = actor(), sought(request.args)
    asked, narrowed = looked_for.asked, looked_for.narrowed
    older, top = request.args.get("older"), request.args.get("top")
    # An id with anything behind it is the next text after it: the row itself is in the page.
    start = older or (f"{top}0" if top else None)
    found = found_runs.page(me.workspace_id, narrowed, SHOWN, start)
    counts = figures.open_counts(me.workspace_id)
    undecided = (
        figures.in_doubt(me.workspace_id, 5)
        if not (asked or older) and counts.get("unknown")
        else []
    )
    shown = runs_shown(found.runs)
    undecided = runs_shown(undecided)
    first = top or (found.runs[0].id if found.runs else NOTHING_YET)
    drawn = bool(request.args.get("part"))
    return page(
        "runs.html",
        runs=shown,
        named=rules.named({run.rule_version_id for run in [*found.runs, *undecided]}),
        undecided=undecided,
        asked=asked,
        tab=looked_for.tab,
        tabs=_tabs(asked, counts),
        tickable={state for deed in looked_for.tab.deeds for state in TAKES[deed][0]},
        unfinished=found.unfinished,
        newer=found_runs.count_newer(me.workspace_id, narrowed, top) if top and not older else 0,
        at_top=not older,
        older_url=_link(asked, older=found.next) if found.next else None,
        newest_url=_link(asked) if older else None,
        top_url=_link(asked),
        refresh=_link(asked, part="list", top=first),
        here=_link(asked, older=older),
        total=_total(me.workspace_id, asked) if not found.runs else 0,
        most_counted=MOST_COUNTED,
        may_send=me.may("send"),
        may_export=me.may("own"),
        **(_around(looked_for, found) if not drawn or not found.runs else {}),
    )


def _around(looked_for: Sought, found: ledger.Page) -> dict[str, Any]:
    """What stands round the part that polls, and in it where nothing fits."""
    me, asked = actor(), looked_for.asked
    hooks, named_rules = figures.hook_names(me.workspace_id), rules.rules(me.workspace_id)
    through = connections.connections(me.workspace_id)
    names = {
        "hook": hooks,
        "rule": {rule.id: rule.name for rule in named_rules},
        "through": {each.id: each.name for each in through},
    }
    return {
        "names": names,
        "chips_of": _chips(asked, names),
        "within": WITHIN,
        "fit": _fit(looked_for, found),
        "deeds": [
            (url_for("bulk.ask", what=deed), *TAKES[deed][1:]) for deed in looked_for.tab.deeds
        ],
        "failed": figures.count_failed(me.workspace_id, asked.get("rule"), MOST_FAILED),
        "saved_filters": saved_filters(me, "runs"),
        "may_change": partial(may_change, me),
        "query": urlencode(asked),
        "may_write": me.may("write"),
    }


def _fit(looked_for: Sought, found: ledger.Page) -> int | None:
    """How many runs fit, counted up to a bound; None where that is not known."""
    if not looked_for.tab.deeds or looked_for.narrowed.to:
        return None
    if not found.next and not request.args.get("older"):
        return len(found.runs)
    return ledger.count_runs(actor().workspace_id, looked_for.narrowed, MOST_COUNTED)


def _total(workspace_id: str, asked: Mapping[str, str]) -> int:
    return ledger.count_runs(workspace_id, RunFilter(), MOST_COUNTED) if asked else 0


def _chips(
    asked: Mapping[str, str], names: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Each part of the filter in words, with the address without it."""
    gone = "one that is gone"
    words = {
        "to": lambda text: f"to “{text}”",
        "state": lambda key: TABS[key].word,
        "hook": lambda key: f"of {names['hook'].get(key, gone)}",
        "rule": lambda key: f"by {names['rule'].get(key, gone)}",
        "through": lambda key: f"through {names['through'].get(key, gone)}",
        "in": lambda key: f"in {WITHIN[key]}",
        "after": lambda day: f"from {day}",
        "before": lambda day: f"to {day}",
    }
    return [
        (_link({key: text for key, text in asked.items() if key != name}), say(asked[name]))
        for name, say in words.items()
        if name in asked
    ]


def _link(asked: Mapping[str, str], **more: str | None) -> str:
    query: dict[str, Any] = {name: text for name, text in {**asked, **more}.items() if text}
    return url_for("runs.index", **query)


def _tabs(asked: Mapping[str, str], counts: Mapping[str, int]) -> list[tuple[Any, ...]]:
    """The tabs as the macro wants them; only what is still open is counted."""
    narrowed = bool(set(asked) - {"state"})
    found = []
    for name, tab in TABS.items():
        count = sum(counts.get(state, 0) for state in tab.states) if tab.states else 0
        url, here = _link({**asked, "state": name}), name == asked.get("state", "")
        found.append((url, tab.word, here, None if narrowed or not count else count,
                      tab.kind if count else None, tab.drawing))  # fmt: skip
    return found
