"""Which fields and headers of a hook's events people do not see: those that the sender's file names
as secrets, and those that somebody hid on the hook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rulebook.providers import PROVIDERS
from rulebook.providers.contract import Body, Header
from rules.path_syntax import Name
from rules.paths import Path, parse_path


@dataclass(frozen=True)
class Hidden:
    """What is hidden of all events of a hook: fields and headers, by name."""

    paths: tuple[Path, ...]
    headers: frozenset[str]
    words: tuple[bytes, ...]  # a body without any of these holds nothing that is hidden

    def covers(self, path: str) -> bool:
        """Whether a field of the catalogue is hidden, or lies in what is."""
        text = parse_path(path).text
        return any(text == each.text or text.startswith(f"{each.text}[") for each in self.paths)

    def touches(self, path: Path) -> bool:
        """Whether a field is hidden, lies in what is, or has it in it, whichever item is meant."""
        return any(
            all(a == b or None in (a, b) for a, b in zip(path.names, each.names, strict=False))
            for each in self.paths
        )


def hidden_on(provider: str, settings: Mapping[str, Any]) -> Hidden:
    """What is hidden of the events of a hook with this sender and these settings."""
    return _hidden(provider, tuple(settings.get("hidden") or ()))


@lru_cache(maxsize=1000)
def _hidden(provider: str, chosen: tuple[str, ...]) -> Hidden:
    sources = PROVIDERS[provider].hides if provider in PROVIDERS else ()
    named = [each.path for each in sources if isinstance(each, Body)]
    paths = tuple(dict.fromkeys(parse_path(path) for path in [*named, *chosen]))
    headers = frozenset(each.name.lower() for each in sources if isinstance(each, Header))
    keys = [[s.key for part in path.segments for s in part.selectors if isinstance(s, Name)]
            for path in paths]  # fmt: skip
    # A key with odd letters may be written in other ways; then every body is looked at.
    plain = all(key and re.fullmatch(r"[\w@.-]+", key[-1], re.ASCII) for key in keys)
    return Hidden(paths, headers, tuple(key[-1].encode() for key in keys) if plain else (b"",))
