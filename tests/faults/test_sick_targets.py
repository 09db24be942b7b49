"""Targets that are ill in every way we know: each outcome is classified as it is written (the table
in docs/map.md), for a run that may be repeated and for one that may not, and never shows a secret.
"""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from rulebook import egress
from rulebook.domain import connections
from rulebook.storage import utcnow
from rulebook.storage.attempts import Attempt
from rulebook.storage.runs import Run
from tests.fakes import sick as ill
from tests.fakes.certificates import certificate_file, server_context
from tests.fakes.sick import Illness, Sick
from tests.people import Person
from tests.stories import act_on, act_when_due, attempts_of, planned

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
TOKEN = "canary-" + "7f3a91" * 12
MEGABYTE = 1024 * 1024

# What becomes of a run: of one that may be repeated (PUT), and of one that may not (POST).
AGAIN, NEVER = "queued", "failed"
DOUBT = ("ambiguous", AGAIN, "unknown")
NOT_SENT = ("not_sent", AGAIN, AGAIN)
FOR_GOOD = ("no_for_good", NEVER, NEVER)
NO = ("no", AGAIN, AGAIN)
YES = ("yes", "succeeded", "succeeded")
Kind = tuple[str, str, str]

ILLNESSES: dict[str, tuple[Illness, Kind]] = {
    "hangs": (ill.hangs, DOUBT),
    "never reads": (ill.never_reads, DOUBT),
    "drips its head": (ill.drips_its_head, DOUBT),
    "drips the body of a yes": (ill.drips_its_body(200), YES),
    "drips the body of a no": (ill.drips_its_body(500), DOUBT),
    "resets after the request": (ill.resets, DOUBT),
    "hangs up after the request": (ill.hangs_up, DOUBT),
    "resets in the head": (ill.resets_in_the_head, DOUBT),
    "200": (ill.answers(200), YES),
    "299": (ill.answers(299), YES),
    "500": (ill.answers(500), DOUBT),
    "502": (ill.answers(502), DOUBT),
    "503": (ill.answers(503), DOUBT),
    "503, unreadable Retry-After": (ill.answers(503, "Retry-After: soon"), DOUBT),
    "503, Retry-After": (ill.answers(503, "Retry-After: 120"), NOT_SENT),
    "500, Retry-After": (ill.answers(500, "Retry-After: 120"), DOUBT),
    "429": (ill.answers(429), NOT_SENT),
    "429, Retry-After": (ill.answers(429, "Retry-After: 3600"), NOT_SENT),
    "408": (ill.answers(408), DOUBT),
    "425": (ill.answers(425), DOUBT),
    "400": (ill.answers(400), NO),
    "404": (ill.answers(404), NO),
    "301 to loopback": (ill.answers(301, "Location: http://127.0.0.1:22/"), FOR_GOOD),
    "307 to the clouds": (ill.answers(307, "Location: http://169.254.169.254/"), FOR_GOOD),
    "101": (ill.answers(101, "Upgrade: websocket"), DOUBT),
    "999": (ill.answers(999), DOUBT),
    "gigabytes with a yes": (ill.pours(200), YES),
    "gigabytes with a no": (ill.pours(500), DOUBT),
    "a gzip bomb with a yes": (ill.bombs(200), YES),
    "a gzip bomb with a no": (ill.bombs(500), DOUBT),
    "a bomb by transfer": (ill.bombs(200, "Transfer-Encoding: gzip, chunked"), DOUBT),
    "endless headers": (ill.talks_without_an_end, DOUBT),
    "one endless header": (ill.one_header_without_an_end, DOUBT),
    "endless 100 Continue": (ill.goes_on_without_an_end, DOUBT),
    "no HTTP": (ill.says(b"SSH-2.0-OpenSSH_9.2\r\n"), DOUBT),
    "bytes": (ill.says(bytes(range(256)) * 10), DOUBT),
    "half a status line": (ill.says(b"HTTP/1.1 2"), DOUBT),
    "a status that is none": (ill.says(b"HTTP/1.1 yes\r\n\r\n"), DOUBT),
    "a head that ends early": (ill.says(b"HTTP/1.1 200 OK\r\nX: y\r\n"), DOUBT),
    "no number of bytes": (ill.says(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx"), DOUBT),
    "a NUL": (ill.says(b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"), DOUBT),
    "a chunk that is none": (
        ill.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), YES,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ILLNESSES)
def test_each_illness_is_classified_as_written(app: Flask, ada: Person, name: str) -> None:
    illness, kind = ILLNESSES[name]
    with Sick(illness) as sick:
        _check(_tried(app, ada, sick), kind)
        assert sick.connections == 2
        # What was not let in cannot fill the memory; the kernel's buffers take some.
        assert sick.poured < 64 * MEGABYTE


def test_a_line_that_breaks_at_once_is_never_a_yes_or_a_no(app: Flask, ada: Person) -> None:
    """Whether something was written by then, only the kernel knows."""
    with Sick(ill.resets_at_once) as sick:
        for run, [attempt] in _tried(app, ada, sick):
            assert attempt.outcome in ("not_sent", "ambiguous")
            doubtful = attempt.outcome == "ambiguous" and not run.repeat_safe
            assert run.state == ("unknown" if doubtful else "queued")


def test_nobody_there_is_not_sent(app: Flask, ada: Person) -> None:
    sick = Sick(ill.hangs)
    sick._listener.close()
    _check(_tried(app, ada, sick), NOT_SENT)


def test_a_body_that_is_never_read_in_full_may_have_been_understood(app: Flask) -> None:
    with Sick(ill.never_reads) as sick, pytest.raises(egress.TimedOut) as late:
        out = app.extensions["rulebook"].egress
        out.request("POST", sick.url, {}, bytes(16 * MEGABYTE), timeout=0.3)
    assert late.value.written


def _tls(**changes: Any) -> ssl.SSLContext:
    context = server_context()
    for name, value in changes.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize(
    ("illness", "tls"),
    [
        (ill.hangs, server_context()),  # a certificate that nobody trusts
        (ill.answers(200), None),  # speaks no TLS
        (ill.says(b"\x16\x03\x01 no handshake"), None),
        (ill.resets_in_the_greeting, None),
        (ill.hangs, None),  # a handshake that never ends
    ],
    ids=["untrusted", "plain", "garbage", "reset", "mute"],
)
def test_without_a_trusted_line_nothing_is_sent(
    app: Flask, ada: Person, illness: Illness, tls: ssl.SSLContext | None
) -> None:
    with Sick(illness, tls) as sick:
        url = sick.url.replace("http:", "https:")
        _check(_tried(app, ada, sick, url=f"{url}/in"), NOT_SENT)
        assert not any(TOKEN.encode() in request for request in sick.requests)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("host", "changes"),
    [("127.0.0.1", {"maximum_version": ssl.TLSVersion.TLSv1_1}), ("localhost.localdomain", {})],
    ids=["old TLS", "another name"],
)
def test_a_known_certificate_is_not_enough(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch, host: str, changes: dict[str, Any]
) -> None:
    house = app.extensions["rulebook"]
    monkeypatch.setattr(house.egress, "_ca_file", certificate_file())
    monkeypatch.setattr(
        "rulebook.egress.resolve._look_up", lambda name, port, seconds: ["127.0.0.1"]
    )
    with Sick(ill.answers(200), server_context()) as well:
        _check(_tried(app, ada, well), YES)
    with Sick(ill.answers(200), _tls(**changes)) as sick:
        _check(_tried(app, ada, sick, url=f"https://{host}:{sick.port}/in"), NOT_SENT)


def test_an_inner_address_is_never_called(app: Flask, ada: Person) -> None:
    for run, [attempt] in _tried(app, ada, None, url="http://169.254.169.254/latest"):
        assert (run.state, attempt.outcome) == ("failed", "no_for_good")
        assert "was not called" in run.sentence


def test_a_target_that_is_no_more_is_called_once(app: Flask, ada: Person) -> None:
    """410 ends the run and switches the target off: the next run for it is held."""
    with Sick(ill.answers(410)) as sick:
        first, second = planned(app, ada, _step(sick, "a", "PUT"), _step(sick, "b", "POST"))
        run = act_on(app, first)
        assert (run.state, attempts_of(app, first)[0].outcome) == ("failed", "no_for_good")
        assert "410" in run.sentence and run.fix
        assert act_on(app, second).state == "held"
        assert len(sick.requests) == 1


def test_what_the_receiver_asks_for_is_waited_for(app: Flask, ada: Person) -> None:
    for illness, least in (
        (ill.answers(429), 60),
        (ill.answers(429, "Retry-After: 3600"), 3600),
        (ill.answers(503, "Retry-After: 120"), 120),
        (ill.answers(429, "Retry-After: 99999999"), 86400),
    ):
        with Sick(illness) as sick:
            before = utcnow()
            for run, _ in _tried(app, ada, sick):
                assert run.next_attempt_at
                waits = run.next_attempt_at - before
                assert timedelta(seconds=least) <= waits < timedelta(seconds=least + 60)


def test_a_kept_line_that_breaks_is_not_tried_again_in_silence(app: Flask, ada: Person) -> None:
    """curl would send the request again on a new line, and say nothing of it."""
    with Sick(ill.first_and_no_more) as sick:
        first, second = planned(app, ada, _step(sick, "a", "PUT"), _step(sick, "b", "PUT"))
        assert act_on(app, first).state == "succeeded"
        run = act_on(app, second)
        assert len(sick.requests) == 2
        [attempt] = attempts_of(app, second)
        assert (run.state, attempt.outcome, run.may_repeat) == ("queued", "ambiguous", True)
        assert act_when_due(app, second).state == "succeeded"
        assert len(sick.requests) == 3


@pytest.mark.parametrize(
    "illness",
    [
        ill.throws_back("HTTP/1.1 500 ", "\r\nContent-Length: 0\r\n\r\n"),
        ill.throws_back("HTTP/1.1 400 No\r\nContent-Length: 500\r\n\r\n"),
        ill.throws_back("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/?"),
        # Cut in the middle of it: half a secret is one, too.
        ill.throws_back("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/?" + "x" * 150),
        ill.throws_back("HTTP/1.1 200 OK\r\n\r\n" + "x" * (64 * 1024 - 50)),
        ill.throws_back("not HTTP "),
        ill.throws_back("HTTP/1.1 200 OK\r\nX: "),
    ],
    ids=["reason", "body", "location", "cut location", "cut body", "no HTTP", "header"],
)
def test_no_secret_is_shown_that_was_thrown_back(app: Flask, ada: Person, illness: Illness) -> None:
    with Sick(illness) as sick:
        found = _tried(app, ada, sick)
        assert all(TOKEN.encode() in request for request in sick.requests)
    _shows_no_secret(found)


def test_a_long_secret_that_fills_the_answer_is_not_shown_in_part(app: Flask, ada: Person) -> None:
    long = "canary-" + "s3cret" * 500

    def repeats(line: ill.Line) -> None:
        line.read()
        line.say(b"HTTP/1.1 400 No\r\n\r\n")
        line.pour(long.encode() * 20, 1)

    with Sick(repeats) as sick:
        found = _tried(app, ada, sick, token=long)
    for _, [attempt] in found:
        assert attempt.answer
        assert "s3cret" not in attempt.answer


def _step(sick: Sick | None, step_id: str, method: str, **config: Any) -> dict[str, Any]:
    written = {"url": f"{sick.url if sick else ''}/in", "method": method, "timeout": 1,
               "body": '{"paid": 60}', **config}  # fmt: skip
    return {"id": step_id, "action": "http", "config": written}


def _tried(
    app: Flask, ada: Person, sick: Sick | None, token: str = TOKEN, **config: Any
) -> list[tuple[Run, list[Attempt]]]:
    """A PUT and a POST with a secret, tried once each; then tried again when nothing is due."""
    with app.app_context():
        auth = {"type": "bearer", "token": token}
        made = connections.make_connection(ada.actor, "http_auth", "Sick", auth).id
    steps = [
        _step(sick, method.lower(), method, **config) | {"connection": made}
        for method in ("PUT", "POST")
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(egress, "MAX_SECONDS", 0.5)
        found = planned(app, ada, *steps)
        tried = [(act_on(app, run_id), attempts_of(app, run_id)) for run_id in found]
        for run_id in found:
            act_on(app, run_id)
            assert len(attempts_of(app, run_id)) == 1
    return tried


def _check(tried: list[tuple[Run, list[Attempt]]], kind: Kind) -> None:
    outcome, *states = kind
    for (run, [attempt]), state in zip(tried, states, strict=True):
        assert (attempt.outcome, run.state) == (outcome, state), attempt.sentence
        assert run.sentence.endswith(".") and attempt.sentence.endswith(".")
        assert run.fix or state in ("succeeded", "queued")
        assert run.may_repeat is (outcome == "ambiguous" and state == "queued")
        assert (run.finished_at is not None) is (state in ("succeeded", "failed"))
        assert len(attempt.answer.encode()) <= 8192
        assert attempt.finished_at is not None
    _shows_no_secret(tried)


def _shows_no_secret(tried: list[tuple[Run, list[Attempt]]]) -> None:
    for run, attempts in tried:
        texts = [run.sentence, run.fix, run.provider_ref or ""]
        for attempt in attempts:
            texts += [attempt.sentence, attempt.fix, attempt.request, attempt.answer]
            texts.append(attempt.receipt)
        assert not [text for text in texts if "canary" in text or TOKEN[-12:] in text]
