"""What the builder's buttons do to a draft: pure edits of the rule document.

A button says what and where: "add /when", "remove /when/all/2", "up /then/1". Where it names a
group of one kind and the group has been given another meanwhile, that one is meant.
"""

from __future__ import annotations

import copy
from typing import Any

from rulebook.actions import ACTIONS
from web.draft import GROUPS, Document, drawn, group_of

BLANK: Document = {"path": "", "test": ""}


def edit(document: Document, do: str) -> Document:
    """The document after a button; unchanged where the button makes no sense any more."""
    draft = copy.deepcopy(drawn(document))
    verb, _, place = do.partition(" ")
    try:
        EDITS.get(verb, lambda draft, place: None)(draft, place)
    except (LookupError, ValueError, TypeError):
        return copy.deepcopy(drawn(document))
    return draft


def add_condition(document: Document, place: str, condition: Document) -> Document:
    """The document with a condition more in the group at `place`, or in the outermost one."""
    draft = copy.deepcopy(drawn(document))
    for each in (place, "/when"):
        try:
            group = members(draft, each)
        except (LookupError, ValueError, TypeError):
            continue
        if group == [{"every_event": True}]:
            group.clear()
        unfinished = [at for at, node in enumerate(group) if node.get("path") == ""]
        if unfinished:
            group[unfinished[0]] = condition
        else:
            group.append(condition)
        return draft
    return draft


def insert(document: Document, place: str, caret: int | None, text: str) -> tuple[Document, int]:
    """The document with text put into a message, at the caret or the end; and the caret after."""
    draft = copy.deepcopy(document)
    _, _, step, _, name = place.split("/", 4)
    config = draft["then"][int(step)].setdefault("config", {})
    now = str(config.get(name) or "")
    at = len(now) if caret is None or caret > len(now) else caret
    before = now[:at]
    if before and caret is None and not before[-1].isspace():
        before += " "
    if now[at:][:1].isalnum():
        text += " "
    config[name] = before + text + now[at:]
    return draft, len(before + text)


def node_at(document: Document, place: str) -> Any:
    """The node or step at a pointer."""
    found: Any = document
    for key in place.strip("/").split("/"):
        if isinstance(found, list):
            found = found[int(key)]
        elif key in GROUPS and key not in found:
            found = found[group_of(found) or key]
        else:
            found = found[key]
    return found


def members(document: Document, place: str) -> list[Any]:
    """The members of the group at a pointer; the group of an items node is inside it."""
    node = node_at(document, place)
    if "items" in node:
        return members(document, f"{place}/where")
    found: list[Any] = node[group_of(node)]
    return found


def _siblings(draft: Document, place: str) -> tuple[list[Any], int]:
    above, _, at = place.rpartition("/")
    found = node_at(draft, above)
    if not isinstance(found, list) or not 0 <= int(at) < len(found):
        raise LookupError(place)
    return found, int(at)


def _add(draft: Document, place: str) -> None:
    group = members(draft, place)
    if group == [{"every_event": True}]:
        group.clear()
    group.append(dict(BLANK))


def _group(draft: Document, place: str) -> None:
    members(draft, place).append({"any": [dict(BLANK)]})


def _every(draft: Document, place: str) -> None:
    draft["when"] = {"all": [{"every_event": True}]}


def _remove(draft: Document, place: str) -> None:
    """A group that is left empty goes as well."""
    siblings, at = _siblings(draft, place)
    del siblings[at]
    above = place.rsplit("/", 2)[0]
    if not siblings and above not in ("", "/when"):
        _remove(draft, above.removesuffix("/where"))


def _move(by: int, draft: Document, place: str) -> None:
    siblings, at = _siblings(draft, place)
    siblings.insert(max(0, at + by), siblings.pop(at))


def _wrap(draft: Document, place: str) -> None:
    siblings, at = _siblings(draft, place)
    siblings[at] = {"any": [siblings[at]]}


def _unwrap(draft: Document, place: str) -> None:
    siblings, at = _siblings(draft, place)
    siblings[at : at + 1] = siblings[at][group_of(siblings[at])]


def _other(draft: Document, place: str) -> None:
    """Compare with another field, or with a value again."""
    condition = node_at(draft, place)
    if isinstance(condition.pop("value", None), dict):
        return
    condition["value"] = {"path": ""}


def _act(draft: Document, name: str) -> None:
    if name in ACTIONS:
        draft.setdefault("then", []).append(new_step(draft, name))


def new_step(draft: Document, name: str) -> Document:
    """A step of this action, with an id that no other step has."""
    taken = {step.get("id") for step in draft.get("then", [])}
    ids = [name, *(f"{name}-{count}" for count in range(2, 20))]
    return {"id": next(one for one in ids if one not in taken), "action": name, "config": {}}


EDITS = {
    "add": _add,
    "group": _group,
    "every": _every,
    "remove": _remove,
    "up": lambda draft, place: _move(-1, draft, place),
    "down": lambda draft, place: _move(1, draft, place),
    "wrap": _wrap,
    "unwrap": _unwrap,
    "other": _other,
    "act": _act,
}
