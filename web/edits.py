"""What the builder's buttons do to a draft: pure edits of the rule document.

A button says what and where: "add /when", "remove /when/all/2", "up /then/1", and of a move from
where to where: "move /when/all/2 /when/all/0" stands before what is first now. Where it names a
group of one kind and the group has been given another meanwhile, that one is meant.
"""

from __future__ import annotations

import copy
from typing import Any

from rulebook.actions import ACTIONS
from web.draft import GROUPS, Document, drawn, group_of

BLANK: Document = {"path": "", "test": ""}
MOVES = ("up", "down", "out", "in", "move")
KEEPS = (*MOVES, "wrap", "unwrap", "other", "kind")  # one goes on with what they were about
ADDS = ("add", "group", "items")


def edit(document: Document, do: str) -> Document:
    """The document after a button; unchanged where the button makes no sense any more."""
    return edited(document, do)[0]


def edited(document: Document, do: str) -> tuple[Document, str]:
    """The document after a button, and the pointer of the condition or group to go on with."""
    draft = copy.deepcopy(drawn(document))
    verb, _, place = do.partition(" ")
    try:
        node = node_at(draft, place.partition(" ")[0]) if verb in KEEPS else None
        EDITS.get(verb, lambda draft, place: None)(draft, place)
        if verb in ADDS:
            node = members(draft, place)[-1]
        elif verb == "remove":
            node = _next_to(draft, place)
    except (LookupError, ValueError, TypeError):
        return copy.deepcopy(drawn(document)), ""
    return draft, place_of(node, draft["when"])


def place_of(wanted: Any, node: Any, place: str = "/when") -> str:
    """The pointer of this very node; blank where it is not there."""
    if node is wanted:
        return place
    kind = group_of(node)
    inside = [(f"{kind}/{at}", each) for at, each in enumerate(node[kind])] if kind else []
    if isinstance(node, dict) and "items" in node:
        inside = [("where", node["where"])]
    return next(
        (at for step, each in inside if (at := place_of(wanted, each, f"{place}/{step}"))), ""
    )


def _next_to(draft: Document, place: str) -> Any:
    """What stands where something was removed, or right above it."""
    if not place.startswith("/when"):
        return None
    above, _, at = place.rpartition("/")
    try:
        left = node_at(draft, above)
    except (LookupError, ValueError, TypeError):  # it was the last one, and its group went too
        return None
    return left[min(int(at), len(left) - 1)] if isinstance(left, list) and left else None


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


def put(document: Document, place: str, node: Document) -> Document:
    """The document with another node at a pointer."""
    draft = copy.deepcopy(drawn(document))
    siblings, at = _siblings(draft, place)
    siblings[at] = copy.deepcopy(node)
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


def items_round(document: Document, place: str) -> list[Document]:
    """The item groups that a place stands in or is, outermost first."""
    found, steps = [], place.strip("/").split("/")
    for end in range(1, len(steps) + 1):
        try:
            node = node_at(document, "/".join(steps[:end]))
        except (LookupError, ValueError, TypeError):
            break
        if isinstance(node, dict) and "items" in node:
            found.append(node)
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


def _items(draft: Document, place: str) -> None:
    """A group whose conditions hold for one and the same item of a list."""
    inside = {"match": "any", "where": {"all": [dict(BLANK)]}}
    members(draft, place).append({"items": "", **inside})


def _every(draft: Document, place: str) -> None:
    draft["when"] = {"all": [{"every_event": True}]}


def _remove(draft: Document, place: str) -> None:
    """A group that is left empty goes as well."""
    siblings, at = _siblings(draft, place)
    del siblings[at]
    _fill(draft["when"])


def _fill(node: Any) -> bool:
    """Take away the groups in a node that nothing is left in; whether anything is."""
    kind = group_of(node)
    if kind:
        node[kind][:] = [each for each in node[kind] if _fill(each)]
        return bool(node[kind])
    return "items" not in node or _fill(node["where"])


def _step(by: int, draft: Document, place: str) -> None:
    siblings, at = _siblings(draft, place)
    siblings.insert(max(0, at + by), siblings.pop(at))


def _out(draft: Document, place: str) -> None:
    """Out of its group, to stand right behind it; out of a list's group nothing can go."""
    siblings, at = _siblings(draft, place)
    above = place.rsplit("/", 2)[0]
    if above in ("", "/when") or above.endswith("/where"):
        raise LookupError(place)
    outside, group_at = _siblings(draft, above)
    outside.insert(group_at + 1, siblings.pop(at))
    _fill(draft["when"])


def _move(draft: Document, rest: str) -> None:
    """To stand before what stands at another place now, or behind the last one there. What looks
    at the item of a list stays in it, and nothing goes into itself."""
    place, _, target = rest.partition(" ")
    above, _, before = target.rpartition("/")
    siblings, at = _siblings(draft, place)
    there, to = node_at(draft, above), int(before)
    alike = place.split("/")[1] == above.split("/")[1] and list_round(place) == list_round(above)
    if not alike or f"{above}/".startswith(f"{place}/") or not isinstance(there, list):
        raise LookupError(target)
    if not 0 <= to <= len(there):
        raise LookupError(target)
    node = siblings[at]
    there.insert(to, node)
    del siblings[at + 1 if there is siblings and to <= at else at]
    _fill(draft["when"])


def list_round(place: str) -> str:
    """The list whose item the node at a pointer looks at; blank where it looks at the event."""
    return place.rpartition("/where")[0]


def _in(draft: Document, place: str) -> None:
    """Into the group right above it, else the one right below."""
    siblings, at = _siblings(draft, place)
    node = siblings[at]
    above = at > 0 and group_of(siblings[at - 1])
    below = at + 1 < len(siblings) and group_of(siblings[at + 1])
    if above:
        siblings[at - 1][above].append(node)
    elif below:
        siblings[at + 1][below].insert(0, node)
    else:
        raise LookupError(place)
    del siblings[at]


def _wrap(draft: Document, place: str) -> None:
    siblings, at = _siblings(draft, place)
    siblings[at] = {"any": [siblings[at]]}


def _unwrap(draft: Document, place: str) -> None:
    siblings, at = _siblings(draft, place)
    siblings[at : at + 1] = siblings[at][group_of(siblings[at])]


def _kind(draft: Document, rest: str) -> None:
    """All, any or none of the members of a group."""
    place, _, kind = rest.partition(" ")
    group = node_at(draft, place)
    if kind not in GROUPS:
        raise LookupError(kind)
    group[kind] = group.pop(group_of(group))


def _other(draft: Document, place: str) -> None:
    """Compare with another field, or with a value again."""
    condition = node_at(draft, place)
    if isinstance(condition.pop("value", None), dict):
        return
    condition["value"] = {"path": ""}


def _value(draft: Document, rest: str) -> None:
    """One value more for a condition that takes several; its place comes before a blank."""
    place, _, value = rest.partition(" ")
    condition = node_at(draft, place)
    now = condition.get("value")
    listed = now if isinstance(now, list) else []
    number = condition.get("test", "").startswith("number.") and value.lstrip("-").isdecimal()
    condition["value"] = [*listed, int(value) if number else value]


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
    "items": _items,
    "every": _every,
    "remove": _remove,
    "up": lambda draft, place: _step(-1, draft, place),
    "down": lambda draft, place: _step(1, draft, place),
    "move": _move,
    "kind": _kind,
    "out": _out,
    "in": _in,
    "wrap": _wrap,
    "unwrap": _unwrap,
    "other": _other,
    "value": _value,
    "act": _act,
}
