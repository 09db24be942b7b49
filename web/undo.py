"""What the last buttons did to a draft, to be put back in one press, the newest first.

It travels in the form: for each deed its words and the part of the document that it changed, before
and after. What was typed since then stays when a deed is put back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.voice import inside
from web import draft, edits
from web.draft import Document, group_of
from web.rows import words_of
from web.saying import Voice

MOST, MOST_LETTERS = 10, 100_000
KINDS = {"all": "All of these", "any": "Any of these", "none": "None of these"}
PARTS = ("when", "then")


@dataclass(frozen=True)
class Deed:
    """said: in words; part: what it changed, before and after; place: where one goes on once it is
    put back."""

    said: str
    part: str
    place: str
    before: Any
    after: Any


def read(form: Mapping[str, str]) -> list[Deed]:
    """The deeds of a form, oldest first; none where they cannot be read."""
    try:
        found = [Deed(*each) for each in json.loads(form.get("undo") or "[]")]
    except (ValueError, TypeError):
        return []
    sound = {"when": _is_node, "then": _are_steps}
    return [each for each in found if each.part in PARTS and sound[each.part](each.before)]


def written(deeds: list[Deed]) -> str:
    """The newest of them for the form."""
    kept: list[str] = []
    for each in reversed(deeds[-MOST:]):
        told = json.dumps(astuple(each), separators=(",", ":"), ensure_ascii=False)
        if sum(map(len, kept)) + len(told) > MOST_LETTERS:
            break
        kept.insert(0, told)
    return f"[{','.join(kept)}]"


def done(do: str, before: Document, after: Document, focus: str, voice: Voice) -> Deed | None:
    """The deed of a button that changed something; None where it only adds or changes nothing."""
    verb, _, rest = do.partition(" ")
    part = next((each for each in PARTS if before.get(each) != after.get(each)), None)
    if part is None or verb not in SAID:
        return None
    place = rest.partition(" ")[0]
    try:
        said = SAID[verb].format(
            thing=_thing(before, place, voice) if "{thing}" in SAID[verb] else "",
            now=_stands(before, after, place, focus) if "{now}" in SAID[verb] else "",
        )
    except (LookupError, ValueError, TypeError):
        said = "The rule was changed."
    return Deed(said, part, place, before[part], after[part])


SAID = {
    "remove": "{thing} was taken out.",
    **dict.fromkeys(edits.MOVES, "{thing} was moved: now {now}."),
    "wrap": "{thing} was put in a group of its own.",
    "unwrap": "The group was taken apart.",
    "other": "{thing} was changed.",
    "fix": "The rule was changed as proposed.",
    "back": "This was put back as it was saved.",
    "kind": "This group was changed back.",
}


def kinds_chosen(form: Mapping[str, str], after: Document) -> Iterator[Deed]:
    """A deed for each group whose kind was chosen anew in the form."""
    for place, kind in draft.kinds_before(form).items():
        before = draft.read({**form, f"{place}:group": kind})
        now = group_of(edits.node_at(after, place)) or kind
        said = f"“{KINDS[kind]}” became “{KINDS[now]}”."
        yield Deed(said, "when", place, draft.drawn(before)["when"], after["when"])


def put_back(document: Document, deed: Deed) -> Document:
    """The document before the deed, with what was typed since."""
    typed = _typed(deed.after, document.get(deed.part))
    return draft.drawn({**document, deed.part: _with(deed.before, typed)})


def _typed(after: Any, now: Any) -> list[tuple[Any, Any]]:
    """Conditions, or steps, as they were after the deed and as they are now."""
    old, new = list(_leaves(after)), list(_leaves(now))
    alike = len(old) == len(new)
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]] if alike else []


def _leaves(node: Any) -> Iterator[Any]:
    kind = group_of(node)
    inside = node if isinstance(node, list) else node[kind] if kind else None
    if inside is None and isinstance(node, dict) and "items" in node:
        inside = [node["where"]]
    if inside is None:
        yield node
    for each in inside or ():
        yield from _leaves(each)


def _with(node: Any, typed: list[tuple[Any, Any]]) -> Any:
    kind = group_of(node)
    if isinstance(node, list):
        return [_with(each, typed) for each in node]
    if kind:
        return {kind: _with(node[kind], typed)}
    if "items" in node:
        return {**node, "where": _with(node["where"], typed)}
    pair = next((each for each in typed if each[0] == node), None)
    if pair is None:
        return node
    typed.remove(pair)
    return pair[1]


def _thing(document: Document, place: str, voice: Voice) -> str:
    """What stands at a pointer, for the start of a sentence."""
    node = edits.node_at(document, place)
    if place.startswith("/then"):
        return step_words(node)
    if group_of(node) or "items" in node:
        count = len(list(_leaves(node)))
        return f"The group of {count} conditions" if count > 1 else "The group"
    if "every_event" in node:
        return "“Every event”"
    base = ""
    for each in edits.items_round(document, place):
        base = inside(str(each["items"]), base)
    return f"“{words_of(node, voice, base)}”" if draft.parsed(node) else "An unfinished condition"


def step_words(step: Document) -> str:
    action = ACTIONS.get(str(step.get("action")))
    return f"“{action.label if action else step.get('action')}”"


def _stands(before: Document, after: Document, place: str, focus: str) -> str:
    """2 of 3, in a group"""
    if place.startswith("/then"):
        steps, moved = after["then"], edits.node_at(before, place)["id"]
        return f"{[each['id'] for each in steps].index(moved) + 1} of {len(steps)}"
    above, _, at = focus.rpartition("/")
    group = above.rpartition("/")[0]
    where = "" if group in ("", "/when") else ", in a group"
    return f"{int(at) + 1} of {len(edits.node_at(after, above))}{where}"


def _is_node(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    kind = group_of(node)
    if kind:
        return isinstance(node[kind], list) and all(map(_is_node, node[kind]))
    if "items" in node:
        return isinstance(node["items"], str) and _is_node(node.get("where"))
    texts = (node.get("path", ""), node.get("test", ""), node.get("in", ""))
    return all(isinstance(each, str) for each in texts)


def _are_steps(steps: Any) -> bool:
    return isinstance(steps, list) and all(
        isinstance(each, dict)
        and all(isinstance(each.get(key), str) for key in ("id", "action"))
        and isinstance(each.get("config"), dict)
        for each in steps
    )
