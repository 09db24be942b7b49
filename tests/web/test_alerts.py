"""The page of alerts: everybody chooses for themselves, owners choose the ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from rulebook.storage import alerts, db, notices, utcnow
from tests.fakes import Mail
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.seeing import ON_SQLITE, found, send, set_runs, text_of
from tests.work import work


def a_problem(app: Flask, ada: Person) -> str:
    """A rule of ada's has failed, and a message told of it; the rule's id."""
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    send(app, hook)
    work(app)
    set_runs(app, state="failed", sentence="Twilio refuses the token.")
    row = {"action": "email", "to": "ada@shop.example", "subject": "Text me is failing",
           "text": "Twilio refuses the token.", "state": "sent"}  # fmt: skip
    with app.app_context():
        alerts.plan_alerts([{"workspace_id": ada.workspace_id, **row}])
        db.session.commit()
    return rule.id


def test_strangers_see_nothing_and_can_mute_nothing(app: Flask, ada: Person, cy: Person) -> None:
    rule_id = a_problem(app, ada)
    assert "Text me is failing" in text_of(ada.get("/alerts"))
    page = text_of(cy.get("/alerts"))
    assert "Text me" not in page and "ada@shop.example" not in page
    assert cy.post("/mute", {"kind": "failed", "thing": rule_id}).status_code == 404
    assert ada.post("/mute", {"kind": "failed", "thing": rule_id}).status_code == 303
    again = {"kind": "failed", "thing": rule_id, "again": "yes"}
    assert cy.post("/mute", again).status_code == 404
    assert "One muted" in text_of(ada.get("/"))


@ON_SQLITE
def test_who_may_only_look_chooses_for_themselves_and_nothing_else(app: Flask, ada: Person) -> None:
    vi = make_person(app, "vi", workspace_of=ada, role="viewer")
    rule_id = a_problem(app, ada)
    assert vi.post("/mute", {"kind": "failed", "thing": rule_id}).status_code == 403
    way = {"mail": "", "other": "http", "to": "https://x.example"}
    assert vi.post("/alerts/ways", way).status_code == 403
    assert "Mute" not in text_of(vi.get("/"))
    assert vi.post("/alerts/mine", {"kind": ["silent", "nonsense"]}).status_code == 303
    page = vi.get("/alerts").get_data(as_text=True)
    assert 'value="silent" id="kind-silent" checked' in page and page.count(" checked") == 1
    with app.app_context():
        [choice] = alerts.choices(ada.workspace_id).values()
        assert (choice.user_id, choice.kinds, choice.endings) == (vi.user_id, ["silent"], False)


@ON_SQLITE
def test_a_wrong_way_is_told_beside_its_box(app: Flask, ada: Person) -> None:
    answer = ada.post("/alerts/ways", {"mail": "", "other": "http", "to": "not an address"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in page and "not an address" in page
    good = {"mail": "", "other": "http", "to": "https://chat.example/hooks/abc"}
    assert ada.post("/alerts/ways", good).status_code == 303
    page = ada.get("/alerts").get_data(as_text=True)
    assert found(r'id="f-to"[^>]* value="([^"]+)"', page) == good["to"]


@ON_SQLITE
def test_a_mute_ends_with_its_problem(app: Flask, ada: Person) -> None:
    rule_id = a_problem(app, ada)
    ada.post("/mute", {"kind": "failed", "thing": rule_id})
    assert "needs you" not in text_of(ada.get("/settings"))
    with app.app_context():
        [notice] = notices.open_notices(ada.workspace_id)
        assert notice.muted_at is not None
        notices.set_open(ada.workspace_id, "failed", rule_id, {"closed_at": utcnow()})
        db.session.commit()
    assert "One thing needs you." in text_of(ada.get("/"))


@ON_SQLITE
def test_programs_list_problems_and_mute_them(app: Flask, ada: Person, cy: Person) -> None:
    rule_id = a_problem(app, ada)
    [problem] = ada.api("GET", "/problems").json["items"]
    assert (problem["kind"], problem["thing"], problem["muted"]) == ("failed", rule_id, False)
    assert problem["sentence"] == "Twilio refuses the token."
    key = {"kind": "failed", "thing": rule_id}
    assert cy.api("POST", "/problems/mute", key).status_code == 404
    assert cy.api("GET", "/problems").json["items"] == []
    assert cy.api("GET", "/alerts").json["items"] == []
    assert ada.api("POST", "/problems/mute", key).status_code == 204
    assert ada.api("GET", "/problems").json["items"][0]["muted"] is True
    assert ada.api("POST", "/problems/mute", {**key, "muted": False}).status_code == 204
    assert ada.api("GET", "/problems").json["items"][0]["muted"] is False
    [told] = ada.api("GET", "/alerts").json["items"]
    assert (told["to"], told["state"]) == ("ada@shop.example", "sent")


class TestOwnMailServer:
    """A mail server in the settings is tried before the first letter has to go."""

    @pytest.fixture
    def own_mail(self) -> Iterator[Mail]:
        server = Mail()
        server.__enter__()
        yield server  # the test closes it

    @pytest.fixture
    def settings(self, own_mail: Mail) -> dict[str, str]:
        at = f"smtp://{own_mail.host}:{own_mail.port}"
        return {"RULEBOOK_MAIL_URL": f"{at}?from=a@shop.example&security=none"}

    @ON_SQLITE
    def test_an_owner_tries_it_and_nothing_is_sent(
        self, app: Flask, ada: Person, bo: Person, own_mail: Mail
    ) -> None:
        assert "Try the mail server" not in bo.get("/alerts").text
        assert bo.post("/alerts/try").status_code == 403
        assert "Try the mail server in the settings" in ada.get("/alerts").text
        tried = ada.post("/alerts/try", follow_redirects=True)
        assert "answered. No message was sent." in text_of(tried) and not own_mail.letters
        own_mail.close()
        failed = text_of(ada.post("/alerts/try", follow_redirects=True))
        assert "No mail can leave by the mail server in the settings. Nobody answers at" in failed


@ON_SQLITE
def test_without_a_mail_server_in_the_settings_there_is_nothing_to_try(
    app: Flask, ada: Person
) -> None:
    assert "Try the mail server" not in ada.get("/alerts").text
    assert "There is no way for alerts" in ada.post("/alerts/try", follow_redirects=True).text
