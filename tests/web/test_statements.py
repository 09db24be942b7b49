"""A page asks the database a few things, however long its list is."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event

from rulebook.storage import db
from tests.people import Person, make_hook, make_rule
from tests.web.seeing import ON_SQLITE, send
from tests.work import work
from web.polling import SEEN

MOST = {"/": 28, "/events": 19, "/runs": 23, "/rules": 18, "/hooks": 15}


@pytest.fixture
def asked(app: Flask, ada: Person):
    """Counts the statements that a page of ada's takes."""
    heard: list[str] = []
    with app.app_context():
        engine = db.engine

    def hear(connection, cursor, statement, *rest) -> None:
        heard.append(statement)

    seen: dict[str, str | None] = {}

    def asked(path: str, status: int | None = None) -> int:
        """With a status: as a part that polls, which is answered so."""
        heard.clear()
        headers = {"HX-Request": "true", SEEN: seen.get(path) or "nothing"} if status else {}
        answer = ada.get(path, headers=headers)
        assert answer.status_code == (status or 200)
        seen[path] = answer.headers.get(SEEN)
        return len(heard)

    event.listen(engine, "before_cursor_execute", hear)
    yield asked
    event.remove(engine, "before_cursor_execute", hear)


@ON_SQLITE
def test_a_longer_list_asks_no_more(app: Flask, ada: Person, asked) -> None:
    with app.app_context():
        shops = [make_hook(ada, name) for name in ("One", "Two", "Three")]
        for shop in shops:
            make_rule(ada, shop, name=f"Text me of {shop.name}")
    send(app, shops[0])
    send(app, shops[0])
    work(app)
    few = {path: asked(path) for path in MOST}
    for shop in shops * 4:
        send(app, shop)
    work(app)
    many = {path: asked(path) for path in MOST}
    assert many == few
    assert {path: n for path, n in many.items() if n > MOST[path]} == {}


@ON_SQLITE
def test_a_part_that_is_asked_for_again_asks_nothing_that_it_does_not_show(
    app: Flask, ada: Person, asked
) -> None:
    with app.app_context():
        shop = make_hook(ada)
    send(app, shop)
    work(app)
    assert asked("/events?part=list") + 10 <= asked("/events")


@ON_SQLITE
@pytest.mark.parametrize("path", ["/?part=now&known=", "/events?part=list", "/runs?part=list"])
def test_a_part_in_which_nothing_is_new_asks_who_it_is_for_and_no_more(
    app: Flask, ada: Person, asked, path: str
) -> None:
    with app.app_context():
        shop = make_hook(ada)
        make_rule(ada, shop)
    send(app, shop)
    work(app)
    drawn = asked(path, 200)
    assert asked(path, 204) == 2 < drawn  # BEGIN, and the session
