"""Where a text goes decides how values enter it: one class per destination.

A destination is told each piece of the author's own text, in order, and turns each value into
what may stand at that place. A value can never end a JSON text, open a tag or start a line.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from markupsafe import escape

from rules.filters.plain import JsonText, UrlText, compact, text_of
from rules.fuel import TemplateError

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNSAFE = re.compile(r"[\x00\ud800-\udfff]")
_JSON_TEXT = json.JSONEncoder(ensure_ascii=False).encode
_QUOTE = re.compile(r'\\.|"', re.DOTALL)


def storable(text: str) -> str:
    """The text without NUL and half characters, which no database and no network takes."""
    return text if text.isascii() and "\0" not in text else _UNSAFE.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    return "" if found[0] == "\0" else "\ufffd"


class Text:
    """Values enter as they are."""

    one_line = False

    def literal(self, text: str) -> None:
        """Take note of a piece that the author wrote."""

    def insert(self, value: object) -> str:
        """What stands for this value here."""
        return storable(text_of(value))


class Html(Text):
    """Values are text, never markup."""

    def insert(self, value: object) -> str:
        return str(escape(super().insert(value)))


class Header(Text):
    """One line: line breaks and other control characters in a value become blanks."""

    one_line = True

    def insert(self, value: object) -> str:
        return CONTROL.sub(" ", super().insert(value))


class Url(Text):
    """Values are one part of a URL: they add no slash, no parameter, no host and no step up."""

    one_line = True

    def __init__(self) -> None:
        self.in_path = True

    def literal(self, text: str) -> None:
        self.in_path = self.in_path and not ("?" in text or "#" in text)

    def insert(self, value: object) -> str:
        text = super().insert(value)
        if self.in_path and text in (".", ".."):
            raise TemplateError(
                f"The value '{text}' would change the path of the URL.",
                "Use another field here, or put it after the '?'.",
            )
        return text if isinstance(value, UrlText) else quote(text, safe="")


class Json(Text):
    """Between quotes a value is text; elsewhere it is a whole JSON value, null where missing."""

    def __init__(self) -> None:
        self.quoted = self.after_backslash = False

    def literal(self, text: str) -> None:
        start = 1 if self.after_backslash and text else 0
        tail = start
        for found in _QUOTE.finditer(text, start):
            tail = found.end()
            if found[0] == '"':
                self.quoted = not self.quoted
        self.after_backslash = text.endswith("\\") and tail < len(text)

    def insert(self, value: object) -> str:
        if self.after_backslash:
            raise TemplateError(
                "A backslash stands right before a value.", "Write two backslashes, or none."
            )
        if self.quoted:
            return _JSON_TEXT(super().insert(value))[1:-1]
        return storable(str(value) if isinstance(value, JsonText) else compact(value))


DESTINATIONS: dict[str, type[Text]] = {
    "text": Text,
    "html": Html,
    "json": Json,
    "url": Url,
    "header": Header,
}
