"""What a click on a field makes: a condition, a place in a message, the first draft of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.actions import ACTIONS, Action
from rulebook.domain.called import ANY, currency_path, shared
from rulebook.domain.gist import telling_line, type_name
from rulebook.domain.likeness import Like
from rulebook.domain.voice import inside
from rulebook.providers import PROVIDERS
from rulebook.providers.contract import Body, at
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules.catalog import example_of, kind_of
from rules.errors import Unusable
from rules.operators import likely
from rules.path_syntax import Index, Name
from rules.paths import TooMuch, parse_path, path_from
from rules.suggest import suggest
from web.draft import Document, group_of
from web.edits import new_step
from web.fieldlist import Fields, Row

PICKS = {"any": ANY, "first": "[0]", "last": "[-1]"}
CURRENCIES = ("currency", "currency_code", "currencyCode", "presentment_currency")


@dataclass(frozen=True)
class Pick:
    """Which item is meant: any, every, no, first, last, or the one whose `key` is `of`."""

    how: str = "any"
    key: str = ""
    of: str = ""


def clicked(row: Row, pick: Pick, fields: Fields, seen: Mapping[str, Any]) -> Document:
    """The condition that a click on a field makes; met by this very event, where it can be."""
    if not row.several:
        return condition_for(row, row.path, fields, seen)
    if pick.how == "whose" and pick.key:
        base, _, rest = row.path.rpartition(ANY)
        made = condition_for(row, row.path, fields, seen)
        own = {**made, "path": f"@{rest}"}
        told = {"path": path_from([pick.key], "@"), "test": "text.is", "value": pick.of}
        return {"items": base + ANY, "match": "any", "where": {"all": [told, own]}}
    made = condition_for(row, picked(row.path, pick.how), fields, seen)
    match = {"every": "all", "no": "none"}.get(pick.how)
    return {**made, "match": match} if match else made


def for_item(
    row: Row, round_it: list[Document], fields: Fields, seen: Mapping[str, Any]
) -> Document | None:
    """A condition on a field of the item that a group looks at, which may get its list by this;
    None where the field belongs to no item of it."""
    group, *outer = round_it[::-1]
    base, _, rest = row.path.rpartition(ANY)
    if not row.several or (outer and not group["items"]):
        return None
    if not group["items"]:
        group["items"] = base + ANY
    whole = ""
    for each in round_it:
        whole = inside(each["items"], whole)
    if shared(whole) not in (base, base + ANY):
        return None
    return {**condition_for(row, row.path, fields, seen), "path": f"@{rest}"}


def picked(path: str, how: str) -> str:
    """A path into lists with the item said: any, first or last."""
    return path.replace(ANY, PICKS.get(how, ANY))


def condition_for(row: Row, path: str, fields: Fields, seen: Mapping[str, Any]) -> Document:
    """A likely condition on a field, by its kind, what it has held, and what it holds here."""
    value = _value(row.part, path, seen)
    if value is None and not row.here:
        value = _example(row)
    if row.part == "payload" and value is not None:
        known = fields.counted.get(row.path)
        return dict(suggest(path, value, [known] if known else ()).condition)
    kind = row.kind
    if kind in ("", "empty") or (kind == "list") != isinstance(value, list):
        kind = kind_of(value, path.rpartition(".")[2])
    operator, wanted = likely(kind, value)
    found: Document = {"path": path, "test": operator.id}
    if row.part != "payload":
        found["in"] = row.part
    if wanted is not None and not isinstance(wanted, dict | list):
        found["value"] = wanted if isinstance(wanted, str | int) else example_of(wanted)
    return found


def complete(node: Any, fields: Fields, seen: Mapping[str, Any], base: str = "") -> list[Any]:
    """Give each condition whose field was just chosen, or written, a likely test and value; the
    conditions that got one."""
    inner = inside(node["items"], base) if "items" in node else base
    children = list(node.get(group_of(node) or "", ()))
    children += [node["where"]] if "items" in node else []
    made = [one for child in children for one in complete(child, fields, seen, inner)]
    if not node.get("path") or node.get("test"):
        return made
    row = fields.find(node.get("in", "payload"), node["path"], base)
    likely_one = condition_for(row, row.path, fields, seen) if row else {"test": "text.is"}
    node |= {**likely_one, "path": node["path"]}
    return [node]


def _example(row: Row) -> Any:
    """What the field has held in another event, as a value of its kind."""
    if row.kind == "number":
        return int(row.example) if row.example.lstrip("-").isdecimal() else None
    if row.kind == "yesno":
        return row.example == "true"
    return row.example if row.kind in ("text", "date") and row.example else None


def _value(part: str, path: str, seen: Mapping[str, Any]) -> Any:
    """The first value that a path finds in an event, or None."""
    try:
        values = parse_path(path, "$", part == "headers").values(seen.get(part))
    except (Unusable, TooMuch):
        return None
    return values[0] if values else None


def insertion(part: str, path: str, provider: str) -> str:
    """What stands for a field in a message: {{ payload.a.b }}, with its money format if known."""
    segments = [segment.selectors[0] for segment in parse_path(path).segments]
    plain = [
        step.key if isinstance(step, Name) else step.at if isinstance(step, Index) else None
        for step in segments
    ]
    if None in plain:
        before, after = plain[: plain.index(None)], plain[plain.index(None) + 1 :]
        item = _written("item", [0 if step is None else step for step in after])
        return f"{{% for item in {_written(part, before)} %}}{{{{ {item} }}}} {{% endfor %}}"
    currency = currency_path(provider, path)
    money = f" | money({_written('payload', _steps(currency))})" if currency else ""
    return f"{{{{ {_written(part, plain)}{money} }}}}"


def currency_of(provider: str, field: str, payload: Any) -> str | None:
    """How the currency of an amount is written in a message, for a field as messages write it:
    as the provider says, else one that stands beside the amount."""
    root, dot, path = field.partition(".")
    if root != "payload":
        return None
    known = currency_path(provider, "$." + path)
    if known:
        return _written(root, _steps(known))
    for above in (path.rpartition(".")[0], ""):
        beside = f"$.{above}".rstrip(".")
        for name in CURRENCIES:
            if "[" not in above and isinstance(at(payload, f"{beside}.{name}"), str):
                return f"{root}{beside[1:]}.{name}"
    return None


def _steps(path: str) -> list[Any]:
    return [segment.selectors[0].key for segment in parse_path(path).segments
            if isinstance(segment.selectors[0], Name)]  # fmt: skip


def _written(root: str, steps: Iterable[Any]) -> str:
    parts = [root]
    for step in steps:
        if isinstance(step, str) and step.isidentifier() and step.isascii():
            parts.append(f".{step}")
        else:
            parts.append(f"[{step!r}]")
    return "".join(parts)


def to_me(step: Document, mine: Mapping[str, str]) -> None:
    """Let a step that was begun for its author reach them. mine: where, by kind of field."""
    for field in ACTIONS[step["action"]].fields:
        if field.receiver and field.kind in mine:
            step["config"].setdefault(field.name, mine[field.kind])


def start(
    hook: Hook, event: Event | None, seen: Mapping[str, Any], fields: Fields,
    likes: Iterable[Like], mine: Mapping[str, str],
) -> Document:  # fmt: skip
    """The draft of a new rule: met by the like of this event, with a first message to its author
    (mine: how they are reached)."""
    kind = type_name(hook.provider, event.event_type if event else None)
    draft: Document = {"name": kind or "", "when": {"all": []}, "then": []}
    draft["when"]["all"] = [like.condition for like in likes if like.ticked]
    action = next((one for one in ACTIONS.values() if one.starter), None)
    if action is None or event is None:
        return draft
    draft["name"] = f"{action.starter}: {kind or hook.name}"[:200]
    step = new_step(draft, action.name)
    box = message_field(action)
    if box:
        step["config"][box] = _first_message(hook, kind, seen, fields)
    to_me(step, mine)
    draft["then"].append(step)
    return draft


def type_is(hook: Hook, event: Event, seen: Mapping[str, Any]) -> Document | None:
    """The condition that an event is of this one's type; None where it has none."""
    if not event.event_type:
        return None
    for source in PROVIDERS[hook.provider].event_type:
        if isinstance(source, Body) and _value("payload", source.path, seen) == event.event_type:
            return {"path": source.path, "test": "text.is", "value": event.event_type}
    return {"path": "$.type", "in": "event", "test": "text.is", "value": event.event_type}


def _first_message(hook: Hook, kind: str, seen: Mapping[str, Any], fields: Fields) -> str:
    """The provider's own telling line, else the first few friendly fields that are there."""
    line = telling_line(hook.provider, seen.get("payload"))
    if line:
        return f"{kind or hook.name}: {line}"
    known = [row for row in fields.rows if row.friendly and row.here and not row.several]
    told = [f"{row.name}: {insertion(row.part, row.path, hook.provider)}" for row in known[:3]]
    return f"{kind or hook.name}. {', '.join(told)}".strip(". ") if told else kind or hook.name


def message_field(action: Action) -> str | None:
    """The field of an action that holds what people read: its first long template."""
    texts = [field for field in action.fields if field.template]
    longest = [field for field in texts if field.kind == "long"] or texts
    return longest[0].name if longest else None
