"""E-mail through a real mail server on this machine."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest

from rulebook.actions import ACTIONS, CONNECTION_KINDS, Message
from rulebook.egress import Egress
from tests.actions.conftest import CALL, WORLDS
from tests.fakes import Mail

EMAIL = ACTIONS["email"]
SMTP = CONNECTION_KINDS["smtp"]


def test_a_message_arrives_whole(email_world):
    outcome = email_world.run(
        to="ada@books.example, bo@books.example; ada@books.example",
        cc="cy@books.example",
        reply_to="shop@books.example",
        subject="Grüße, “Ada”",
        text=".dot first\nline two\n..\nFrom ü",
        html="<p>Hello <b>Ada</b></p>",
        connection=email_world.connection | {"from_name": 'The "Shop", ü'},
    )
    [letter] = email_world.fake.letters
    assert outcome.kind == "yes" and outcome.receipt == "<run_0123456789@books.example>"
    assert letter.sender == "alerts@books.example"
    assert letter.recipients == [f"{name}@books.example" for name in ("ada", "bo", "cy")]
    assert letter.subject == "Grüße, “Ada”"
    assert letter.text == ".dot first\nline two\n..\nFrom ü"
    assert letter.html == "<p>Hello <b>Ada</b></p>"
    message = letter.message
    assert message["Message-ID"] == outcome.receipt
    assert message["From"] == '"The Shop, ü" <alerts@books.example>'
    assert message["Cc"] == "cy@books.example" and message["Reply-To"] == "shop@books.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert letter.raw.isascii()


def test_the_message_id_is_the_same_on_every_attempt(email_world):
    email_world.run()
    email_world.run(replace(CALL, attempt=2))
    first, second = (letter.message["Message-ID"] for letter in email_world.fake.letters)
    assert first == second


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
@pytest.mark.parametrize("login", [True, False])
def test_every_kind_of_security_with_and_without_login(security, login):
    with Mail(security=security, login=login) as mail:
        world = WORLDS["email"][1](mail)
        assert world.run().kind == "yes"
        tried = SMTP.test(mail.connection, world.egress, {})
        assert tried.kind == "yes" and len(mail.letters) == 1


def test_a_wrong_password_is_for_good_and_says_so(email_world):
    wrong = email_world.connection | {"password": "wrong"}
    for outcome in (
        email_world.run(connection=wrong),
        SMTP.test(wrong, email_world.egress, email_world.settings),
    ):
        assert outcome.kind == "no_for_good"
        assert "the login" in outcome.sentence and "password" in outcome.fix
    assert email_world.fake.letters == []


def test_an_untrusted_certificate_sends_neither_password_nor_message():
    for security in ("starttls", "tls"):
        with Mail(security=security, login=True) as mail:
            world = WORLDS["email"][1](mail)
            world.ca_file = ""
            outcome = world.run()
            assert outcome.kind == "not_sent" and "encrypted" in outcome.sentence
            assert mail.letters == []


def test_a_server_without_starttls_gets_nothing():
    with Mail(security="none") as mail:
        world = WORLDS["email"][1](mail)
        outcome = world.run(connection=mail.connection | {"security": "starttls"})
        assert outcome.kind == "not_sent" and "STARTTLS" in outcome.sentence
        assert mail.letters == []


def test_greylisting_is_not_sent(email_world):
    email_world.fake.greylists()
    outcome = email_world.run()
    assert outcome.kind == "not_sent" and "451" in outcome.sentence
    email_world.fake.takes_all()
    assert email_world.run().kind == "yes"


def test_an_unknown_receiver_is_for_good(email_world):
    email_world.fake.refuses("550 5.1.1 No such user")
    outcome = email_world.run()
    assert outcome.kind == "no_for_good"
    assert "ada@books.example" in outcome.sentence and "No such user" in outcome.sentence


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("554 5.6.0 Not wanted", "no_for_good"), ("452 4.3.1 Disk full", "not_sent")],
)
def test_a_no_after_the_final_dot_is_a_no(email_world, reply, kind):
    email_world.fake.refuses_message(reply)
    assert email_world.run().kind == kind
    assert email_world.fake.letters == []


def test_a_line_dropped_after_the_final_dot_leaves_doubt(email_world):
    email_world.fake.drops_after_data()
    outcome = email_world.run()
    assert outcome.kind == "ambiguous"
    assert len(email_world.fake.letters) == 1


def test_a_server_that_drips_its_greeting_ends_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip():
            line, _ = server.accept()
            with line:
                while not over.wait(0.05):
                    try:
                        line.send(b"2")
                    except OSError:
                        return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        port = server.getsockname()[1]
        connection = {"host": "127.0.0.1", "port": port, "from": "a@b.example"}
        config = {"to": "ada@books.example", "subject": "x", "text": "x"}
        before = time.monotonic()
        egress = Egress((f"127.0.0.1:{port}",))
        outcome = EMAIL.run(config, connection, replace(CALL, deadline=0.3), egress, {})
        over.set()
        dripping.join()
        assert outcome.kind == "not_sent" and "in time" in outcome.sentence
        assert time.monotonic() - before < 10  # it would drip for ever


@pytest.mark.parametrize(
    ("authored", "rendered", "fine"),
    [
        ("{{ payload.email }}", "ada@x.example", True),
        ("{{ payload.emails | join(', ') }}", "ada@x.example, bo@x.example", True),
        ("ada@x.example, bo@x.example", "ada@x.example, bo@x.example", True),
        ("ada@x.example, {{ payload.email }}", "ada@x.example, bo@x.example", True),
        (
            "ada@x.example, {{ payload.email }}",
            "ada@x.example, bo@x.example, cy@evil.example",
            False,
        ),
        ("{{ payload.name }}@x.example", "bo@evil.example, ada@x.example", False),
        ("{{ payload.name }}@x.example", "bo@evil.example;ada@x.example", False),
        ("{{ a }}{{ b }}", "bo@evil.example,ada@x.example", False),
        (None, "bo@evil.example, ada@x.example", False),
    ],
)
@pytest.mark.parametrize("name", ["to", "cc", "reply_to"])
def test_an_event_adds_no_recipient_that_the_author_did_not_allow(name, authored, rendered, fine):
    base = {"to": "ada@x.example", "subject": "x", "text": "x"}
    written = None if authored is None else base | {name: authored}
    problems = EMAIL.check_rendered(base | {name: rendered}, written)
    assert (problems == []) is fine
    if written:
        assert EMAIL.check(written) == []


@pytest.mark.parametrize("name", ["to", "cc", "reply_to", "subject"])
@pytest.mark.parametrize("evil", ["\r\nBcc: cy@evil.example", "\nBcc: cy@evil.example", "\rX: y"])
def test_line_breaks_add_no_header_and_no_recipient(email_world, name, evil):
    config = email_world.config | {name: f"ada@books.example{evil}"}
    assert [p.pointer for p in EMAIL.check_rendered(config, config)] == [f"/{name}"]
    assert email_world.run(**config).kind == "no_for_good"
    assert email_world.fake.letters == []


def test_html_alone_gets_a_plain_version(email_world):
    email_world.run(text="", html="<style>p{}</style><p>Hello&nbsp;Ada</p><p>2 &lt; 3</p>")
    assert email_world.fake.last.text == "Hello\xa0Ada\n2 < 3"


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"to": "ada"}, "/to"),
        ({"to": "ada@x.example, bo"}, "/to"),
        ({"to": "Ada <ada@x.example>"}, "/to"),
        ({"to": "ada@example"}, "/to"),
        ({"cc": "nobody@"}, "/cc"),
        ({"subject": ""}, "/subject"),
        ({"text": " "}, "/text"),
    ],
)
def test_what_cannot_be_saved(config, pointer):
    base = {"to": "ada@x.example", "subject": "x", "text": "x"}
    assert [problem.pointer for problem in EMAIL.check(base | config)] == [pointer]


@pytest.mark.parametrize("address", ["root@localhost", "ada@mail.local", "ada@bücher.example"])
def test_addresses_inside_networks_and_with_umlauts_in_the_domain_are_fine(address):
    assert EMAIL.check({"to": address, "subject": "x", "text": "x"}) == []


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"host": "http://mail"}, "/host"),
        ({"host": "mail.x.example:587"}, "/host"),
        ({"from": "nobody"}, "/from"),
        ({"security": "ssl"}, "/security"),
        ({"port": 70000}, "/port"),
        ({"username": "ada"}, "/password"),
    ],
)
def test_a_connection_must_make_sense(config, pointer):
    base = {"host": "smtp.x.example", "from": "a@x.example"}
    assert SMTP.check(base) == []
    assert [problem.pointer for problem in SMTP.check(base | config)] == [pointer]


def test_words():
    assert EMAIL.summary({"to": "ada@x.example"}) == "E-mail to ada@x.example"
    assert EMAIL.phrase({"to": "ada@x.example, bo@x.example"}) == "e-mail ada@x.example and 1 other"
    assert EMAIL.phrase({"to": "{{ payload.email }}"}) == "e-mail the address in email"
    read = EMAIL.message({"to": "a@x.example", "cc": "b@x.example", "html": "<p>Hi</p>"})
    assert read == Message("a@x.example, b@x.example", "", "Hi", "<p>Hi</p>")
    assert not EMAIL.repeat_safe({}) and EMAIL.practice
    assert EMAIL.target({}, {"host": "smtp.x.example"}) == "smtp.x.example"
