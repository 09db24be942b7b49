"""What became different between two versions of a rule, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rules.nodes import Condition, EveryEvent, Group, Items, Node, Rule, Step
from rules.sentence import Phrases, items_words, when_words
from rules.values import as_text, clip
from rules.words import Telling, as_usual, condition_words, field_words

__all__ = ["Shown", "difference"]

# The label of one of a step's settings and its value in words; both as a page may show them.
Shown = Callable[[Step, str], tuple[str, str]]
LONGEST = 80
_MISSING = {
    "blank": "it is left blank",
    "skip": "the message is skipped",
    "fail": "the run fails",
}


@dataclass(frozen=True)
class _Leaf:
    """One condition: the groups it stands in, what it looks at, and its words."""

    trail: tuple[str, ...]
    subject: tuple[str, ...]
    words: str


def difference(
    before: Rule,
    after: Rule,
    tell: Telling = as_usual,
    phrases: Phrases | None = None,
    shown: Shown | None = None,
) -> list[str]:
    """How `after` differs from `before`, a sentence each; none where both mean and say the same.

    tell, phrases: as for `sentence`; shown: a step's setting as people may see it.
    """
    found = [*_name(before, after), *_conditions(before.when, after.when, tell)]
    found += _steps(before, after, phrases or _plain_phrase, shown or _plain)
    return found + list(_options(before, after))


def _name(before: Rule, after: Rule) -> Iterator[str]:
    if before.name != after.name:
        yield f"The name was “{before.name}”, now it is “{after.name}”."


def _conditions(before: Node, after: Node, tell: Telling) -> Iterator[str]:
    if when_words(before, tell=tell) == when_words(after, tell=tell):
        return
    old, new = list(_leaves(before, tell)), list(_leaves(after, tell))
    kept = Counter((one.subject, one.words) for one in old) & Counter(
        (one.subject, one.words) for one in new
    )
    gone, come = _without(old, kept), _without(new, kept)
    come_at_all = bool(come)
    moved = {one for one in old if one not in gone} != {one for one in new if one not in come}
    for one in gone:
        other = next((each for each in come if each.subject == one.subject), None)
        if other is None:
            yield f"“{one.words}” was taken away."
            continue
        come.remove(other)
        moved = moved or other.trail != one.trail
        yield f"“{one.words}” became “{other.words}”."
    for one in come:
        yield f"“{one.words}” was added."
    if moved or not (gone or come_at_all):
        yield f"The conditions are grouped in another way: now {when_words(after, tell=tell)}."


def _without(leaves: list[_Leaf], kept: Counter[tuple[tuple[str, ...], str]]) -> list[_Leaf]:
    left, rest = Counter(kept), []
    for one in leaves:
        if left[one.subject, one.words]:
            left[one.subject, one.words] -= 1
        else:
            rest.append(one)
    return rest


def _leaves(
    node: Node,
    tell: Telling,
    trail: tuple[str, ...] = ("all",),
    inside: tuple[str, ...] = (),
) -> Iterator[_Leaf]:
    if isinstance(node, Group):
        # An "all" within an "all" changes nothing, so it is no group of its own.
        same = node.kind != "none" and trail[-1] == node.kind
        deeper = trail if same else (*trail, node.kind)
        for child in node.children:
            yield from _leaves(child, tell, deeper, inside)
    elif isinstance(node, Items):
        name = tell("field", field_words(node.field), node.field)
        within = f"{items_words(node.match)} {name}"
        yield from _leaves(node.where, tell, (*trail, within), (*inside, node.field.path.text))
    elif isinstance(node, Condition):
        yield _Leaf(trail, (*inside, node.field.part, node.field.path.text),
                    condition_words(node, tell=tell))  # fmt: skip
    elif isinstance(node, EveryEvent):
        yield _Leaf(trail, ("every",), "on every event")


def _steps(before: Rule, after: Rule, phrases: Phrases, shown: Shown) -> Iterator[str]:
    old = {step.id: step for step in before.then}
    new = {step.id: step for step in after.then}
    for step_id, step in old.items():
        if step_id not in new or new[step_id].action != step.action:
            yield f"The step “{phrases(step)}” was taken away."
    for step_id, step in new.items():
        if step_id not in old or old[step_id].action != step.action:
            yield f"The step “{phrases(step)}” was added."
        else:
            yield from _step(old[step_id], step, phrases, shown)
    kept = [step_id for step_id in old if step_id in new]
    if kept != [step_id for step_id in new if step_id in old]:
        yield "The steps stand in another order."


def _step(before: Step, after: Step, phrases: Phrases, shown: Shown) -> Iterator[str]:
    where = f"In “{phrases(before)}”"
    for key in dict.fromkeys([*before.config, *after.config]):
        if before.config.get(key) == after.config.get(key):
            continue
        (label, old), (_, new) = shown(before, key), shown(after, key)
        yield f"{where}, {_changed(label, old, new)}."
    if before.connection != after.connection:
        yield f"{where}, another connection is used."
    if before.if_missing != after.if_missing:
        yield f"{where}, when a field is missing, {_MISSING.get(after.if_missing, 'it differs')}."
    if before.needs != after.needs:
        yield f"{where}, it waits for other steps than before."


def _changed(label: str, old: str, new: str) -> str:
    if old == new:
        return f"{label} was changed"
    if not old or not new:
        return f"{label} was set to “{new}”" if new else f"{label} “{old}” was taken away"
    return f"{label} was “{old}”, now it is “{new}”"


def _options(before: Rule, after: Rule) -> Iterator[str]:
    if before.options.stop != after.options.stop:
        yield (
            "Rules below it are not looked at now, when it matches."
            if after.options.stop
            else "Rules below it are looked at now, even when it matches."
        )
    if before.options.otherwise != after.options.otherwise:
        yield (
            "It acts only when no other rule matches."
            if after.options.otherwise
            else "It no longer waits for all other rules not to match."
        )


def _plain_phrase(step: Step) -> str:
    return f"run {step.action}"


def _plain(step: Step, key: str) -> tuple[str, str]:
    return key.replace("_", " "), _said(step.config.get(key))


def _said(value: Any) -> str:
    if value is None:
        return ""
    return clip(as_text(value) or str(value), LONGEST)
