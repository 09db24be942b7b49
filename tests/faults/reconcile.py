"""Whether the books agree: invariants I1 to I8, each violation with its ids and its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.book import Book, Row
from tests.faults.sender import wanted_steps

FINAL = ("succeeded", "failed", "cancelled")
AT_REST = (*FINAL, "unknown", "held")
DONE_EVENTS = ("done", "duplicate", "held", "refused")


@dataclass(frozen=True)
class Violation:
    """A promise that was not kept: which invariant, whose ids, why."""

    invariant: str
    ids: str
    why: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.ids}: {self.why}"


@dataclass(frozen=True)
class Verdict:
    """What came of comparing the books."""

    violations: list[Violation]
    acked: int
    lost: int
    runs: int
    duplicates: int
    unexplained: int


def check(book: Book) -> Verdict:
    """Compare the books."""
    found = [violation for each in CHECKS for violation in each(book)]
    lost = {v.ids for v in found if v.invariant == "I1" and v.ids in book.acked}
    per_run = Counter(run_id for _, run_id in matched(book))
    return Verdict(
        found,
        acked=len(book.acked),
        lost=len(lost),
        runs=len(book.runs),
        duplicates=sum(count - 1 for run_id, count in per_run.items() if run_id),
        unexplained=sum(v.invariant == "I4" for v in found),
    )


def matched(book: Book) -> Iterator[tuple[Row, str]]:
    """Every arrival with the id of the run that it belongs to; empty when there is none."""
    delivery_of = {event["id"]: event["provider_id"] for event in book.events}
    by_plan = {(delivery_of.get(run["event_id"]), run["step_id"]): run["id"] for run in book.runs}
    known = {run["id"] for run in book.runs}
    for arrival in book.arrived:
        planned = by_plan.get((arrival["delivery"], arrival["step"]), "")
        said = arrival["run"]
        # A text may carry no id; what does carry one has to carry the right one.
        yield arrival, planned if not said or (said == planned and said in known) else ""


def acknowledged(book: Book) -> Iterator[Violation]:
    """I1: what was acknowledged is stored, once, byte for byte; nothing else is."""
    by_id: dict[str, list[Row]] = defaultdict(list)
    for event in book.events:
        by_id[event["provider_id"]].append(event)
    for name in sorted(book.acked):
        first = [event for event in by_id[name] if event["state"] != "duplicate"]
        if not first:
            yield Violation("I1", name, "acknowledged, and not stored")
        elif first[0]["body"] is None or bytes(first[0]["body"]) != book.sent[name]:
            yield Violation("I1", name, f"stored as {first[0]['id']} with other bytes")
    for name, events in sorted(by_id.items()):
        if name not in book.sent:
            yield Violation("I1", events[0]["id"], f"stored under {name!r}, which nobody sent")
        first = [event for event in events if event["state"] != "duplicate"]
        if len(first) > 1:
            ids = ", ".join(event["id"] for event in first)
            yield Violation("I1", name, f"taken for new more than once: {ids}")
        for event in events:
            if event["state"] == "duplicate" and event["duplicate_of"] not in {
                one["id"] for one in first
            }:
                why = f"a duplicate of {event['duplicate_of']}, which is not its first"
                yield Violation("I1", event["id"], why)
    for name, status in book.told:
        yield Violation("I1", name, f"was answered {status}; our own trouble is 503 or 429")


def planned(book: Book) -> Iterator[Violation]:
    """I2: one run for each event, met rule and step, as the harness itself reads the rules."""
    per_event: dict[str, Counter[str]] = defaultdict(Counter)
    for run in book.runs:
        if run["replay_no"] == 0:
            per_event[run["event_id"]][run["step_id"]] += 1
    known = set()
    for event in book.events:
        known.add(event["id"])
        wanted = set()
        if event["state"] not in ("duplicate", "held", "refused") and event["body"] is not None:
            wanted = wanted_steps(bytes(event["body"]))
        steps = per_event[event["id"]]
        for step in sorted(wanted | set(steps)):
            count = steps[step]
            if count != (step in wanted):
                why = f"has {count} runs for the step {step}, where {int(step in wanted)} is right"
                yield Violation("I2", event["id"], why)
    for run in book.runs:
        if run["replay_no"]:
            yield Violation("I2", run["id"], "a replay that nobody asked for")
    met = Counter(verdict["event_id"] for verdict in book.verdicts)
    for event_id in sorted(known):
        if met[event_id] != len(per_event[event_id]):
            why = f"{met[event_id]} verdicts say met, for {len(per_event[event_id])} runs"
            yield Violation("I2", event_id, why)


def at_rest(book: Book) -> Iterator[Violation]:
    """I3: everything is final, in a person's hands, or due later; nothing outlives its lease."""
    for event in book.events:
        if event["state"] not in DONE_EVENTS:
            yield Violation("I3", event["id"], f"the event is {event['state']} in the end")
    for run in book.runs:
        later = run["state"] == "queued" and (run["next_attempt_at"] or 0) > book.now
        if run["state"] not in AT_REST and not later:
            yield Violation("I3", run["id"], f"the run is {run['state']} in the end")
        if run["state"] != "sending" and run["state"] not in FINAL and not run["sentence"]:
            yield Violation("I3", run["id"], f"{run['state']} without a sentence")


def repeated(book: Book) -> Iterator[Violation]:
    """I4: what arrived twice was repeated with a reason on record; the unsafe never arrives twice.

    A reason is both: an attempt that ended without an outcome or in doubt, or was given up, so
    that a later attempt began; and the mark `may_repeat` that the history shows."""
    counts = Counter(run_id for _, run_id in matched(book))
    tries = attempts_by_run(book)
    for run in book.runs:
        extra = counts[run["id"]] - 1
        if extra <= 0:
            continue
        what = f"arrived {extra + 1} times"
        if not run["repeat_safe"]:
            yield Violation("I4", run["id"], f"{what}, and it is not safe to repeat")
        elif not run["may_repeat"]:
            yield Violation("I4", run["id"], f"{what}, and nothing says that it may have")
        elif len(tries[run["id"]]) <= extra:
            why = f"{what}, with {len(tries[run['id']])} attempts written down"
            yield Violation("I4", run["id"], why)


def told_once(book: Book) -> Iterator[Violation]:
    """I4 for letters about problems: none arrives twice."""
    for alert_id, count in Counter(book.alerts).items():
        if count > 1:
            yield Violation("I4", alert_id, f"a person was told {count} times")


def history(book: Book) -> Iterator[Violation]:
    """I5: the history shows what the receivers saw."""
    counts: Counter[str] = Counter()
    for arrival, run_id in matched(book):
        counts[run_id] += 1
        if not run_id:
            why = f"arrived as {arrival['step']} under {arrival['run']!r}, which is no run of it"
            yield Violation("I5", arrival["delivery"], why)
    tries = attempts_by_run(book)
    for run in book.runs:
        own, count = tries[run["id"]], counts[run["id"]]
        said_yes = sum(attempt["outcome"] == "yes" for attempt in own)
        certainly_not = sum(attempt["outcome"] in ("not_sent", "no_for_good") for attempt in own)
        if count < said_yes:
            why = f"{said_yes} attempts say that it was taken; {count} arrived"
            yield Violation("I5", run["id"], why)
        if count > len(own) - certainly_not:
            why = f"{count} arrived, with {len(own)} attempts, {certainly_not} of them not sent"
            yield Violation("I5", run["id"], why)
        # A text's provider may say later what the worker did not live to hear.
        told_later = run["step_id"] == "sms" and count > 0
        succeeded = run["state"] == "succeeded"
        if succeeded != (said_yes > 0) and not (succeeded and told_later):
            yield Violation(
                "I5", run["id"], f"{run['state']}, with {said_yes} attempts that say yes"
            )
        if count and run["state"] in ("failed", "cancelled"):
            yield Violation("I5", run["id"], f"{run['state']}, but {count} arrived")
        if [attempt["n"] for attempt in own] != list(range(1, run["attempts"] + 1)):
            yield Violation("I5", run["id"], f"counts {run['attempts']} attempts, {len(own)} stand")


def sound(book: Book) -> Iterator[Violation]:
    """I6: the database is whole."""
    yield from (Violation("I6", "database", damage) for damage in book.damage)


def untouched(book: Book) -> Iterator[Violation]:
    """I7: every process came back by being started; none ended of itself."""
    yield from (Violation("I7", "process", surprise) for surprise in book.surprises)


def tidy(book: Book) -> Iterator[Violation]:
    """I8: memory, descriptors and threads are what they were, and no files are left behind."""
    yield from (Violation("I8", "leftover", stray) for stray in book.stray)


def attempts_by_run(book: Book) -> dict[str, list[Row]]:
    """The attempts of each run, in order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for attempt in sorted(book.attempts, key=lambda row: row["n"]):
        found[attempt["run_id"]].append(attempt)
    return found


CHECKS = (acknowledged, planned, at_rest, repeated, told_once, history, sound, untouched, tidy)
