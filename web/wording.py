"""A message as its author sees it: "Paid: [Amount] by [Customer name]", and back. Pure.

A text box of the builder shows each field by its name in brackets. What a name stands for goes
along in a hidden box, so that the form alone says what the template is. Whatever is no field by
itself (choices, a calculation, text in brackets) stands there as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.pills import pills, tags

Words = Mapping[str, str]  # name in brackets -> what it stands for in the template
_NAMED = re.compile(r"\[([^\[\]\n]{1,80})\]")
_FOR = re.compile(r"for\s+\w+\s+in\s+(.+)", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """A template as it is shown, and what its names stand for."""

    text: str
    words: dict[str, str]


def shown(source: str, name_of: Callable[[str], str]) -> Shown:
    """A template with names for its fields. name_of: the friendly name of payload.a.b."""
    named = {pill.start: name_of(pill.field) for pill in pills(source)}
    words: dict[str, str] = {}
    taken = {found.casefold() for found in _NAMED.findall(source)}
    text, at = "", 0
    for tag in tags(source):
        written = source[tag.start : tag.end]
        name = named.get(tag.start) or (_repeat(tag.inside, name_of) if tag.kind == "{%" else "")
        text += source[at : tag.start]
        text += f"[{_label(name, written, words, taken)}]" if name else written
        at = tag.end
    return Shown(text + source[at:], words)


def _repeat(inside: str, name_of: Callable[[str], str]) -> str:
    if inside == "endfor":
        return "end of repeat"
    opened = _FOR.match(inside)
    listed = pills("{{ " + opened[1] + " }}") if opened else []
    return f"repeat for each of {name_of(listed[0].field)}" if listed else ""


def _label(name: str, written: str, words: dict[str, str], taken: set[str]) -> str:
    """A name that stands for this piece alone; remembered in `words`."""
    name = " ".join(re.sub(r"[\[\]]", " ", name).split())[:60] or "Field"
    label, count = name, 1
    while words.get(label, written) != written or label.casefold() in taken:
        count += 1
        label = f"{name} {count}"
    words[label] = written
    return label


def source_of(text: str, words: Words) -> str:
    """The template that a shown text stands for."""
    return _NAMED.sub(lambda found: words.get(found[1], found[0]), text)


def place_in_source(text: str, caret: int, words: Words) -> int:
    """Where a caret of the shown text stands in the template; inside a name, behind it."""
    for found in _NAMED.finditer(text):
        if found.start() < caret < found.end() and found[1] in words:
            caret = found.end()
    return len(source_of(text[:caret], words))
