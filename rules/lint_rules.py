"""A rule beside the hook's others: said twice, never reached, or writing to the same person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rules.change import remove
from rules.logic import Logic, meaning
from rules.nodes import Rule, Step
from rules.note import Note
from rules.trying import met_by, scenes_of

Recipients = Callable[[Step], Iterable[str]]
Events = Iterable[Mapping[str, Any]]


def other_notes(
    rule: Rule,
    others: list[Rule],
    above: list[Rule],
    logic: Logic,
    recipients: Recipients | None,
    events: Events,
    zone: str,
) -> Iterator[Note]:
    """Notes that only the hook's other rules give rise to."""
    yield from _shadowed(rule, above, logic)
    yield from _left_out(rule, others, logic)
    same = [other for other in others if meaning(other.when) == meaning(rule.when)]
    for other in same:
        message = f"The rule '{other.name}' has the same conditions."
        yield Note("/when", "same_rule", message, "Put all steps into one rule.")
    if recipients:
        beside = [one for one in others if not _parted(rule, one, above)]
        yield from _overlaps(rule, beside, logic, recipients, list(events), zone)


def _shadowed(rule: Rule, above: list[Rule], logic: Logic) -> Iterator[Note]:
    """A rule above that stops, and is met whenever this one is."""
    for other in above:
        same_round = other.options.otherwise == rule.options.otherwise
        ends = other.options.stop or rule.options.otherwise
        if same_round and ends and logic.follows(rule.when, other.when):
            why = "stops there" if other.options.stop else "is taken instead"
            message = (
                f"This rule is never reached: '{other.name}', above it, is met by the same events "
                f"and {why}."
            )
            yield Note("/when", "shadowed", message, f"Move this rule above '{other.name}'.")
            return


def _left_out(rule: Rule, others: list[Rule], logic: Logic) -> Iterator[Note]:
    """A rule for what no other rule takes, beside one that takes everything it could."""
    if not rule.options.otherwise:
        return
    for other in others:
        if not other.options.otherwise and logic.follows(rule.when, other.when):
            message = f"This rule is never reached: '{other.name}' is met by the same events."
            fix, change = "Remove the option 'otherwise'.", remove("/options/otherwise")
            yield Note("/options/otherwise", "shadowed", message, fix, change)
            return


def _overlaps(
    rule: Rule,
    others: list[Rule],
    logic: Logic,
    recipients: Recipients,
    events: list[Mapping[str, Any]],
    zone: str,
) -> Iterator[Note]:
    """Others that write to the same person, and certainly or evidently meet the same events."""
    mine, scenes = _written_to(rule, recipients), scenes_of(events, zone)
    met = met_by(rule.when, scenes)
    for other in others:
        shared = [one for one in _written_to(other, recipients) if one in mine]
        if not shared:
            continue
        both = sum(map(all, zip(met, met_by(other.when, scenes), strict=True)))
        certain = logic.follows(rule.when, other.when) or logic.follows(other.when, rule.when)
        if both or (certain and not logic.never(rule.when)):
            yield _overlap(other, shared[0], both, len(events), mine[shared[0]])


def _parted(rule: Rule, other: Rule, above: list[Rule]) -> bool:
    """Whether the options alone see to it that only one of the two runs."""
    if rule.options.otherwise or other.options.otherwise:
        return True
    return other.options.stop if other in above else rule.options.stop


def _overlap(other: Rule, person: str, both: int, of: int, pointer: str) -> Note:
    often = f"{both:,} of the last {of:,} events meet both" if both else "some events meet both"
    message = f"This rule and '{other.name}' both write to {person}, and {often}."
    return Note(pointer, "overlap", message, "Put the steps into one rule, or let one rule stop.")


def _written_to(rule: Rule, recipients: Recipients) -> dict[str, str]:
    """To whom a rule writes -> the pointer of the first step that does."""
    found: dict[str, str] = {}
    for at, step in enumerate(rule.then):
        for person in recipients(step):
            if person.strip():
                found.setdefault(" ".join(person.split()).lower(), f"/then/{at}")
    return found
