"""Calling a web address: what goes out, and what each answer means."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from rulebook.actions import ACTIONS, CONNECTION_KINDS, HOP_HEADER, Call
from tests.actions.conftest import CALL, NOW

HTTP = ACTIONS["http"]
SIGNING = CONNECTION_KINDS["signing"]
URL = "https://books.example/orders"


def pointers(problems):
    return [problem.pointer for problem in problems]


def test_a_call_carries_the_runs_id_and_the_sign_in(http_world):
    outcome = http_world.run(headers={"X-Shop": "books"})
    sent = http_world.fake.last
    assert (sent.method, sent.path, sent.json) == ("POST", "/orders", {"paid": 99})
    assert sent.headers["idempotency-key"] == sent.headers["webhook-id"] == CALL.run_id
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-shop"] == "books"
    pair = base64.b64encode(b"ada:canary-9d1c77").decode()
    assert sent.headers["authorization"] == f"Basic {pair}"
    assert outcome.request.startswith(f"POST {http_world.fake.url}/orders\n")
    assert "X-Shop: books" in outcome.request and pair not in outcome.request


@pytest.mark.parametrize(
    ("connection", "header", "value"),
    [
        ({"type": "bearer", "token": "tok_1"}, "authorization", "Bearer tok_1"),
        ({"type": "header", "header": "X-Api-Key", "value": "k_1"}, "x-api-key", "k_1"),
    ],
)
def test_other_ways_to_sign_in(http_world, connection, header, value):
    http_world.fake.echoes()
    outcome = http_world.run(connection=connection, headers={"authorization": "the author's"})
    assert http_world.fake.last.headers[header] == value
    assert value not in repr(outcome)


def test_a_password_that_is_thrown_back_is_masked(http_world):
    http_world.fake.answers(400, body="wrong password canary-9d1c77 for ada")
    assert http_world.run().answer == "wrong password •••• for ada"


def test_a_header_of_the_authors_that_looks_secret_is_masked(http_world):
    http_world.fake.echoes()
    outcome = http_world.run(headers={"X-Auth-Token": "canary-5b"})
    assert http_world.fake.last.headers["x-auth-token"] == "canary-5b"
    assert "canary-5b" not in repr(outcome)


def test_the_standard_webhooks_vector():
    # From the specification's own reference implementations.
    from datetime import UTC, datetime

    from rulebook.actions._sign_in import signature

    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert signed["webhook-timestamp"] == "1614265330"
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_call_can_be_verified_by_its_receiver(http_world):
    secret = SIGNING.example["secret"]
    http_world.run(connection={"secret": secret})
    sent = http_world.fake.last
    from rulebook.actions._sign_in import signature

    again = signature(secret, sent.headers["webhook-id"], NOW, sent.body)
    assert sent.headers["webhook-signature"] == again["webhook-signature"]
    assert sent.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    "secret", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_%%", "whsec_YQ=="]
)
def test_a_signing_secret_must_be_one(secret):
    assert pointers(SIGNING.check({"secret": secret})) == ["/secret"]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (200, {}, "yes", None),
        (204, {}, "yes", None),
        (301, {"Location": "http://127.0.0.1/"}, "no_for_good", None),
        (304, {}, "no_for_good", None),
        (400, {}, "no", None),
        (401, {}, "no", None),
        (404, {}, "no", None),
        (408, {}, "ambiguous", None),
        (410, {}, "no_for_good", None),
        (422, {"Retry-After": "7"}, "no", 7),
        (425, {}, "ambiguous", None),
        (429, {}, "not_sent", 60),
        (429, {"Retry-After": "120"}, "not_sent", 120),
        (
            429,
            {"Retry-After": format_datetime(NOW + timedelta(minutes=5), usegmt=True)},
            "not_sent",
            300,
        ),
        (429, {"Retry-After": "soon"}, "not_sent", 60),
        (
            429,
            {"Retry-After": format_datetime(NOW - timedelta(days=1), usegmt=True)},
            "not_sent",
            0,
        ),
        (500, {}, "ambiguous", None),
        (502, {}, "ambiguous", None),
        (503, {}, "ambiguous", None),
        (503, {"Retry-After": "30"}, "not_sent", 30),
    ],
)
def test_what_an_answer_means(http_world, status, headers, kind, wait):
    http_world.fake.answers(status, body="because", headers=headers)
    outcome = http_world.run()
    assert (outcome.kind, outcome.retry_after) == (kind, wait)
    assert str(status) in outcome.sentence
    assert outcome.gone is (status == 410)
    if status not in (204, 304):
        assert outcome.answer == "because"


def test_a_redirect_into_the_network_is_not_followed(http_world):
    place = f"{http_world.fake.url}/secrets"
    http_world.fake.answers(302, headers={"Location": place})
    outcome = http_world.run()
    assert outcome.kind == "no_for_good" and place in outcome.fix
    assert len(http_world.fake.requests) == 1


@pytest.mark.parametrize("trouble", ["resets", "drips", "babbles"])
def test_a_line_that_breaks_leaves_doubt(http_world, trouble):
    getattr(http_world.fake, trouble)()
    assert http_world.run_briefly().kind == "ambiguous"


def test_a_huge_answer_is_cut(http_world):
    http_world.fake.pours(megabytes=200)
    outcome = http_world.run()
    assert outcome.kind == "yes" and len(outcome.answer) <= 8192


def test_the_rules_own_patience_counts(http_world):
    http_world.fake.hangs()
    outcome = http_world.run(Call("run_1", deadline=0.2, signed_now=NOW), timeout=30)
    assert outcome.kind == "ambiguous"


@pytest.mark.parametrize("crlf", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\r", "a\x00"])
def test_line_breaks_add_no_header(http_world, crlf):
    base = http_world.fake.url
    for config in ({"headers": {"X-A": crlf}}, {"headers": {crlf: "1"}}, {"url": f"{base}/{crlf}"}):
        assert HTTP.check_rendered(http_world.config | config)
        assert http_world.run(**config).kind == "no_for_good"
    assert HTTP.check_rendered(http_world.config | {"content_type": crlf})
    assert http_world.run(content_type=crlf).kind == "no_for_good"
    assert http_world.fake.requests == []


def test_a_ring_of_rules_ends(http_world):
    assert http_world.run(replace(CALL, hops=4)).kind == "yes"
    assert http_world.fake.last.headers[HOP_HEADER] == "5"
    assert http_world.run(replace(CALL, hops=5)).kind == "no_for_good"
    assert len(http_world.fake.requests) == 1


def test_get_has_no_body(http_world):
    http_world.run(method="GET")
    assert http_world.fake.last.body == b""
    assert "content-type" not in http_world.fake.last.headers


@pytest.mark.parametrize(
    ("config", "safe"),
    [
        ({}, False),
        ({"method": "PATCH"}, False),
        ({"method": "POST", "repeat_safe": True}, True),
        ({"method": "GET"}, True),
        ({"method": "HEAD"}, True),
        ({"method": "PUT"}, True),
        ({"method": "DELETE"}, True),
        ({"method": "PUT", "repeat_safe": False}, False),
    ],
)
def test_what_may_be_repeated(config, safe):
    assert HTTP.repeat_safe({"url": URL} | config) is safe


def test_a_body_that_is_no_json_is_a_problem():
    for body in ('{"a": }', '{"a": NaN}', "plain", "[" * 100000):
        assert pointers(HTTP.check({"url": URL, "body": body})) == ["/body"]
        assert pointers(HTTP.check_rendered({"url": URL, "body": body})) == ["/body"]
        assert HTTP.check({"url": URL, "body": body, "content_type": "text/plain"}) == []
    assert HTTP.check({"url": URL, "body": '{"a": {{ payload.a }}}'}) == []
    assert HTTP.check_rendered({"url": URL, "body": '{"a": 1}'}) == []


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://books.example/{{ payload.id }}", True),
        ("https://books.example?id={{ payload.id }}", True),
        ("https://books.example:8443/{{ payload.id }}", True),
        ("https://books.example", True),
        ("https://{{ payload.host }}/x", False),
        ("https://{{ payload.host }}.example/x", False),
        ("https://books.example{{ payload.rest }}", False),
        ("https://books.example:{{ payload.port }}/", False),
        ("{{ payload.scheme }}://books.example/", False),
        ("{{ payload.url }}", False),
        ("https://{% if payload.x %}a{% endif %}.example/", False),
    ],
)
def test_credentials_only_go_to_a_host_that_the_author_wrote(url, fine):
    config = {"url": url}
    assert HTTP.check(config) == []
    assert (HTTP.check(config, connected=True) == []) is fine
    rendered = {"url": "https://evil.example/x"}
    assert (HTTP.check_rendered(rendered, config, connected=True) == []) is fine
    assert HTTP.check_rendered(rendered, config) == []


def test_values_are_made_harmless_for_where_they_go():
    assert HTTP.escape("url", {"url": f"{URL}/{{{{ payload.id }}}}"}) == "url"
    assert HTTP.escape("url", {"url": "{{ payload.url }}"}) == "text"
    assert HTTP.escape("body", {}) == "json"
    assert HTTP.escape("body", {"content_type": "application/cloudevents+json; x=y"}) == "json"
    assert HTTP.escape("body", {"content_type": "text/plain"}) == "text"
    assert HTTP.escape("headers", {}) == "header"


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"url": "books"}, "/url"),
        ({"url": "ftp://books.example"}, "/url"),
        ({"url": "https://ada:pw@books.example"}, "/url"),
        ({"url": URL, "method": "TRACE"}, "/method"),
        ({"url": URL, "timeout": 31}, "/timeout"),
        ({"url": URL, "timeout": 0}, "/timeout"),
        ({"url": URL, "timeout": True}, "/timeout"),
        ({"url": URL, "headers": {"Idempotency-Key": "1"}}, "/headers/Idempotency-Key"),
        ({"url": URL, "headers": {"Host": "x"}}, "/headers/Host"),
        ({"url": URL, "headers": {"a/b c": "1"}}, "/headers/a~1b c"),
        ({"url": URL, "headers": {"X": 1}}, "/headers/X"),
    ],
)
def test_what_cannot_be_saved(config, pointer):
    assert pointer in pointers(HTTP.check(config))


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({}, "/type"),
        ({"type": "digest"}, "/type"),
        ({"type": "bearer"}, "/token"),
        ({"type": "basic", "username": "ada"}, "/password"),
        ({"type": "header", "value": "x"}, "/header"),
        ({"type": "header", "header": "Bad Name", "value": "x"}, "/value"),
        ({"type": "bearer", "token": "a\nb"}, "/token"),
    ],
)
def test_a_sign_in_must_be_complete(config, pointer):
    assert pointer in pointers(CONNECTION_KINDS["http_auth"].check(config))


def test_words():
    assert HTTP.summary({"url": URL, "method": "PUT"}) == "PUT books.example"
    assert HTTP.phrase({"url": "https://books.example:8443/x"}) == "call books.example:8443"
    assert HTTP.phrase({"url": "{{ payload.back }}"}) == "call the address in back"
    assert HTTP.phrase({"url": " "}) == "call an address not given yet"
    assert HTTP.target({"url": URL}, None).startswith("books.example:443/")
    here, there = (HTTP.target({"url": f"https://a.example/{p}"}, None) for p in ("x", "y?k=x"))
    assert here != there and "y" not in there
