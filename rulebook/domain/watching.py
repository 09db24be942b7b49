"""Problems are watched: each is noted once when it begins, kept up to date, closed when it ended.

Two workers that watch at once are harmless: an open problem is unique in the database.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rulebook.domain.attention import NOTICED, REFUSED_LATELY, Worry, everything, noted
from rulebook.domain.silence import LOOKS_BACK, silence
from rulebook.storage import (
    db,
    event_lists,
    figures,
    hooks,
    notices,
    reading,
    rules,
    runs,
    tallies,
    utcnow,
)
from rulebook.storage import workspaces as all_workspaces
from rulebook.storage.notices import Notice
from rulebook.storage.tallies import SLOT, slot_of, start_of

FAILED_LATELY = timedelta(hours=1)
LATE_IS_A_PROBLEM = timedelta(minutes=5)
# Who fails now and then is one problem, and not one each time.
QUIET_BEFORE_ITS_END = {"failed": timedelta(minutes=5), "late": timedelta(minutes=2)}
TOUCH_EVERY = timedelta(minutes=1)


def watch(now: datetime | None = None) -> list[str]:
    """Bring the notices of every workspace that may have a problem up to date; these workspaces."""
    now = now or utcnow()
    with reading():
        found = notices.workspaces_to_watch(
            now - LATE_IS_A_PROBLEM, now - FAILED_LATELY, now - REFUSED_LATELY
        )
        db.session.commit()
    for workspace_id in sorted(found):
        _watch(workspace_id, now)
    return sorted(found)


def _watch(workspace_id: str, now: datetime) -> None:
    with reading():
        there = {each.key: each for each in everything(workspace_id, now)}
        known = {(each.kind, each.thing): each for each in notices.open_notices(workspace_id)}
        goes_on = {key for key, worry in there.items() if _goes_on(worry, known.get(key), now)}
        begun = [there[key] for key in goes_on if key not in known]
        changed = [
            (notice, there[key])
            for key, notice in known.items()
            if key in goes_on and notice.kind not in NOTICED and _is_news(notice, there[key], now)
        ]
        over = [
            (notice, _ending(notice, key in there))
            for key, notice in known.items()
            if key not in goes_on and notice.kind not in NOTICED and _is_over(notice, now)
        ]
        db.session.commit()
    if not (begun or changed or over):
        return
    for worry in begun:
        notices.open_notice(workspace_id, noted(worry, now))
    for _notice, worry in changed:
        fresh = {**_told(worry), "seen_at": now}
        notices.set_open(workspace_id, *worry.key, fresh)
    for notice, ending in over:
        ended = {"closed_at": now, "ending": ending}
        notices.set_open(workspace_id, notice.kind, notice.thing, ended)
    db.session.commit()


def _goes_on(worry: Worry, notice: Notice | None, now: datetime) -> bool:
    """Whether it is a problem now. Failures of a rule that has sent since are left to be retried,
    but it is failing no more."""
    if notice and notice.muted_at:
        return True  # as long as it is on the list, it stays muted
    if worry.kind == "late":
        return now - worry.since >= LATE_IS_A_PROBLEM
    if worry.kind == "failed":
        return not _sends_again(worry.thing, worry.newest)
    return True


def _sends_again(rule_id: str, failed_run: str) -> bool:
    failed, success = runs.run_by_id(failed_run), figures.last_success(rule_id)
    return bool(failed and success and failed.finished_at and success > failed.finished_at)


def _is_news(notice: Notice, worry: Worry, now: datetime) -> bool:
    return _told(worry) != _told(notice) or now - notice.seen_at >= TOUCH_EVERY


def _told(of: Worry | Notice) -> dict[str, object]:
    return {name: getattr(of, name) for name in ("about", "count", "sentence", "fix")}


def _is_over(notice: Notice, now: datetime) -> bool:
    return now - notice.seen_at >= QUIET_BEFORE_ITS_END.get(notice.kind, timedelta())


def _ending(notice: Notice, left: bool) -> str:
    """How it ended by itself, in a sentence; empty where a person ended it. left: whether there is
    still something of it to be decided."""
    if notice.kind == "failed":
        success = figures.last_success(notice.thing)
        if not success or success < notice.opened_at:
            return ""
        return "It sends again." + (" What failed before still waits for you." if left else "")
    if notice.kind == "refused":
        hook = hooks.hook(notice.workspace_id, notice.thing)
        newest = event_lists.last_received([notice.thing]).get(notice.thing)
        taken = hook and not hook.paused and newest and newest.state != "refused"
        return "Signatures are right again; what comes is taken." if taken else ""
    return {"late": "What was due has been done.", "target": "It is switched on again."}.get(
        notice.kind, ""
    )


def listen_for_silence(now: datetime | None = None) -> None:
    """Note hooks and live rules that fell silent, and those of which something is heard again."""
    now = now or utcnow()
    back = now - timedelta(seconds=LOOKS_BACK * SLOT)
    with reading():
        last = {
            of: {
                (workspace_id, thing): slot
                for workspace_id, thing, slot in tallies.last_slots(kind, of, back)
            }
            for kind, of in (("received", "hook_id"), ("hit", "rule_id"))
        }
        db.session.commit()
    heard = last["hook_id"] | last["rule_id"]
    for workspace_id in sorted({workspace_id for workspace_id, _ in heard}):
        slots = {thing: slot for (of, thing), slot in heard.items() if of == workspace_id}
        _listen(workspace_id, slots, back, now)


def _listen(workspace_id: str, slots: dict[str, int], back: datetime, now: datetime) -> None:
    with reading():
        known = {each.thing: each for each in notices.open_notices(workspace_id, "silent")}
        here = slot_of(now)
        quiet = {thing for thing, slot in slots.items() if here - slot > 2} - set(known)
        listened = _listened(workspace_id)
        found = _silent_ones(workspace_id, quiet & set(listened), listened, back, now)
        db.session.commit()
    for worry in found:
        notices.open_notice(workspace_id, noted(worry, now))
    for thing, notice in known.items():
        again = slots.get(thing, 0) > slot_of(notice.since)
        if again or thing not in listened:
            ending = "Something came again." if again and thing in listened else ""
            notices.set_open(workspace_id, "silent", thing, {"closed_at": now, "ending": ending})
    db.session.commit()


def _listened(workspace_id: str) -> dict[str, tuple[str, str]]:
    """What may be told of as silent: hooks that are not paused, rules that are live, each with its
    name and, for rules, its hook."""
    open_hooks = {each.id: (each.name, "") for each in hooks.hooks(workspace_id) if not each.paused}
    live = {
        each.id: (each.name, each.hook_id)
        for each in rules.rules(workspace_id)
        if each.mode == "live" and each.hook_id in open_hooks
    }
    return open_hooks | live


def _silent_ones(
    workspace_id: str,
    quiet: set[str],
    listened: dict[str, tuple[str, str]],
    back: datetime,
    now: datetime,
) -> list[Worry]:
    zone = ZoneInfo(all_workspaces.workspace(workspace_id).zone)
    found: dict[str, Worry] = {}
    # Hooks first: that a rule is silent because its hook is, need not be said.
    for thing in sorted(quiet, key=lambda each: bool(listened[each][1])):
        name, of_hook = listened[thing]
        if of_hook in found:
            continue
        kind = "hit" if of_hook else "received"
        rows = tallies.by_slot(workspace_id, back, **{"rule_id" if of_hook else "hook_id": thing})
        silent = silence({slot: n for slot, of, n in rows if of == kind}, slot_of(now))
        if silent:
            found[thing] = _silence_of(thing, name, bool(of_hook), silent.usual,
                                       start_of(silent.last), zone)  # fmt: skip
    return list(found.values())


def _silence_of(
    thing: str, name: str, is_rule: bool, usual: str, last: datetime, zone: ZoneInfo
) -> Worry:
    local = last.astimezone(zone)
    since = f"{local:%A} {local.day} {local:%B}"
    if is_rule:
        sentence = f"This rule is usually met {usual}, but not once since {since}."
        fix = "Look at the newest events: perhaps a field or a value changed."
    else:
        sentence = f"Usually gets {usual}, none since {since}."
        fix = "Look whether its address is still entered in the tool."
    return Worry("silent", thing, 1, name, sentence, fix, last)
