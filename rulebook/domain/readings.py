"""What people would read: a draft's messages over real events, the worst of them first of all.
Sends nothing, stores nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rulebook.actions import ACTIONS, Action, Counted, Message
from rulebook.domain.actor import Actor
from rulebook.domain.past import Past
from rulebook.domain.rendering import Rendered, context_of, render
from rulebook.domain.rules import lone_step, step_problems
from rulebook.storage import workspaces
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules import RuleError
from rules.errors import Unusable
from rules.fuel import absent
from rules.nodes import Step
from rules.paths import Path, TooMuch, parse_path
from rules.pills import pills
from rules.worst import Text, worst

MOST = 200
ORDER = ("this", "longest", "shortest", "gaps", "odd", "failed")
SHORTEST_SPAN = timedelta(days=1)
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Case:
    """What one event becomes. name: this, longest, shortest, gaps or odd; state: would send,
    skipped, failed or unfinished, with its sentence."""

    name: str
    event: Event
    summary: str
    message: Message | None
    state: str
    sentence: str
    counted: Counted | None
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """One step over `of` events: the cases worth a look, how many it would skip or fail for, and
    in how many of them each of its fields is missing. prices: what each message costs, as far as
    that is known."""

    cases: list[Case]
    of: int
    skipped: int = 0
    failed: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    price: Decimal | None = None

    def month(self, messages: int) -> Decimal | None:
        """What so many messages cost, of the usual length."""
        return None if self.price is None else self.price * messages


@dataclass(frozen=True)
class _Written:
    event: Event
    rendered: Rendered
    message: Message | None
    counted: Counted | None
    gaps: tuple[str, ...]


def read_over(
    actor: Actor,
    hook: Hook,
    document: Mapping[str, Any],
    over: Sequence[Past],
    here: Past | None = None,
) -> list[Reading | None]:
    """Each step of a draft filled in from these events and from the one looked at; None where the
    step cannot be read or there is no event."""
    actor.must("read")
    zone = workspaces.workspace(actor.workspace_id).zone
    name = str(document.get("name") or "")
    chosen = {each.event.id: each for each in ([here] if here else []) + list(over[:MOST])}
    seen = {id: context_of(each.seen, name, hook, zone) for id, each in chosen.items()}
    kept = [each.event for each in chosen.values()]
    among = {each.event.id for each in over}
    found = [
        _reading(actor, at, raw, kept, seen, among, here.event if here else None)
        for at, raw in enumerate(document.get("then") or [])
    ]
    return [_shown(reading, chosen) if reading else None for reading in found]


def _shown(reading: Reading, chosen: Mapping[str, Past]) -> Reading:
    """The cases without what is hidden of their events; they were counted with it."""
    cases = []
    for case in reading.cases:
        hiding = chosen[case.event.id].hiding
        summary, sentence = hiding.text(case.summary), hiding.text(case.sentence)
        message = hiding.written(case.message)
        cases.append(replace(case, summary=summary, message=message, sentence=sentence))
    return replace(reading, cases=cases)


def _reading(
    actor: Actor,
    at: int,
    raw: Mapping[str, Any],
    kept: Sequence[Event],
    seen: Mapping[str, dict[str, Any]],
    among: set[str],
    here: Event | None,
) -> Reading | None:
    action, step = ACTIONS.get(str(raw.get("action"))), lone_step(raw)
    if action is None or step is None or not kept:
        return None
    finished = not step_problems(actor, at, step)
    try:
        fields = _readers(action, step)
        written = [_written(action, step, each, seen[each.id], finished, fields) for each in kept]
    except RuleError:  # its template cannot be read yet
        return None
    counted = [each for each in written if each.event.id in among or not among]
    prices = [each.counted.price for each in counted if each.counted and each.message]
    known = [price for price in prices if price is not None]
    return Reading(
        cases=list(_cases(action, written, counted, here, finished)),
        of=len(counted),
        skipped=sum(each.rendered.state == "skipped" for each in counted),
        failed=sum(each.rendered.state == "failed" for each in counted) if finished else 0,
        missing=Counter(name for each in counted for name in each.gaps if name in fields),
        price=sum(known, Decimal(0)) / len(known) if known and len(known) == len(prices) else None,
    )


def _written(
    action: Action,
    step: Step,
    event: Event,
    context: dict[str, Any],
    finished: bool,
    fields: Mapping[str, Callable[[Mapping[str, Any]], bool]],
) -> _Written:
    rendered = render(
        action, step.config, context, step.if_missing, connected=step.connection is not None
    )
    # What is not finished fails for want of a receiver; its text can be read all the same.
    readable = rendered.state == "queued" or (not finished and rendered.config != step.config)
    message = action.looked_at(rendered.config) if readable else None
    # Also those that have a text of their own for it, and others that stand in a choice.
    gaps = dict.fromkeys([name for name, there in fields.items() if not there(context)])
    gaps |= dict.fromkeys(rendered.gaps)
    counted = action.counted(message) if message else None
    return _Written(event, rendered, message, counted, tuple(gaps))


def _cases(
    action: Action,
    written: Sequence[_Written],
    counted: Sequence[_Written],
    here: Event | None,
    finished: bool,
) -> Iterable[Case]:
    """The event looked at first, then what is worse about others; no event twice."""
    by_id = {each.event.id: each for each in written}
    chosen: dict[str, str] = {here.id: "this"} if here and here.id in by_id else {}
    texts = [
        Text(each.event.id, each.counted.size, each.gaps, _odd(each.counted))
        for each in counted
        if each.message and each.counted
    ]
    found = worst(texts)
    # Where one event is two of these, what is odd about it tells more than its length.
    for name in [each for each in ("longest", "gaps", "odd", "shortest") if each in found]:
        if len(texts) > 1 or name in ("gaps", "odd"):
            chosen.setdefault(found[name].id, name)
    failed = next((each for each in counted if each.rendered.state == "failed"), None)
    if failed and finished:
        chosen.setdefault(failed.event.id, "failed")
    for event_id, name in sorted(chosen.items(), key=lambda each: ORDER.index(each[1])):
        yield _case(name, action, by_id[event_id], finished)


def _odd(counted: Counted) -> int:
    return max(counted.size[0], 1) if counted.odd else 0


def _case(name: str, action: Action, one: _Written, finished: bool) -> Case:
    ready = one.rendered.state == "queued"
    state = "would send" if ready else one.rendered.state if finished else "unfinished"
    return Case(
        name, one.event, action.summary(one.rendered.config) if finished else "", one.message,
        state, one.rendered.sentence if finished else "", one.counted, one.gaps,
    )  # fmt: skip


def _readers(action: Action, step: Step) -> dict[str, Callable[[Mapping[str, Any]], bool]]:
    """Each field of a step, and how to tell whether it is in an event; those of items left out."""
    found: dict[str, Callable[[Mapping[str, Any]], bool]] = {}
    for name in fields_of_step(action, step.config):
        root, path = path_of(name)
        try:
            found[name] = _reader(root, parse_path(path, "$", root == "headers"))
        except Unusable:
            continue
    return found


def _reader(root: str, path: Path) -> Callable[[Mapping[str, Any]], bool]:
    def there(context: Mapping[str, Any]) -> bool:
        try:
            return _there(path.values(context.get(root)))
        except TooMuch:
            return True

    return there


def _there(values: Sequence[object]) -> bool:
    return any(not absent(value) for value in values)


def fields_of_step(action: Action, config: Mapping[str, Any]) -> list[str]:
    """The fields that a step's texts write, each once, in order; those of items left out."""
    texts = [
        text for each in action.fields if each.template for text in _texts(config.get(each.name))
    ]
    found = [pill.field for text in texts for pill in pills(text)]
    return [name for name in dict.fromkeys(found) if "[*]" not in name]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return (
        [text for text in value.values() if isinstance(text, str)]
        if isinstance(value, dict)
        else []
    )


def path_of(name: str) -> tuple[str, str]:
    """The part of an event and the path in it, for a field as templates write it."""
    root = name[: next((at for at, letter in enumerate(name) if letter in ".["), len(name))]
    return root, "$" + name[len(root) :]


def per_month(met: Sequence[Event], judged: Sequence[Event]) -> int | None:
    """How many messages a month the events that met a draft make at their usual rate, rounded up;
    None while they are too few or too close together to tell. Samples do not count."""
    real = [each.received_at for each in judged if not each.sample]
    if len(real) < 5 or max(real) - min(real) < SHORTEST_SPAN:
        return None
    hits = sum(not each.sample for each in met)
    return math.ceil(hits * (MONTH / (max(real) - min(real))))
