"""Notes each drift once when it is seen, and its end: the fields are there again, or the rule reads
them no more. Only hooks to which something came since are looked at, for a second at a time."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from rulebook.domain.attention import Worry, noted
from rulebook.domain.called import name_for
from rulebook.domain.drift import BACK, LOOKED_AT, Drift, drifts, fields_read, has, mark_of, window
from rulebook.domain.gist import type_name
from rulebook.domain.past import Past
from rulebook.domain.rulesets import rules_of
from rulebook.storage import (
    db,
    event_lists,
    events,
    hooks,
    notices,
    reading,
    rules,
    utcnow,
    workspaces,
)
from rulebook.storage.hooks import Hook
from rulebook.storage.notices import Notice
from rulebook.storage.rules import Rule
from rules.path_syntax import Name
from rules.paths import parse_path, path_from

log = logging.getLogger("rulebook.alerts")
KIND = "drift"
SECONDS = 1.0
MOST_FIELDS = 20  # of which one notice keeps the marks
FIX = (
    "Look at the difference; then change the rule, or ask whoever runs the tool. Looked at were "
    f"the newest {LOOKED_AT} events of the hook, and fields of what is sent, not headers."
)
# Hook -> its newest event and rules when it was last looked at; who was longest ago comes first.
_looked: dict[str, tuple[str, int]] = {}


def listen_for_drift(now: datetime | None = None, seconds: float = SECONDS) -> None:
    """Look at hooks with live rules to which something came; where time is over, next time at the
    others first."""
    now, ends = now or utcnow(), time.monotonic() + seconds
    with reading():
        live = rules.hooks_with_live_rules()
        last = event_lists.last_received([hook_id for _, hook_id in live])
        db.session.commit()
    _close_others({hook_id for _, hook_id in live}, now)
    turn = {hook_id: at for at, hook_id in enumerate(_looked)}
    for workspace_id, hook_id in sorted(live, key=lambda each: turn.get(each[1], -1)):
        with reading():
            hook = hooks.hook(workspace_id, hook_id)
            db.session.commit()
        newest = last.get(hook_id)
        if hook is None or newest is None:
            continue
        state = newest.id, hook.rules_version
        if _looked.get(hook_id) == state:
            continue
        _looked.pop(hook_id, None)
        _looked[hook_id] = state
        try:
            _look(hook, now)
        except Exception:
            log.exception("Looking for fields that went missing failed on the hook %s.", hook_id)
            db.session.rollback()
        if time.monotonic() > ends:
            return


def _look(hook: Hook, now: datetime) -> None:
    with reading():
        known = [each for each in notices.open_notices(hook.workspace_id, KIND)
                 if rule_of(each) in rules_of(hook).by_id]  # fmt: skip
        there = window(hook)
        over = {
            each: ending for each in known if (ending := _ending(each, hook, there)) is not None
        }
        told = {(rule_of(each), mark) for each in known for mark in _marks(each)}
        begun = [
            _worry(hook, each)
            for each in drifts(hook, there)
            if any((each.rule_id, mark_of(path)) not in told for path in each.paths)
        ]
        db.session.commit()
    for worry in begun:
        notices.open_notice(hook.workspace_id, noted(worry, now))
    for notice, ending in over.items():
        _close(notice, ending, now)
    if begun or over:
        db.session.commit()


def _ending(notice: Notice, hook: Hook, there: dict[str | None, list[Past]]) -> str | None:
    """How a drift ended, empty where a person ended it; None while it goes on."""
    judged = rules_of(hook).by_id[rule_of(notice)]
    marks = _marks(notice)
    reads = {each.text: each for each in fields_read(judged.parsed) if mark_of(each.text) in marks}
    if judged.mode != "live" or not reads:
        return ""
    first = events.event(hook.workspace_id, event_of(notice))
    newest = there.get(first.event_type, [])[:BACK] if first else []
    back = len(newest) == BACK and all(
        has(path)(each) for path in reads.values() for each in newest
    )
    return "What was missing is there again." if back else None


def _close_others(live: set[str], now: datetime) -> None:
    """End the problems of rules that are off, deleted or on a hook without live rules."""
    open_ones = notices.open_everywhere(KIND)
    known = {each.id: rules.rule(each.workspace_id, rule_of(each)) for each in open_ones}
    still = {of for of, rule in known.items() if rule and rule.mode == "live"}
    gone = [
        each
        for each in open_ones
        if each.id not in still or getattr(known[each.id], "hook_id", "") not in live
    ]
    db.session.rollback()
    for notice in gone:
        _close(notice, "", now)
    if gone:
        db.session.commit()


def _close(notice: Notice, ending: str, now: datetime) -> None:
    ended = {"closed_at": now, "ending": ending}
    notices.set_open(notice.workspace_id, KIND, notice.thing, ended)


def rule_of(notice: Notice) -> str:
    """The rule that a drift is about."""
    return notice.thing.split()[0]


def drifts_of(rule: Rule) -> list[Notice]:
    """What a rule misses now."""
    return [each for each in notices.open_notices(rule.workspace_id, KIND)
            if rule_of(each) == rule.id]  # fmt: skip


def event_of(notice: Notice) -> str:
    """The first event without the fields."""
    return notice.thing.split()[1]


def _marks(notice: Notice) -> set[str]:
    return set(notice.thing.split()[2:])


def _worry(hook: Hook, drift: Drift) -> Worry:
    known = rules.rule(hook.workspace_id, drift.rule_id)
    zone = ZoneInfo(workspaces.workspace(hook.workspace_id).zone)
    named = [name_for(hook.provider, path) for path in drift.paths]
    shown = [f"{name} ({path_words(path)})" for name, path in zip(named, drift.paths, strict=True)]
    rest = shown[3:]
    told = [*shown[:3], *([f"{len(rest)} more"] if rest else [])]
    listed = ", ".join(told[:-1]) + (" and " if told[1:] else "") + told[-1]
    one = len(shown) == 1
    since = drift.first.received_at.astimezone(zone)
    of_type = type_name(hook.provider, drift.event_type)
    sentence = (
        f"It reads {listed}. {'This was' if one else 'These were'} in {drift.had} of {drift.of} "
        f"events{f' of the type “{of_type}”' if of_type else ''} on {hook.name}, and "
        f"{'is' if one else 'are'} in none of the last {drift.missing}, since {since:%A} "
        f"{since.day} {since:%B}, {since:%H:%M}."
    )
    marks = " ".join(mark_of(path) for path in drift.paths[:MOST_FIELDS])
    return Worry(KIND, f"{drift.rule_id} {drift.first.id} {marks}", drift.missing,
                 known.name if known else "A rule", sentence, FIX,
                 drift.first.received_at)  # fmt: skip


def path_words(path: str) -> str:
    """A path as one types it: customer.email."""
    keys: list[str | int | None] = []
    for segment in parse_path(path).segments:
        one = segment.selectors[0]
        if not isinstance(one, Name):
            return path.removeprefix("$.")
        keys.append(one.key)
    return path_from(keys).removeprefix("$.").removeprefix("$")
