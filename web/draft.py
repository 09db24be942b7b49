"""The builder's form as a rule document: read from its boxes, and edited by its buttons. Pure.

A box is named by the JSON pointer of what it holds: /when/all/0/value, /then/0/config/message.
What a pointer cannot say follows a colon: `:group`, `:items` and `:every` tell what a node is,
`:json` a value that has no box of its own, `:path` another field in place of a value, `:was` the
value that was drawn, so that what nobody touched stays as it was, `:money` the currency in which a
value is typed, `:field` and `:pick` a field that was chosen from a list, its part before its path,
`:words` what the names in a text stand for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from rules import RuleError, parse
from rules.filters.plain import compact
from rules.money import money_read, money_words
from rules.nodes import Node
from rules.operators import OPERATORS, Wants
from rules.values import as_text
from web.wording import source_of

Document = dict[str, Any]
GROUPS = ("all", "any", "none")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,400}\s*")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

# How a value of each kind is typed: one text, several, or two; and what a text stands for.
SHAPES = {
    "nothing": "none",
    "texts": "several", "numbers": "several", "scalars": "several", "weekdays": "several",
    "ranges": "several",
    "number_pair": "two", "date_pair": "two", "time_pair": "two",
}  # fmt: skip


def shape(wants: Wants) -> str:
    """none, one, several or two: what kind of box a value is typed into."""
    return SHAPES.get(wants.name, "one")


def _number(text: str) -> Any:
    """Whole numbers as numbers; a decimal stays the text it is, which is exact."""
    return int(text) if _WHOLE.fullmatch(text) else text.strip()


def _scalar(text: str) -> Any:
    """A number, true or false where it reads like one, unless it stands in quotes."""
    if text in ("true", "false"):
        return text == "true"
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _plain(text: str) -> Any:
    return text


def _reads_as(wants: Wants) -> Callable[[str], Any]:
    if wants.name in ("number", "numbers", "number_pair", "length"):
        return _number
    return _scalar if wants.name in ("scalar", "scalars") else _plain


def typed(texts: list[str], wants: Wants) -> Any:
    """The value that these boxes stand for; None when nothing was written."""
    one, how = _reads_as(wants), shape(wants)
    if how == "none" or not any(text.strip() for text in texts):
        return None
    if how == "one":
        return one(next(text for text in texts if text.strip()))
    parts = [part for text in texts for part in _parts(text)]
    if how == "several":
        return [one(part) for part in parts]
    ends = texts if len(texts) == 2 else [*parts, "", ""][:2]
    return [one(end.strip()) for end in ends]


def _parts(text: str) -> list[str]:
    """One on a line, or with commas between them on a single line."""
    split = text.split("\n") if "\n" in text else text.split(",")
    return [part.strip() for part in split if part.strip()]


def shown(value: Any, wants: Wants) -> list[str]:
    """The texts that stand in the boxes of a value: none, one, or two."""
    how = shape(wants)
    if how == "none":
        return []
    if how == "two":
        ends = value if isinstance(value, list) else [value]
        return [_words(end, wants) for end in [*ends, None, None][:2]]
    if how == "one" or not isinstance(value, list):
        return [_words(value, wants).replace("\n", " ")]
    words = [_words(each, wants) for each in value]
    by_lines = any("," in word for word in words)
    return ["\n".join([*words, ""]) if by_lines else ", ".join(words)]


def _words(value: Any, wants: Wants) -> str:
    if value is None:
        return ""
    text = as_text(value)
    if text is None:
        return str(compact(value))
    if wants.name.startswith("scalar") and isinstance(value, str) and _scalar(value) != value:
        return f'"{value}"'
    return text


def was(value: Any, wants: Wants) -> str | None:
    """What has to stand beside the boxes so that an untouched value is read as it was."""
    return None if typed(shown(value, wants), wants) == value else str(compact(value))


def read(form: Mapping[str, str]) -> Document:
    """The document that the boxes of a form say, finished or not; never raises."""
    boxes = _Boxes(form)
    document: Document = {"name": " ".join(boxes.get("/name").split()), "when": _unwrapped(boxes)}
    document["then"] = [_step(boxes, f"/then/{at}") for at in boxes.numbers("/then")]
    options = {key: True for key in ("stop", "otherwise") if boxes.get(f"/options/{key}")}
    return {**document, "options": options} if options else document


def kinds_before(form: Mapping[str, str]) -> dict[str, str]:
    """Of each group whose kind was chosen anew, by its pointer: the kind that it was drawn with."""
    boxes, found = _Boxes(form), {}
    for name, kind in boxes.all.items():
        place, _, what = name.partition(":")
        drawn_as = next((each for each in GROUPS if boxes.numbers(f"{place}/{each}")), kind)
        if what == "group" and drawn_as != kind:
            found[place] = drawn_as
    return found


class _Boxes:
    """The boxes of a form by name; line ends as they were written."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self.all = {
            name: text.replace("\r\n", "\n") for name, text in form.items() if name.startswith("/")
        }

    def get(self, name: str) -> str:
        return self.all.get(name, "")

    def json(self, name: str) -> Any:
        try:
            return json.loads(self.get(name) or "null")
        except ValueError:
            return None

    def words(self, name: str) -> dict[str, str]:
        found = self.json(f"{name}:words")
        pairs = found.items() if isinstance(found, dict) else ()
        return {label: text for label, text in pairs if isinstance(text, str)}

    def numbers(self, place: str) -> list[int]:
        """The positions of a list's entries, in order."""
        start = f"{place}/"
        heads = {re.split("[/:]", name[len(start) :], maxsplit=1)[0]
                 for name in self.all if name.startswith(start)}  # fmt: skip
        return sorted(int(head) for head in heads if head.isdecimal() and len(head) < 6)


def _unwrapped(boxes: _Boxes) -> Any:
    when = _node(boxes, "/when")
    return when["all"][0] if when == {"all": [{"every_event": True}]} else when


def _node(boxes: _Boxes, place: str) -> Any:
    if f"{place}:group" in boxes.all:
        kind = boxes.get(f"{place}:group")
        listed = next((each for each in GROUPS if boxes.numbers(f"{place}/{each}")), "all")
        inside = f"{place}/{listed}"
        nodes = [_node(boxes, f"{inside}/{at}") for at in boxes.numbers(inside)]
        return {kind if kind in GROUPS else "all": nodes}
    if f"{place}:items" in boxes.all:
        match = boxes.json(f"{place}/match:json")
        return {
            "items": (boxes.get(f"{place}/items") or boxes.get(f"{place}/items:list")).strip(),
            **({"match": match} if match else {}),
            "where": _node(boxes, f"{place}/where"),
        }
    return {"every_event": True} if f"{place}:every" in boxes.all else _condition(boxes, place)


def _condition(boxes: _Boxes, place: str) -> Document:
    found: Document = {"path": boxes.get(f"{place}/path").strip()}
    part, test = boxes.get(f"{place}/in"), boxes.get(f"{place}/test")
    chosen = boxes.get(f"{place}:field")
    if chosen and not found["path"]:
        part, _, found["path"] = chosen.partition(" ")
    if part and part != "payload":
        found["in"] = part
    found["test"] = test
    operator = OPERATORS.get(test)
    if operator is None:
        return found
    value = _value(boxes, f"{place}/value", operator.wants)
    if value is not None:
        found["value"] = value
    match = boxes.json(f"{place}/match:json")
    if match and match != "any":
        found["match"] = match
    if operator.cased and boxes.get(f"{place}/match_case"):
        found["match_case"] = True
    if not operator.about_presence and boxes.get(f"{place}/when_missing"):
        found["when_missing"] = "met"
    return found


def _value(boxes: _Boxes, place: str, wants: Wants) -> Any:
    if f"{place}:path" in boxes.all and wants.from_field:
        part, path = boxes.get(f"{place}:in"), boxes.get(f"{place}:path").strip()
        if boxes.get(f"{place}:pick"):
            part, _, path = boxes.get(f"{place}:pick").partition(" ")
            part = "" if part == "payload" else part
        other = {"path": path}
        return {**other, "in": part} if part else other
    texts = [boxes.all[name] for name in (place, f"{place}/0", f"{place}/1") if name in boxes.all]
    currency = boxes.get(f"{place}:money")
    if currency:
        texts = [_minor(text, currency) for text in texts]
    if f"{place}:was" in boxes.all:
        before = boxes.json(f"{place}:was")
        if texts == shown(before, wants):
            return before
    return typed(texts, wants)


def _minor(text: str, currency: str) -> str:
    """An amount in minor units, as the document holds it; what is no amount stays as it is."""
    amount = money_read(text, currency)
    return text if amount is None else str(amount)


def in_money(texts: list[str], currency: str) -> list[str] | None:
    """The texts of a value's boxes as money; None where they would not be read back the same."""
    told = [money_words(text, currency) if text else "" for text in texts]
    same = [_minor(text, currency) for text in told] == texts
    return told if same else None


def _step(boxes: _Boxes, place: str) -> Document:
    step: Document = {"id": boxes.get(f"{place}/id"), "action": boxes.get(f"{place}/action")}
    if boxes.get(f"{place}/connection"):
        step["connection"] = boxes.get(f"{place}/connection")
    step["config"] = _config(boxes, f"{place}/config")
    if boxes.json(f"{place}/needs:json"):
        step["needs"] = boxes.json(f"{place}/needs:json")
    if_missing = boxes.get(f"{place}/if_missing")
    return {**step, "if_missing": if_missing} if if_missing not in ("", "blank") else step


def _config(boxes: _Boxes, place: str) -> Document:
    """Each name may carry the kind of its field after a colon; what is blank is left out. Where
    `:words` goes along, fields stand in the text by name."""
    found = {}
    for box, text in boxes.all.items():
        name, _, kind = box.removeprefix(f"{place}/").partition(":")
        if not box.startswith(f"{place}/") or kind == "words" or not text.strip():
            continue
        text = source_of(text, boxes.words(f"{place}/{name}"))
        found[name] = CONFIG[kind](text) if kind in CONFIG else text
    return found


def words_of(form: Mapping[str, str], box: str) -> dict[str, str]:
    """What the names in the text of a box stand for."""
    return _Boxes(form).words(box)


def _pairs(text: str) -> dict[str, str]:
    pairs = [line.partition(":") for line in text.split("\n") if line.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


CONFIG: dict[str, Callable[[str], Any]] = {
    "number": lambda text: _scalar(text.strip()),
    "yesno": lambda text: text == "yes",
    "pairs": _pairs,
}


def config_box(kind: str, value: Any) -> str:
    """The text of a config's box, by the kind of its field; blank for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    return as_text(value) or ""


def drawn(document: Document) -> Document:
    """A document ready for the builder: its conditions stand in a group."""
    when = document.get("when")
    grouped = isinstance(when, dict) and any(kind in when for kind in GROUPS)
    return {**document, "when": when if grouped else {"all": [when] if when else []}}


def parsed(node: Document) -> Node | None:
    """One condition by itself, also one that looks at an item; None where it is not finished."""
    when = {"items": "$.x[*]", "where": node} if str(node.get("path"))[:1] == "@" else node
    step = {"id": "none", "action": "none", "config": {}}
    try:
        return parse({"name": "draft", "when": when, "then": [step]}).when
    except RuleError:
        return None


def parsed_when(document: Document) -> Node | None:
    """The conditions of a saved document."""
    step = {"id": "none", "action": "none", "config": {}}
    try:
        return parse({"name": "saved", "when": document.get("when"), "then": [step]}).when
    except RuleError:
        return None


def paths_of(node: Any) -> list[str]:
    """Every path into a payload that a document's conditions name."""
    if isinstance(node, list):
        return [path for each in node for path in paths_of(each)]
    if not isinstance(node, dict):
        return []
    inside = [node[key] for key in ("when", "where", *GROUPS) if key in node]
    mine = [str(node["path"])] if node.get("path") and "in" not in node else []
    return mine + [path for each in inside for path in paths_of(each)]


def group_of(node: Any) -> str | None:
    """all, any or none where the node is a group."""
    return next((kind for kind in GROUPS if kind in node), None) if isinstance(node, dict) else None
