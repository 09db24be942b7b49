"""Help: how to begin, the words and the keys; every page leads there, and it leads on."""

from __future__ import annotations

import re

from tests.people import Person
from tests.web.seeing import ON_SQLITE, text_of
from web.shown import RUN_WORDS

pytestmark = ON_SQLITE


def test_every_page_leads_to_help_and_help_leads_on(ada: Person) -> None:
    for page in ("/", "/hooks", "/rules", "/settings"):
        assert 'href="/help"' in ada.get(page).text, page
    main = ada.get("/help").text.partition('id="main"')[2].partition("<footer")[0]
    links = set(re.findall(r'href="(/[^"?#]*)"', main))
    assert {"/hooks", "/events", "/recipes", "/outbox", "/connections", "/"} <= links
    assert all(ada.get(link).status_code == 200 for link in links)


def test_help_says_the_words_that_pages_say(ada: Person) -> None:
    said = text_of(ada.get("/help"))
    for word in (RUN_WORDS["held"][1], RUN_WORDS["unknown"][1], "Verified", "Refused", "Replay"):
        assert word in said, word
