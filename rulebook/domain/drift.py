"""Whether a field that a live rule reads has gone from what a sender sends: there in nearly all
events of a type, and in none of the newest ones.

Only events of one type are compared, one for each delivery, and no samples; see docs/map.md for why
these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby

from rulebook.actions import ACTIONS
from rulebook.domain import past
from rulebook.domain.past import Past
from rulebook.domain.readings import fields_of_step, path_of
from rulebook.domain.rulesets import HookRules, Judged, rules_of
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules.errors import Unusable
from rules.nodes import Condition, Field, Group, Items, Node
from rules.nodes import Rule as ParsedRule
from rules.path_syntax import Name
from rules.paths import Path, TooMuch, parse_path, path_from

IN_A_ROW = 10  # without the field
USUAL, ENOUGH = 200, 40  # that came before these, at most and at least
NEARLY_ALL = 0.95
LONGER = 3  # times the longest gap before
BACK = 3  # with the field, until it counts as there again
LOOKED_AT = 300


@dataclass(frozen=True)
class Drift:
    """Fields that a rule reads and that have gone from the events of a type: in how many of those
    before they were, in how many running they are not, since which event."""

    rule_id: str
    paths: tuple[str, ...]
    event_type: str | None
    had: int
    of: int
    missing: int
    first: Event


def gone(there: Sequence[bool]) -> int:
    """For how many events a field has been missing that was nearly always there before; newest
    first. 0 where it was not, or may come again by itself."""
    missing = next((at for at, each in enumerate(there) if each), len(there))
    before = there[missing : missing + USUAL]
    if missing < IN_A_ROW or len(before) < ENOUGH or sum(before) < NEARLY_ALL * len(before):
        return 0
    gaps = [len(list(some)) for is_there, some in groupby(before) if not is_there]
    return missing if missing >= LONGER * max(gaps, default=0) else 0


def fields_read(rule: ParsedRule) -> list[Path]:
    """The fields of a payload that a rule reads, in conditions and in messages, each once. What is
    in a list is read as far as the list: an empty one lacks nothing."""
    found = [_as_far_as_lists(path) for path in (*_of_conditions(rule.when), *_of_steps(rule))]
    return list({path.text: path for path in found if path.segments}.values())


def _as_far_as_lists(path: Path) -> Path:
    names: list[str | int | None] = []
    for segment in path.segments:
        one = segment.selectors[0]
        if segment.deep or len(segment.selectors) > 1 or not isinstance(one, Name):
            break
        names.append(one.key)
    return parse_path(path_from(names))


def _of_steps(rule: ParsedRule) -> Iterator[Path]:
    for step in rule.then:
        names = fields_of_step(ACTIONS[step.action], step.config) if step.action in ACTIONS else ()
        for root, written in map(path_of, names):
            try:
                if root == "payload":
                    yield parse_path(written)
            except Unusable:
                continue


def _of_conditions(node: Node) -> Iterator[Path]:
    if isinstance(node, Condition):
        for field in (node.field, node.other):
            if field is not None:
                yield from _of_field(field)
    elif isinstance(node, Group):
        for child in node.children:
            yield from _of_conditions(child)
    elif isinstance(node, Items):
        yield from _of_field(node.field)


def _of_field(field: Field) -> Iterator[Path]:
    if field.part == "payload" and not field.path.of_item:
        yield field.path


def mark_of(path: str) -> str:
    """A short mark of a path, for the name of a problem."""
    return blake2b(path.encode(), digest_size=4).hexdigest()


def window(hook: Hook) -> dict[str | None, list[Past]]:
    """The hook's newest events, newest first, one for each delivery, by type; no samples."""
    found: dict[str | None, dict[str, Past]] = {}
    for each in past.newest(hook, LOOKED_AT):
        if not each.event.sample:
            found.setdefault(each.event.event_type, {}).setdefault(
                each.event.part_of or each.event.id, each
            )
    return {event_type: list(some.values()) for event_type, some in found.items()}


def has(path: Path) -> Callable[[Past], bool]:
    """Whether an event has a field; one that is there and empty is there."""

    def there(one: Past) -> bool:
        try:
            return bool(path.values(one.seen["payload"]))
        except TooMuch:
            return True

    return there


def drifts(hook: Hook, events: dict[str | None, list[Past]]) -> list[Drift]:
    """What has gone, for each live rule and type of event."""
    compiled = rules_of(hook)
    live = [each for each in compiled.by_id.values() if each.mode == "live"]
    found = (
        _drift(judged, compiled, event_type, same, events)
        for event_type, same in events.items()
        if len(same) >= IN_A_ROW + ENOUGH
        for judged in live
    )
    return [each for each in found if each]


def _drift(
    judged: Judged,
    compiled: HookRules,
    event_type: str | None,
    same: list[Past],
    events: dict[str | None, list[Past]],
) -> Drift | None:
    missing: dict[str, int] = {}
    had: list[tuple[int, int]] = []
    for path in fields_read(judged.parsed):
        there = [has(path)(each) for each in same]
        if running := gone(there):
            missing[path.text] = running
            before = there[running : running + USUAL]
            had.append((sum(before), len(before)))
    if not missing:
        return None
    since = max(missing.values())
    if not _concerned(judged.rule_id, compiled, same[since:], events):
        return None
    return Drift(judged.rule_id, tuple(missing), event_type, *min(had), since,
                 same[since - 1].event)  # fmt: skip


def _concerned(
    rule_id: str, compiled: HookRules, before: list[Past], events: dict[str | None, list[Past]]
) -> bool:
    """Whether a rule is about events of a type: it met one of those before, or none of any type,
    so that it is not known."""

    def met(some: list[Past]) -> bool:
        return any(rule_id in compiled.ruleset.match(each.seen) for each in some)

    return met(before) or not any(met(some) for some in events.values())
