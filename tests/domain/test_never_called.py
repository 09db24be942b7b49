"""The database fails between a claim and its call: nobody was called, and that is said at once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from rulebook.domain import connections
from rulebook.storage import attempts, db
from tests.fakes import Sink
from tests.people import Person
from tests.stories import act_on, act_when_due, call, planned


def test_credentials_that_cannot_be_read_leave_no_doubt(
    app: Flask, ada: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("the database is gone"))

    with app.app_context():
        auth = {"type": "bearer", "token": "canary-5511"}
        made = connections.make_connection(ada.actor, "http_auth", "Shop", auth)
    [run_id] = planned(app, ada, {**call(sink), "connection": made.id})
    with monkeypatch.context() as patch:
        patch.setattr("rulebook.domain.act.open_connection", away)
        run = act_on(app, run_id)
    assert (run.state, run.attempts, run.may_repeat) == ("queued", 1, False)
    assert run.sentence.startswith("Nothing was sent")
    assert sink.requests == []
    assert act_when_due(app, run_id).state == "succeeded"


@pytest.mark.parametrize("reaches", [False, True])
def test_a_claim_of_which_nobody_knows_leaves_no_doubt(
    app: Flask, ada: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    [run_id] = planned(app, ada, call(sink))
    commit, started = db.session.commit, attempts.start_attempts
    claimed: list[bool] = []

    def committed() -> None:
        if claimed == [True]:
            claimed.append(False)
            if reaches:
                commit()
            raise OperationalError("COMMIT", {}, Exception("the connection is gone"))
        commit()

    def start(*args: Any) -> None:
        started(*args)
        claimed.append(True)

    with monkeypatch.context() as patch:
        patch.setattr(attempts, "start_attempts", start)
        patch.setattr(db.session, "commit", committed)
        run = act_on(app, run_id)
    assert claimed == [True, False]
    assert (run.state, run.attempts) == ("queued", int(reaches))
    assert sink.requests == []
    assert act_when_due(app, run_id).state == "succeeded"
    assert len(sink.requests) == 1
