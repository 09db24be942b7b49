"""The breaker: a target that keeps failing is left alone for a while, one run tries whether it is
back, and the others wait without a try being counted. What is gone for good is switched off, and
its runs are held until a person decides.

A healthy target has no row, so that its successes cost nothing but the look for one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rulebook.storage import connections, db, held, targets
from rulebook.storage.run_claims import Wanted
from rulebook.storage.runs import LEASE
from rulebook.storage.targets import Key, Target

IN_A_ROW = 10
OF_LATE = timedelta(minutes=10)
ENOUGH = 20  # calls of late, before their share of failures says anything
SHARE = 80  # percent
FIRST_WAIT, LONGEST_WAIT = 30, 900  # seconds
HOPELESS = timedelta(hours=120)
# While one run tries, how long the others wait before they look again.
LOOK_AGAIN = timedelta(seconds=15)
FAILURES = ("not_sent", "ambiguous")
FIX_OFF = "Switch the target on again under Connections, or cancel what is held."


@dataclass(frozen=True)
class Gate:
    """Who may go to a target now: all; one, whom the others wait for until `until`; none before
    `until` (wait); or none until a person says so (off)."""

    kind: Literal["all", "one", "wait", "off"]
    until: datetime | None = None
    sentence: str = ""
    fix: str = ""


OPEN = Gate("all")


@dataclass(frozen=True)
class Result:
    """What came of one try, as far as it concerns the target: an outcome's kind, gone, sentence."""

    workspace_id: str
    target: str
    kind: str
    gone: bool = False
    sentence: str = ""


def gates(wanted: Collection[Key], now: datetime) -> dict[Key, Gate]:
    """Who may go to each target now. A gate `one` is the caller's: it must let exactly one run
    through, or `give_back`. Call it first in a transaction; does not commit."""
    found = targets.targets_by_key({key for key in wanted if key[1]})
    names = called({key for key, row in found.items() if row.off_at or row.opened_until})
    return {key: _gate(found[key], names, now) if key in names else OPEN for key in sorted(wanted)}


def healthy(wanted: Collection[Key]) -> set[Key]:
    """Those of the targets that all may go to, without letting anybody through."""
    found = targets.targets_by_key({key for key in wanted if key[1]})
    return set(wanted) - {key for key, row in found.items() if row.off_at or row.opened_until}


def _gate(row: Target, names: dict[Key, str], now: datetime) -> Gate:
    key = (row.workspace_id, row.name)
    name = names[key]
    if row.off_at:
        return Gate("off", None, f"{name} is switched off: {row.off_reason}", FIX_OFF)
    if row.opened_until and row.opened_until > now:
        said = f"Waits, because {name} keeps failing: {row.sentence}"
        return Gate("wait", row.opened_until, said)
    again = Gate("wait", now + LOOK_AGAIN, f"Waits: one run tries whether {name} is back.")
    if targets.take_trial(key, now, LEASE):
        return Gate("one", again.until, again.sentence)
    return again


def let_through(due: Sequence[Wanted], now: datetime) -> list[Wanted]:
    """Those of the due runs that may be tried now; the others are postponed or held. Call it first
    in a transaction, before any claim; does not commit."""
    found = gates({(run.workspace_id, run.target) for run in due}, now)
    through: list[Wanted] = []
    kept: dict[Key, list[str]] = {}
    tried: set[Key] = set()
    for run in due:
        key = (run.workspace_id, run.target)
        kind = found[key].kind
        if kind == "all" or (kind == "one" and key not in tried):
            tried.add(key)
            through.append(run)
        else:
            kept.setdefault(key, []).append(run.id)
    for key, run_ids in kept.items():
        postpone(run_ids, found[key])
    return through


def postpone(run_ids: Collection[str], gate: Gate) -> int:
    """Keep waiting runs back as the gate says: until later, or held when it is off. No try is
    counted. How many were changed; does not commit."""
    if gate.kind == "off":
        return held.hold(run_ids, "target", gate.sentence, gate.fix)
    return held.postpone(run_ids, gate.until, gate.sentence) if gate.until else 0


def give_back(key: Key) -> None:
    """The run that was to be the one try was not tried after all. Does not commit."""
    targets.give_back_trial(key)


def note(results: Sequence[Result], now: datetime) -> None:
    """Remember what came of tries, in the caller's transaction; call it last in it. Does not
    commit. Whoever answers at all, be it with a no, is there."""
    by_key: dict[Key, list[Result]] = {}
    for result in results:
        if result.target:
            by_key.setdefault((result.workspace_id, result.target), []).append(result)
    known = targets.targets_by_key(by_key)
    bad = {key for key, some in by_key.items() if any(_is_bad(each) for each in some)}
    better = {key for key, row in known.items() if _remembers(row, now)}
    targets.add_targets(bad - set(known))
    for key, row in targets.lock_targets(bad | better).items():
        for result in by_key[key]:
            _take_in(row, result, now)
        if _is_over(row, now):
            db.session.delete(row)


def _is_bad(result: Result) -> bool:
    return result.gone or result.kind in FAILURES


def _remembers(row: Target, now: datetime) -> bool:
    """Whether a success changes anything about it."""
    return bool(row.failures or row.opened_until or _recent(row, now)) or _is_over(row, now)


def _is_over(row: Target, now: datetime) -> bool:
    quiet = row.failed_at is None or row.failed_at <= now - OF_LATE
    return quiet and not (row.failures or row.opened_until or row.off_at)


def _take_in(row: Target, result: Result, now: datetime) -> None:
    if result.gone:
        row.failed_at = now
        _switch_off(row, result.sentence, now)
    elif result.kind in FAILURES:
        row.failures += 1
        row.failed_at, row.sentence = now, result.sentence
        row.failing_since = row.failing_since or now
        _count(row, 1, now)
        _after_failure(row, now)
    else:
        row.failures, row.failing_since = 0, None
        if row.opened_until is None:
            _count(row, 0, now)
        elif row.opened_until <= now:
            # It is back. Should it fail again soon, the next wait is longer all the same.
            row.opened_until = row.trial_until = None
            row.minutes = {}


def _after_failure(row: Target, now: datetime) -> None:
    assert row.failing_since is not None, "it has just failed"
    if row.off_at:
        return
    if row.failures >= IN_A_ROW and row.failing_since <= now - HOPELESS:
        days = (now - row.failing_since).days
        _switch_off(row, f"Nothing but failures for {days} days. {row.sentence}".strip(), now)
    elif row.opened_until is None and _too_many(row, now):
        _open(row, now)
    elif row.opened_until is not None and row.opened_until <= now:
        _open(row, now)


def _open(row: Target, now: datetime) -> None:
    wait = min(FIRST_WAIT * 2 ** min(row.opened, 10), LONGEST_WAIT)
    row.opened += 1
    row.opened_until, row.trial_until = now + timedelta(seconds=wait), None


def _switch_off(row: Target, reason: str, now: datetime) -> None:
    if row.off_at:
        return
    row.off_at, row.off_reason = now, reason
    row.opened_until = row.trial_until = None
    name = called([(row.workspace_id, row.name)])[row.workspace_id, row.name]
    said = f"{name} is switched off: {reason}"
    held.hold_target(row.workspace_id, row.name, "target", said, FIX_OFF)


def _too_many(row: Target, now: datetime) -> bool:
    if row.failures >= IN_A_ROW:
        return True
    counts = _recent(row, now).values()
    answered, failed = sum(each[0] for each in counts), sum(each[1] for each in counts)
    return answered + failed >= ENOUGH and failed * 100 > SHARE * (answered + failed)


def _count(row: Target, which: int, now: datetime) -> None:
    """Count an answer (0) or a failure (1) in this minute; minutes long past are dropped."""
    minutes = {minute: list(counts) for minute, counts in _recent(row, now).items()}
    minutes.setdefault(_minute(now), [0, 0])[which] += 1
    row.minutes = minutes


def _recent(row: Target, now: datetime) -> dict[str, list[int]]:
    since = int(_minute(now - OF_LATE))
    return {minute: counts for minute, counts in row.minutes.items() if int(minute) > since}


def _minute(moment: datetime) -> str:
    return str(int(moment.timestamp()) // 60)


def called(keys: Collection[Key]) -> dict[Key, str]:
    """What people call each target: an account by its connection's name."""
    names = connections.names_of([name for _, name in keys])
    return {key: names.get(key, key[1]) for key in keys}
