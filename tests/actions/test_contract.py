"""The exam that every action type and every kind of connection sits, unasked."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from rulebook.actions import ACTIONS, CONNECTION_KINDS, MASK, Outcome, mask
from rulebook.egress import METHODS, Egress
from rulebook.errors import ConfigError

KINDS = ("text long email phone url number choice yesno pairs secret").split()
ESCAPES = ("text", "html", "json", "url", "header")


def everything(outcome: Outcome) -> str:
    return repr(asdict(outcome))


@pytest.fixture(params=sorted(ACTIONS))
def action(request):
    return ACTIONS[request.param]


@pytest.fixture(params=sorted(CONNECTION_KINDS))
def kind(request):
    return CONNECTION_KINDS[request.param]


def test_the_first_three_are_there():
    assert {"sms", "email", "http"} <= set(ACTIONS)
    assert {"twilio", "smtp", "http_auth", "signing"} <= set(CONNECTION_KINDS)
    assert "GET" in METHODS


def test_an_action_says_what_it_is(action):
    assert action.label and action.icon and action.__module__.endswith(action.name)
    assert action.max_attempts == len(action.waits) + 1
    assert list(action.waits) == sorted(action.waits) and action.waits[0] > 0
    assert action.expires_after > action.waits[0]
    for field in action.fields:
        assert field.label and field.kind in KINDS and field.escape in ESCAPES, field


def test_the_example_fills_the_required_fields_and_can_be_saved(action):
    for field in action.fields:
        if field.required:
            assert field.name in action.example
    assert action.check(action.example) == []
    for say in (action.summary, action.phrase):
        assert say(action.example) and "{{" not in say(action.example)


def test_each_required_field_is_missed(action):
    for field in action.fields:
        if field.required:
            for nothing in ({}, {field.name: "  "}, {field.name: None}):
                config = {k: v for k, v in action.example.items() if k != field.name} | nothing
                assert [p.pointer for p in action.check(config)] == [f"/{field.name}"]


def test_an_unknown_key_is_named_with_the_nearest(action):
    name = action.fields[0].name
    [problem] = action.check(action.example | {name + "x": "1"})
    assert problem.pointer == f"/{name}x"
    assert name in problem.fix


def test_wrong_types_are_problems_and_never_raise(action):
    for field in action.fields:
        for wrong in (["x"], {"x": 1}, 1.5, object()):
            problems = action.check(action.example | {field.name: wrong})
            rendered = action.check_rendered(action.example | {field.name: wrong})
            if not (field.kind == "number" and wrong == 1.5):
                assert f"/{field.name}" in {p.pointer[: len(field.name) + 1] for p in problems}
                assert rendered


def test_it_is_done(each):
    outcome = each.run()
    assert outcome.kind == "yes", outcome
    assert outcome.sentence.endswith(".")
    assert each.action.target(each.config, each.connection)


def test_nobody_there_means_not_sent(each):
    each.moved_to_nobody()
    outcome = each.run()
    assert outcome.kind == "not_sent", outcome
    assert outcome.sentence and outcome.fix


def test_a_private_address_is_refused_for_good(each):
    outcome = each.action.run(each.config, each.connection, _call(), Egress(), each.settings)
    assert outcome.kind == "no_for_good", outcome
    assert "an administrator can allow it" in outcome.sentence


def test_an_answer_that_is_lost_leaves_doubt(each):
    each.lose_the_answer()
    assert each.run_briefly().kind == "ambiguous"


def test_no_outcome_holds_a_secret(each):
    secrets = [
        each.connection[field.name]
        for kind in each.action.connections
        for field in kind.fields
        if field.hidden and each.connection.get(field.name)
    ]
    assert secrets
    if hasattr(each.fake, "echoes"):
        each.fake.echoes()
    told = everything(each.run())
    each.lose_the_answer()
    told += everything(each.run_briefly())
    each.moved_to_nobody()
    told += everything(each.run())
    assert not [secret for secret in secrets if secret in told]


def test_an_answer_is_kept_up_to_8_kb(http_world):
    http_world.fake.answers(200, body="é" * 20000)
    assert 8000 < len(http_world.run().answer.encode()) <= 8192


def test_a_connection_says_whose_it_is_and_how_to_get_it(kind):
    assert kind.label and len(kind.help) > 40
    assert kind.check(kind.example) == []
    shown = kind.account(kind.example)
    assert shown
    for field in kind.fields:
        if field.hidden and kind.example.get(field.name):
            assert kind.example[field.name] not in shown


def test_secrets_are_masked(kind):
    for field in kind.fields:
        if field.hidden:
            masked = kind.mask(kind.example | {field.name: "canary"})
            assert masked[field.name] == MASK and "canary" not in repr(masked)
            assert mask(kind.fields, {field.name: ""}) == {field.name: ""}


def test_every_kind_of_connection_has_a_secret_field(kind):
    assert any(field.hidden for field in kind.fields)


def test_a_file_that_cannot_be_loaded_stops_the_start_by_name(tmp_path, monkeypatch):
    from rulebook import actions

    (tmp_path / "broken_plug.py").write_text("import nothing_like_this\n")
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(tmp_path)])
    with pytest.raises(ConfigError, match="broken_plug.py"):
        actions._scan()
    (tmp_path / "broken_plug.py").write_text("x = 1\n")
    with pytest.raises(ConfigError, match="broken_plug.py"):
        actions._scan()


def _call():
    from tests.actions.conftest import CALL

    return CALL
