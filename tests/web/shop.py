"""A shop for the pages' tests: a hook that things are sent to, and what a reader sees of a page."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from rulebook.domain.hooks import hook_url
from rulebook.storage import event_lists
from rulebook.storage.event_lists import EventFilter
from tests.people import Person, make_hook, make_rule
from tests.work import work

sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def text(answer) -> str:
    """What a reader sees of a page: its words, in order."""
    page = re.sub(r"<(head|script|style)\b.*?</\1>", "", answer.get_data(as_text=True), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


class Shop:
    """A hook that things are sent to."""

    def __init__(self, app: Flask, person: Person, **more) -> None:
        self.app, self.person = app, person
        with app.app_context():
            self.hook = make_hook(person, **more)
            self.path = "/in/" + hook_url(self.hook).rpartition("/")[2]

    def rule(self, mode: str = "live", **more):
        with self.app.app_context():
            return make_rule(self.person, self.hook, mode, **more)

    def sends(self, body=None, judged: bool = True, **more) -> str:
        """The page of the event that this became."""
        given = {"data": body, **more} if isinstance(body, bytes) else {"json": body, **more}
        self.app.test_client().post(self.path, **given)
        if judged:
            work(self.app)
        with self.app.app_context():
            [newest] = event_lists.page_of_events(self.person.workspace_id, EventFilter(), 1)
            return f"/events/{newest.id}"


def first(pattern: str, page: str) -> str:
    """What the pattern's group finds first in a page, as the reader's browser would read it."""
    found = re.search(pattern, page)
    assert found, f"{pattern} is not on the page"
    return html.unescape(found[1])
