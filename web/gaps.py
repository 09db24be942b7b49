"""What happens when a field is missing, as a choice for each field that is not always there.

The choices are boxes beside the draft: what was drawn goes along, so that only what somebody chose
changes the document. "Use this text" and "leave blank" are said with the field, by its `default`;
skip and fail hold for the whole step (`if_missing`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.readings import Reading
from rules.pills import Pill, pills, rewritten, with_fallback
from web.draft import Document

CHOICES = ("text", "blank", "skip", "fail")


@dataclass(frozen=True)
class GapRow:
    """One field that is missing in some events, and what stands in its place."""

    id: str
    box: str  # the name of its boxes begins with this
    name: str
    share: str
    choice: str
    text: str
    was: str


def rows(
    place: str, id: str, step: Document, reading: Reading | None, name_of: Callable[[str], str]
) -> list[GapRow]:
    """A choice for each field of a step that some of the events do not have."""
    found = []
    for n, (field, count) in enumerate((reading.missing if reading else {}).items()):
        choice, text = _choice(step, field)
        was = json.dumps({"field": field, "choice": choice, "text": text}, ensure_ascii=False)
        share = _share(count, reading.of) if reading else ""
        name = name_of(field)
        found.append(GapRow(f"{id}-gap{n}", f"gap {place} {n}", name[:1].lower() + name[1:],
                            share, choice, text, was))  # fmt: skip
    return found


def _share(count: int, of: int) -> str:
    """How many of the events, for the start of a sentence: "12% of events have"."""
    if of == 1:
        return "This event has"
    if of < 20:
        return f"{count} of {of} events {'have' if count > 1 else 'has'}"
    return f"{max(1, round(100 * count / of))}% of events have"


def _pills(step: Document, field: str) -> list[Pill]:
    action = ACTIONS.get(str(step.get("action")))
    texts = (
        [step.get("config", {}).get(each.name) for each in action.fields if each.template]
        if action
        else []
    )
    return [p for text in texts if isinstance(text, str) for p in pills(text) if p.field == field]


def _choice(step: Document, field: str) -> tuple[str, str]:
    said = [pill.fallback for pill in _pills(step, field) if pill.fallback is not None]
    if said:
        return ("text", said[0]) if said[0] else ("blank", "")
    return str(step.get("if_missing") or "blank"), ""


def applied(document: Document, form: Mapping[str, str]) -> Document:
    """The document with what was chosen since the form was drawn."""
    draft = copy.deepcopy(document)
    for at, step in enumerate(draft.get("then") or []):
        start = f"gap /then/{at} "
        for name in [each for each in form if each.startswith(start) and each.endswith(" was")]:
            _apply(step, form, name.removesuffix(" was"))
    return draft


def _apply(step: Document, form: Mapping[str, str], box: str) -> None:
    try:
        was: dict[str, Any] = json.loads(form[f"{box} was"])
        field, before, text_before = was["field"], was["choice"], was["text"]
    except (ValueError, LookupError, TypeError):
        return
    choice, text = form.get(box, before), form.get(f"{box} text", text_before).strip()
    if text != text_before and text:
        choice = "text"  # whoever types a text means it to be used
    if choice in CHOICES and (choice, text) != (before, text_before):
        choose(step, str(field), choice, text)


def choose(
    step: Document, field: str, choice: str, text: str = "", others: Collection[str] = ()
) -> None:
    """Say what happens when a field of a step is missing. others: fields that may be missing too,
    and for which things shall stay as they are."""
    general = str(step.get("if_missing") or "blank")
    if choice in ("skip", "fail"):
        if general == "blank":
            for other in others:
                if other != field and _choice(step, other)[0] == "blank":
                    _set(step, other, "")
        step["if_missing"] = choice
        _set(step, field, None)
    else:
        # Nothing need be said for blank where blank is what the step does anyway.
        _set(
            step,
            field,
            None if choice == "blank" and general == "blank" else text if choice == "text" else "",
        )


def _set(step: Document, field: str, text: str | None) -> None:
    action = ACTIONS.get(str(step.get("action")))
    config = step.get("config", {})
    for each in action.fields if action else ():
        source = config.get(each.name)
        if each.template and isinstance(source, str):
            for pill in reversed(pills(source)):
                if pill.field == field:
                    source = rewritten(source, pill, with_fallback(pill.calls, text))
            config[each.name] = source
