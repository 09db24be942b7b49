"""What sets the chosen event apart, as ticks of a new rule: each stands for a condition.

The list travels in the form, so that it is worked out once for an event and not at every key. A
tick that was changed adds or takes away its condition; one whose condition was edited meanwhile
leaves it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.domain.likeness import Like
from web import draft
from web.draft import Document
from web.saying import Voice


@dataclass(frozen=True)
class Tick:
    """One line: the condition in words, how many of the newest events meet it, whether it is in
    the draft."""

    words: str
    met: int
    of: int
    ticked: bool


def read(form: Mapping[str, str]) -> list[Like]:
    """The list as it was drawn."""
    try:
        found = json.loads(form.get("likes") or "[]")
        return [Like(dict(each[0]), int(each[1]), int(each[2]), bool(each[3])) for each in found]
    except (ValueError, TypeError, LookupError):
        return []


def applied(document: Document, form: Mapping[str, str], likes: Iterable[Like]) -> Document:
    """The draft with the ticks that were changed since the list was drawn."""
    when = draft.drawn(document)["when"]
    if "all" not in when:
        return document
    members = list(when["all"])
    for at, like in enumerate(likes):
        now = bool(form.get(f"like {at}"))
        if now and not like.ticked and like.condition not in members:
            members = [one for one in members if "every_event" not in one] + [like.condition]
        elif like.ticked and not now and like.condition in members:
            members.remove(like.condition)
    return document if members == when["all"] else {**document, "when": {"all": members}}


def written(likes: Iterable[Like], document: Document) -> str:
    """The list for the form, with what is ticked now."""
    told = [[one.condition, one.met, one.of, _in(one, document)] for one in likes]
    return json.dumps(told, separators=(",", ":"))


def ticks(likes: Iterable[Like], document: Document, voice: Voice) -> list[Tick]:
    return [Tick(_words(one, voice), one.met, one.of, _in(one, document)) for one in likes]


def _in(like: Like, document: Document) -> bool:
    return like.condition in document["when"].get("all", ())


def _words(like: Like, voice: Voice) -> str:
    parsed: Any = draft.parsed(like.condition)
    words = voice.condition(parsed) if parsed else "a condition"
    return words[:1].upper() + words[1:]
