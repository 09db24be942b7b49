"""One's own account: name, time zone, another address, another password, the other sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from rulebook.domain import accounts, oneself
from rulebook.domain.connections import make_connection
from rulebook.domain.passwords import hashed
from rulebook.errors import Conflict, NotFound, TooMany
from rulebook.storage import audit, db, users, utcnow
from rulebook.storage.confirmations import Confirmation
from rulebook.storage.users import Session, User
from tests.domain.test_alerts import failing, look
from tests.fakes.smtp import Mail
from tests.people import Person, make_person
from tests.web.seeing import ON_SQLITE, found, text_of
from tests.web.test_accounts import PASSWORD, submit
from web.account import browser_words

NEW = "ada@else.example"
OTHER_PASSWORD = "violet tin of seven harbours"


@pytest.fixture
def mail(app: Flask, ada: Person) -> Iterator[Mail]:
    """The mail server of ada's workspace."""
    with Mail() as mail:
        with app.app_context():
            make_connection(ada.actor, "smtp", "Mail", mail.connection)
            db.session.get_one(User, ada.user_id).password = hashed(PASSWORD)
            db.session.commit()
        yield mail


def user_of(app: Flask, person: Person) -> User:
    with app.app_context():
        return db.session.get_one(User, person.user_id)


def deeds(app: Flask, person: Person) -> list[tuple[str, str]]:
    with app.app_context():
        return [(each.what, each.detail) for each in audit.entries(person.workspace_id, 50)]


def link_to(person: Person, mail: Mail, new: str = NEW) -> str:
    """The path of the link that a new address was sent."""
    asked = person.post("/account/email", {"email": new})
    assert (asked.status_code, asked.location) == (303, "/account#email"), text_of(asked)
    return "/account/new-email/" + found(r"/account/new-email/(\S+)", mail.last.text)


def changes_password(person: Person, present: str, password: str) -> TestResponse:
    return person.post("/account/password", {"present": present, "password": password})


def test_name_and_zone_are_one_s_own(app: Flask, ada: Person, bo: Person) -> None:
    done = ada.post("/account", {"name": "  Ada \n Lovelace ", "zone": "Asia/Tokyo"})
    assert (done.status_code, done.location) == (303, "/account")
    assert "Times are Asia/Tokyo." in text_of(ada.get("/"))
    assert "Times are UTC." in text_of(bo.get("/"))
    assert "Ada Lovelace ada@shop.example you" in text_of(ada.get("/settings/people"))
    assert deeds(app, ada)[:2] == [
        ("account.zone", "Asia/Tokyo"), ("account.name", "none to Ada Lovelace")
    ]  # fmt: skip
    assert "ada@shop.example chose the time zone of their pages: Asia/Tokyo" in text_of(
        ada.get("/settings")
    )
    ada.post("/account", {"name": "Ada Lovelace", "zone": ""})
    assert "Times are UTC." in text_of(ada.get("/"))


@ON_SQLITE
@pytest.mark.parametrize(
    ("form", "said"),
    [({"name": "x" * 101}, "100 are the most"), ({"name": "a\u202eb"}, "cannot be seen"),
     ({"name": "a\x07b"}, "cannot be seen"), ({"zone": "Mars/Base"}, "There is no time zone")],
)  # fmt: skip
def test_a_wrong_word_changes_nothing(app: Flask, ada: Person, form: dict, said: str) -> None:
    answer = ada.post("/account", {"name": "Ada", "zone": "Asia/Tokyo", **form})
    assert answer.status_code == 422 and said in text_of(answer)
    user = user_of(app, ada)
    assert (user.name, user.zone) == ("", "")
    letters = {"name": "Zo\u00eb \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "zone": ""}
    assert ada.post("/account", letters).status_code == 303


def test_another_address_counts_once_its_owner_opened_the_link(
    app: Flask, ada: Person, mail: Mail
) -> None:
    link = link_to(ada, mail)
    assert mail.last.recipients == [NEW] and "nothing is changed" in mail.last.text
    assert user_of(app, ada).email == "ada@shop.example"
    page = text_of(ada.get("/account"))
    assert f"{NEW} is not yours yet" in page and link.rpartition("/")[2] not in page
    for _ in range(2):
        assert f"From now on it is to be {NEW}" in text_of(ada.get(link)), "looking uses nothing up"
    done = ada.post(link)
    assert (done.status_code, done.location) == (303, "/account")
    assert user_of(app, ada).email == NEW
    notice = mail.last
    assert notice.recipients == ["ada@shop.example"] and NEW in notice.text
    assert f"You sign in as {NEW} from now on. A notice went to ada@shop.example." in text_of(
        ada.get("/account")
    )
    assert ("account.email", f"ada@shop.example to {NEW}") in deeds(app, ada)
    assert ada.get(link).status_code == ada.post(link).status_code == 404, "it works once"
    browser = app.test_client()
    assert submit(browser, "/sign-in", email=NEW, password=PASSWORD).location == "/"


@ON_SQLITE
def test_a_link_is_for_who_asked_and_for_an_hour(
    app: Flask, ada: Person, bo: Person, mail: Mail
) -> None:
    link = link_to(ada, mail)
    assert bo.get(link).status_code == bo.post(link).status_code == 404
    asked = app.test_client().get(link)
    assert asked.status_code == 302 and asked.location.startswith("/sign-in?next=/account/new")
    second = link_to(ada, mail, "ada@third.example")
    assert ada.get(link).status_code == 404, "a newer one took its place"
    assert ada.post("/account/email/forget").status_code == 303
    assert ada.post(second).status_code == 404
    late = link_to(ada, mail)
    with app.app_context():
        db.session.execute(update(Confirmation).values(expires_at=utcnow()))
        db.session.commit()
    assert ada.post(late).status_code == 404
    assert user_of(app, ada).email == "ada@shop.example"
    with app.app_context():
        token = late.rpartition("/")[2]
        [row] = db.session.query(Confirmation)
        assert token not in repr(vars(row)), "a dump of the table opens nothing"


@ON_SQLITE
def test_an_address_with_an_account_is_told_to_its_owner_alone(
    app: Flask, ada: Person, cy: Person, mail: Mail
) -> None:
    link = link_to(ada, mail, "cy@shop.example")
    refused = ada.post(link)
    assert refused.status_code == 303 and user_of(app, ada).email == "ada@shop.example"
    assert "cy@shop.example has an account of its own here." in text_of(ada.get("/account"))
    assert ada.post(link).status_code == 404


@ON_SQLITE
def test_an_address_that_becomes_an_account_meanwhile_is_refused(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        token = oneself.ask_for_email(ada.actor, NEW)[1]
        db.session.add(User(email=NEW))
        db.session.commit()
        monkeypatch.setattr(users, "user_by_email", lambda email: None)  # it was not there yet
        with pytest.raises(Conflict, match="an account of its own"):
            oneself.confirm_email(ada.actor, token)
    assert user_of(app, ada).email == "ada@shop.example"


@ON_SQLITE
def test_without_a_mail_server_the_address_stays(app: Flask, ada: Person) -> None:
    page = ada.get("/account").text
    assert "No mail server is connected here" in page and "Send the link" not in page
    assert "<code>rulebook user email ada@shop.example NEW</code>" in page
    refused = ada.post("/account/email", {"email": NEW})
    assert refused.status_code == 422
    assert "Nothing was changed: there is no mail server." in text_of(refused)
    assert "rulebook user email OLD NEW" in text_of(refused)
    assert "not yours yet" not in text_of(ada.get("/account"))
    for email, said in (("nobody", "is not an e-mail address"), (" ADA@shop.example", "already")):
        wrong = ada.post("/account/email", {"email": email})
        assert wrong.status_code == 422 and said in text_of(wrong)


@ON_SQLITE
def test_letters_to_new_addresses_are_bounded(app: Flask, ada: Person) -> None:
    with app.app_context():
        for n in range(oneself.LETTERS):
            oneself.ask_for_email(ada.actor, f"a{n}@else.example")
        with pytest.raises(TooMany):
            oneself.ask_for_email(ada.actor, NEW)
        later = utcnow() + timedelta(hours=1, seconds=1)
        token = oneself.ask_for_email(ada.actor, NEW, later)[1]
        assert oneself.asked_for(ada.actor, token, later).value == NEW
        with pytest.raises(NotFound):
            oneself.asked_for(ada.actor, token, later + oneself.LINK_LASTS)


def test_another_password_ends_every_other_session(app: Flask, ada: Person, mail: Mail) -> None:
    elsewhere = make_person(app, "dee", workspace_of=ada)
    other = app.test_client()
    submit(other, "/sign-in", email="ada@shop.example", password=PASSWORD)
    stale = ada.client.get_cookie("rulebook_session")
    with app.app_context():
        link = "/password/" + accounts.make_link("password", ada.user_id)
    done = changes_password(ada, PASSWORD, OTHER_PASSWORD)
    assert (done.status_code, done.location) == (303, "/account")
    page = text_of(ada.get("/account"))
    assert "Your password is changed" in page and "A notice went to ada@shop.example." in page
    assert mail.last.recipients == ["ada@shop.example"]
    assert "The password of your account" in mail.last.text
    assert PASSWORD not in mail.last.text and OTHER_PASSWORD not in mail.last.text
    assert other.get("/").status_code == 302, "signed out elsewhere"
    copied = app.test_client()
    copied.set_cookie("rulebook_session", stale.value if stale else "")
    assert copied.get("/").status_code == 302, "the former id is dead as well"
    assert elsewhere.get("/").status_code == 200, "somebody else is not touched"
    assert app.test_client().get(link).status_code == 404, "nor does an old link set it"
    assert ("account.password", "") in deeds(app, ada)
    old = submit(app.test_client(), "/sign-in", email="ada@shop.example", password=PASSWORD)
    assert old.status_code == 422
    new = submit(app.test_client(), "/sign-in", email="ada@shop.example", password=OTHER_PASSWORD)
    assert new.location == "/"


@ON_SQLITE
@pytest.mark.parametrize(
    ("present", "password", "said"),
    [("not my password", OTHER_PASSWORD, "This is not your password."),
     (PASSWORD, "short", "it needs at least 15"),
     (PASSWORD, PASSWORD, "This is the password that you have.")],
)  # fmt: skip
def test_a_password_that_is_not_changed(
    app: Flask, ada: Person, mail: Mail, present: str, password: str, said: str
) -> None:
    before = user_of(app, ada).password
    refused = changes_password(ada, present, password)
    assert refused.status_code == 422 and said in text_of(refused)
    assert user_of(app, ada).password == before and not mail.letters
    assert ada.get("/account").status_code == 200


@ON_SQLITE
def test_wrong_passwords_count_with_those_at_the_sign_in_page(
    app: Flask, ada: Person, mail: Mail
) -> None:
    for _ in range(accounts.TRIES):
        assert changes_password(ada, "wrong", OTHER_PASSWORD).status_code == 422
    refused = changes_password(ada, PASSWORD, OTHER_PASSWORD)
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 301
    there = submit(app.test_client(), "/sign-in", email="ada@shop.example", password=PASSWORD)
    assert there.status_code == 429


def test_the_sessions_are_listed_and_ended(app: Flask, ada: Person, bo: Person) -> None:
    with app.app_context():
        db.session.get_one(User, ada.user_id).password = hashed(PASSWORD)
        db.session.commit()
    assert "Sign out everywhere else" not in ada.get("/account").text
    phone = app.test_client()
    form = phone.get("/sign-in").text
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
    phone.post("/sign-in", headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": "10.7.7.7"},
               data={"csrf_token": found(r'name="csrf_token" value="([^"]+)"', form),
                     "email": "ada@shop.example", "password": PASSWORD})  # fmt: skip
    page = ada.get("/account")
    assert "Safari on iPhone from 10.7.7.7 , signed in" in text_of(page)
    assert len(re.findall("this one", page.text)) == 1
    cookie = phone.get_cookie("rulebook_session")
    assert cookie is not None
    with app.app_context():
        for session in db.session.query(Session):
            assert cookie.value not in repr(vars(session))
    done = ada.post("/account/sessions/end")
    assert (done.status_code, done.location) == (303, "/account#sessions")
    assert "1 other session has ended." in text_of(ada.get("/account"))
    assert phone.get("/").status_code == 302
    assert ada.get("/").status_code == bo.get("/").status_code == 200
    assert ("account.sessions", "") in deeds(app, ada)
    ada.post("/account/sessions/end")
    assert "There was no other session." in text_of(ada.get("/account"))


@ON_SQLITE
def test_one_session_is_ended_and_the_others_go_on(app: Flask, ada: Person, bo: Person) -> None:
    laptop, phone = copied(ada), copied(ada.sign_in())
    ada.sign_in()
    page = ada.get("/account").text
    [first, second] = re.findall(r'name="session" value="([0-9a-f]+)"', page)
    with app.app_context():
        assert not [each for each in db.session.query(Session) if each.id_hash in page]
    there = "/account/sessions/end-one"
    assert bo.post(there, {"session": first}).status_code == 303
    assert laptop.get("/").status_code == phone.get("/").status_code == 200, "not bo's to end"
    assert ada.post(there, {"session": first}).location == "/account#sessions"
    assert "A browser is signed out." in text_of(ada.get("/account"))
    assert sorted([laptop.get("/").status_code, phone.get("/").status_code]) == [200, 302]
    assert ("account.session", "") in deeds(app, ada)
    ada.post(there, {"session": first})
    left = ada.get("/account")
    assert "had ended already" in text_of(left) and second in left.text
    ada.post("/sign-out")
    assert ada.get("/").status_code == 302


def copied(person: Person) -> FlaskClient:
    """Another browser with the session that the person has now."""
    other, cookie = person.app.test_client(), person.client.get_cookie("rulebook_session")
    other.set_cookie("rulebook_session", cookie.value if cookie else "")
    return other


@ON_SQLITE
def test_a_session_that_idled_too_long_is_not_listed(app: Flask, ada: Person) -> None:
    with app.app_context():
        user = db.session.get_one(User, ada.user_id)
        accounts._open_session(user, "10.9.9.9", utcnow() - accounts.IDLE - timedelta(minutes=1))
    assert "10.9.9.9" not in ada.get("/account").text


@ON_SQLITE
def test_it_is_noted_in_every_workspace_that_one_is_in(app: Flask, ada: Person, cy: Person) -> None:
    with app.app_context():
        from rulebook.storage.workspaces import Membership

        db.session.add(Membership(workspace_id=cy.workspace_id, user_id=ada.user_id, role="viewer"))
        db.session.commit()
    ada.post("/account", {"name": "Ada", "zone": ""})
    assert ("account.name", "none to Ada") in deeds(app, ada)
    assert ("account.name", "none to Ada") in deeds(app, cy)
    assert ("account.name", "none to Ada") not in deeds(app, make_person(app, "eve"))


@pytest.mark.parametrize(
    ("agent", "words"),
    [("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
     ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Linux"),
     ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
     ("curl/8.0", "A browser"), ("", "A browser"), ("Something (Windows)", "A browser on Windows")],
)  # fmt: skip
def test_a_browser_is_told_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words


@ON_SQLITE
def test_an_alert_says_its_times_in_the_zone_of_who_reads_it(
    app: Flask, ada: Person, bo: Person, mail: Mail
) -> None:
    failing(app, ada)
    ada.post("/account", {"name": "", "zone": "Asia/Tokyo"})
    look(app)
    look(app, 15)
    said = {letter.recipients[0]: letter.text for letter in mail.letters}
    assert "(Asia/Tokyo)" in said["ada@shop.example"] and "(UTC)" in said["bo@shop.example"]
