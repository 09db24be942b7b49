"""Runs as people may see them: what is read for that."""

from __future__ import annotations

import pytest
from flask import Flask

from rulebook.domain.shown_runs import runs_shown
from rulebook.storage import db, ledger
from rulebook.storage.hooks import Hook
from rulebook.storage.ledger import RunFilter
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.stories import call, path_of, said, send
from tests.work import work


@pytest.mark.parametrize(("hidden", "bodies"), [([], 0), (["$.amount"], 1)])
def test_only_bodies_in_which_something_may_be_hidden_are_read(
    app: Flask, ada: Person, sink: Sink, hidden: list[str], bodies: int
) -> None:
    with app.app_context():
        hooks = [make_hook(ada), make_hook(ada)]
        for hook in hooks:
            make_rule(ada, hook, then=[call(sink)])
        paths = [path_of(hook) for hook in hooks]
        db.session.get_one(Hook, hooks[0].id).settings = {**hooks[0].settings, "hidden": hidden}
        db.session.commit()
    for path in paths:
        send(app, path, b'{"amount": 61234}')
    work(app)
    with app.app_context():
        found = ledger.page_of_runs(ada.workspace_id, RunFilter(), 10)
        with said() as heard:
            shown = runs_shown(found)
        assert len(shown) == 2
        assert sum("event_body" in each for each in heard) == bodies
        texts = {run.event_id: str(run.config) for run in shown}
        assert sum("61234" in text for text in texts.values()) == 2 - bodies
