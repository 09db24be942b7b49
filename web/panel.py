"""The field panel: what a stored event holds, under friendly names, ready to be clicked; and the
draft that a rule starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.actions import ACTIONS, Action
from rulebook.domain.gist import telling_line, type_name
from rulebook.providers import PROVIDERS
from rulebook.providers.contract import Body, at
from rulebook.storage import fields as catalogue
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules import RuleError
from rules.catalog import example_of, fields_of, kind_of
from rules.errors import Unusable
from rules.operators import likely
from rules.path_syntax import Index, Name
from rules.paths import TooMuch, name_of, parse_path
from rules.templates import TemplateError, compile_template
from rules.words import sentence_case
from web.draft import Document
from web.edits import new_step

MOST_SHOWN = 60
ANY, FIRST, LAST = "[*]", "[0]", "[-1]"
PICKS = {"any": ANY, "first": FIRST, "last": LAST}
CURRENCIES = ("currency", "currency_code", "currencyCode", "presentment_currency")
OF_EVENT = {"type": "text", "verified": "yesno", "received_at": "date"}


@dataclass(frozen=True)
class Row:
    """A field to choose. example: its value here, shortened; here: whether this event has it."""

    part: str
    path: str
    name: str
    kind: str
    example: str
    friendly: bool = False
    hint: str = ""
    here: bool = True

    @property
    def id(self) -> str:
        return "f-" + hashlib.sha256(f"{self.part} {self.path}".encode()).hexdigest()[:10]

    @property
    def several(self) -> bool:
        """Whether it stands in a list, so that one has to say which item."""
        return ANY in self.path

    def fits(self, query: str) -> bool:
        """Whether name, path or value holds these words."""
        return (
            query.casefold() in f"{self.name}\n{self.path}\n{self.example}\n{self.hint}".casefold()
        )


def rows(hook: Hook, seen: Mapping[str, Any]) -> list[Row]:
    """Every field of an event and of its hook's catalogue: friendly first, absent ones last."""
    names = PROVIDERS[hook.provider].names
    found: dict[str, Row] = {}
    for field in fields_of(seen.get("payload")):
        if field.kind != "group" and (field.path not in found or found[field.path].kind == "empty"):
            hint = money_hint(hook.provider, seen.get("payload"), field.path)
            found[field.path] = Row(
                "payload", field.path, _name(field.path, names), field.kind, field.example,
                field.path in names, hint,
            )  # fmt: skip
    for known in catalogue.fields(hook.id):
        kind = max(known.kinds, key=lambda kind: known.kinds[kind])
        if known.path not in found and kind != "group":
            example = example_of(known.examples[0]) if known.examples else ""
            found[known.path] = Row(
                "payload", known.path, _name(known.path, names), kind, example,
                known.path in names, here=False,
            )  # fmt: skip
    ordered = sorted(found.values(), key=lambda row: (not row.here, not row.friendly))
    return ordered + _about(seen)


def _about(seen: Mapping[str, Any]) -> list[Row]:
    """What is known of the request itself: type, verified, time, and its headers."""
    event, headers = seen.get("event", {}), seen.get("headers", {})
    words = {"type": "Event type", "verified": "Verified", "received_at": "Time of arrival"}
    found = [
        Row("event", f"$.{name}", words[name], kind, example_of(event[name]))
        for name, kind in OF_EVENT.items()
        if event.get(name) is not None
    ]
    return found + [
        Row("headers", f"$['{name}']", f"Header {name}", "text", example_of(value))
        for name, value in headers.items()
        if "'" not in name
    ]


def _name(path: str, names: Mapping[str, str]) -> str:
    return names.get(path) or sentence_case(name_of(path))


def kinds(found: Iterable[Row]) -> dict[tuple[str, str], str]:
    """The kind of each known field, by part and canonical path."""
    return {(row.part, canonical(row.path)): row.kind for row in found}


def canonical(path: str) -> str:
    """A path in its one written form; blank when it cannot be read."""
    try:
        return parse_path(path, "$@").text if path else ""
    except Unusable:
        return ""


def picked(path: str, pick: str) -> str:
    """A path into lists with the item said: any, first or last."""
    return path.replace(ANY, PICKS.get(pick, ANY))


def condition_for(part: str, path: str, kind: str, seen: Mapping[str, Any]) -> Document:
    """The condition that a click on a field makes: met by this very event."""
    value = _value(part, path, seen)
    if kind in ("", "empty") or (kind == "list") != isinstance(value, list):
        kind = kind_of(value, path.rpartition(".")[2])
    operator, wanted = likely(kind, value)
    found: Document = {"path": path, "test": operator.id}
    if part != "payload":
        found["in"] = part
    if wanted is not None and not isinstance(wanted, dict | list):
        found["value"] = wanted if isinstance(wanted, str | int) else example_of(wanted)
    return found


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
    currency = _currency(provider, path)
    money = f" | money({_written('payload', _steps(currency))})" if currency else ""
    return f"{{{{ {_written(part, plain)}{money} }}}}"


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


def _currency(provider: str, path: str) -> str | None:
    known = PROVIDERS[provider].money if provider in PROVIDERS else {}
    return next((known[each] for each in known if canonical(each) == canonical(path)), None)


def currency_of(provider: str, field: str, payload: Any) -> str | None:
    """How the currency of an amount is written in a message, for a field as messages write it:
    as the provider says, else one that stands beside the amount."""
    root, dot, path = field.partition(".")
    if root != "payload":
        return None
    known = _currency(provider, "$." + path)
    if known:
        return _written(root, _steps(known))
    for above in (path.rpartition(".")[0], ""):
        beside = f"$.{above}".rstrip(".")
        for name in CURRENCIES:
            if "[" not in above and isinstance(at(payload, f"{beside}.{name}"), str):
                return f"{root}{beside[1:]}.{name}"
    return None


def money_hint(provider: str, payload: Any, path: str, amount: Any = None) -> str:
    """An amount at a money field as people write it ("$129.00"); blank where it is none."""
    currency = _currency(provider, path)
    if currency is None:
        return ""
    code = at(payload, currency)
    if amount is None:
        amount = at(payload, path)
    try:
        told = compile_template("{{ payload.amount | money(payload.code) }}")
        return told.render({"payload": {"amount": amount, "code": code}}, if_missing="skip")
    except (TemplateError, RuleError):
        return ""


def start(hook: Hook, event: Event | None, seen: Mapping[str, Any]) -> Document:
    """The draft of a new rule: met by events of this one's type, with a first message."""
    kind = type_name(hook.provider, event.event_type if event else None)
    draft: Document = {"name": kind or "", "when": {"all": []}, "then": []}
    if event and event.event_type:
        draft["when"]["all"].append(_type_is(hook, event, seen))
    action = next((one for one in ACTIONS.values() if one.starter), None)
    if action is None or event is None:
        return draft
    draft["name"] = f"{action.starter}: {kind or hook.name}"[:200]
    step = new_step(draft, action.name)
    box = message_field(action)
    if box:
        step["config"][box] = _first_message(hook, kind, seen)
    draft["then"].append(step)
    return draft


def _type_is(hook: Hook, event: Event, seen: Mapping[str, Any]) -> Document:
    for source in PROVIDERS[hook.provider].event_type:
        if isinstance(source, Body) and _value("payload", source.path, seen) == event.event_type:
            return condition_for("payload", source.path, "text", seen)
    return condition_for("event", "$.type", "text", seen)


def _first_message(hook: Hook, kind: str, seen: Mapping[str, Any]) -> str:
    """The provider's own telling line, else the first few friendly fields that are there."""
    line = telling_line(hook.provider, seen.get("payload"))
    if line:
        return f"{kind or hook.name}: {line}"
    known = [row for row in rows(hook, seen) if row.friendly and row.here and not row.several]
    told = [f"{row.name}: {insertion(row.part, row.path, hook.provider)}" for row in known[:3]]
    return f"{kind or hook.name}. {', '.join(told)}".strip(". ") if told else kind or hook.name


def message_field(action: Action) -> str | None:
    """The field of an action that holds what people read: its first long template."""
    texts = [field for field in action.fields if field.template]
    longest = [field for field in texts if field.kind == "long"] or texts
    return longest[0].name if longest else None
