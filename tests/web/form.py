"""A page's form as a browser would send it."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Form(HTMLParser):
    """What a browser would send for the boxes in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self._select: str | None = None
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = {key: value or "" for key, value in attrs}
        name = given.get("name", "")
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self.data[name] = given["value"]
        elif tag == "input":
            self.data[name] = given.get("value", "")
        elif tag == "textarea":
            self.data[name], self._area = "", name
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self.data:
                self.data[self._select] = given["value"]

    def handle_data(self, data):
        if self._area:
            self.data[self._area] += data

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea" and self._area:
            text = self.data[self._area]
            self.data[self._area] = text.removeprefix("\n").replace("\n", "\r\n")
            self._area = None


def form_of(page: str) -> dict[str, str]:
    """The boxes of the builder's form on a page; the token that goes along is the person's."""
    drawn = re.search(r'<form class="rb".*?</form>', page, re.S)
    found = Form(drawn[0] if drawn else "").data
    found.pop("csrf_token", None)
    return found
