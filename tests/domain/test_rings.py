"""Rules that call hooks that rules listen to: the calls are counted, and a ring ends."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.stories import act_on, call, path_of, sent_and_judged

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def test_a_ring_ends_whatever_the_count_looks_like(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        with app.app_context():
            hook = make_hook(ada)
            make_rule(ada, hook, then=[call(sink)])
            path = path_of(hook)
        cases = {None: "1", "4": "5", "x": "1", "5": None, "9" * 5000: None}
        for said, passed_on in cases.items():
            headers = {} if said is None else {"rulebook-hops": said}
            [run_id] = sent_and_judged(app, path, headers=headers)
            run = act_on(app, run_id)
            if passed_on is None:
                assert run.state == "failed" and "ring" in run.sentence
            else:
                assert run.state == "succeeded"
                assert sink.last.headers["rulebook-hops"] == passed_on
        assert len(sink.requests) == 3
