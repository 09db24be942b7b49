"""A draft in words: as one sentence with its fields and values marked, and why events turn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.domain.backtest import Judged
from rulebook.domain.called import shared
from rulebook.domain.voice import Voice as Spoken
from rulebook.domain.weigh import Weighed
from rulebook.storage.hooks import Hook
from rules.nodes import Node
from rules.sentence import STOPS, opening
from web.fieldlist import Fields

# Marks round a field and a value inside a sentence; of the letters that are for private use.
_OPEN, _CLOSE = {"field": "\ue010", "value": "\ue011"}, "\ue012"
_MARKED = re.compile("([\ue010\ue011])([^\ue010-\ue012]*)\ue012")


@dataclass(frozen=True)
class Voice(Spoken):
    """How a hook is spoken of in the builder: with the currencies of the fields that one sees."""

    hook: Hook
    fields: Fields

    def draft(self, weighed: Weighed, document: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The whole rule in parts: ("field" | "value" | "action" | "", text)."""
        options = document.get("options") or {}
        start = "When ..."
        if weighed.rule:
            tell = self.telling(weighed.rule.when)

            def marked(kind: str, words: str, node: Any) -> str:
                return f"{_OPEN[kind]}{unmarked(tell(kind, words, node))}{_CLOSE}"

            start = opening(weighed.rule.when, bool(options.get("otherwise")), tell=marked)
        return [
            *parts(f"{start}, "),
            ("action", ", then ".join(map(self.named, weighed.phrases)) or "do nothing yet"),
            ("", f".{STOPS if options.get('stop') else ''}"),
        ]

    def turned(self, judged: Judged, weighed: Weighed, saved: Node | None) -> str:
        """The reason of a verdict that changes, or that was near."""
        now = weighed.rule.when if weighed.rule else None
        when = saved if judged.turn == "starts" else now
        if judged.why is None or when is None:
            return ""
        summary = judged.why.summary.partition(": ")[2].rstrip(".")
        words = self.why(judged.why, when) or [summary]
        more = f" and {len(words) - 2} more" if len(words) > 2 else ""
        return "; ".join(words[:2]) + more


def voice(hook: Hook, fields: Fields) -> Voice:
    """The voice for what the builder shows."""
    currencies = {shared(row.path): row.currency for row in fields.rows if row.currency}
    return Voice(hook.provider, currencies, hook, fields)


def parts(text: str) -> list[tuple[str, str]]:
    """A marked text in parts, each with its kind."""
    found, end = [], 0
    kinds = {mark: kind for kind, mark in _OPEN.items()}
    for marked in _MARKED.finditer(text):
        found += [("", text[end : marked.start()]), (kinds[marked[1]], marked[2])]
        end = marked.end()
    return [(kind, words) for kind, words in [*found, ("", text[end:])] if words]


def unmarked(text: str) -> str:
    return re.sub("[\ue010-\ue012]", "", text)
