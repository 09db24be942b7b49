"""The one way out: who may be reached, what may be sent, and how each failure is named."""

from __future__ import annotations

import queue
import socket
import threading
import time

import pytest

from rulebook.egress import (
    Broken,
    Egress,
    EgressError,
    NotConnected,
    NotResolved,
    Refused,
    Request,
    Response,
    TimedOut,
    TlsFailed,
    target,
)
from rulebook.egress.http import Exchange, own_handle
from tests.fakes import Sink
from tests.fakes.certificates import certificate_file, server_context


class Beside(Egress):
    """Requests as a worker makes most of them: nobody waits, and all share one thread."""

    def request(self, verb, url, headers=None, body=None, timeout=15.0, *, keep=False):
        answers: queue.SimpleQueue[Response | EgressError] = queue.SimpleQueue()
        self.begin(Request(verb, url, headers or {}, body, timeout, keep), answers.put)
        answer = answers.get(timeout=60)
        if isinstance(answer, EgressError):
            raise answer
        return answer


@pytest.fixture(params=[Egress, Beside])
def door(request):
    """The way out, with waiting and without: both sit the same exam."""
    return request.param


@pytest.fixture
def egress(door, sink):
    return door((sink.allow,))


LOOPBACK_FORMS = """127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001
0 0.0.0.0 localhost LOCALHOST localhost. [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:127.0.0.1] １２７.0.0.1 127。0。0。1 ①②⑦.0.0.1""".split()


@pytest.mark.parametrize("host", LOOPBACK_FORMS)
def test_no_spelling_of_loopback_gets_through(door, sink, host):
    with pytest.raises((Refused, NotResolved)):
        door().request("GET", f"http://{host}:{sink.port}/")
    assert sink.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://books.example/",
        "file:///etc/passwd",
        "gopher://books.example/",
        "//books.example/",
        "books.example/path",
        "http://",
        "http:///path",
        "http://ada@books.example/",
        "http://ada:pw@books.example/",
        "http://8.8.8.8@127.0.0.1/",
        "http://books.example\\@127.0.0.1/",
        "http://books.example\r\nX: y/",
        "http://books.example/\r\nX: y",
        "http://books.example/\x00",
        "http://books.example/a b",
        "http://books.example:99999/",
        "http://books.example:x/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://books..example/",
        "http://%31%32%37.0.0.1/",
        "http://books.example/" + "x" * 2050,
    ],
)
def test_urls_that_two_readers_could_read_differently_are_refused(door, url):
    with pytest.raises(Refused) as refused:
        door().request("GET", url)
    assert refused.value.sentence


def test_a_refusal_says_what_an_administrator_can_do(sink):
    with pytest.raises(Refused, match="inside your network; an administrator can allow it") as no:
        Egress().check(sink.url)
    assert "RULEBOOK_EGRESS_ALLOW" in no.value.fix
    assert not no.value.written


def test_a_request_arrives_as_written(sink, egress):
    sink.answers(201, body={"ok": True}, headers={"X-Note": "hi"})
    answer = egress.request(
        "post", sink.url + "/a/../b?x=1&y=ü", {"X-Ada": "grüße", "X-Empty": ""}, b"\x00body", 5
    )
    assert (answer.status, answer.headers["x-note"], answer.text) == (201, "hi", '{"ok": true}')
    assert 0 < answer.took < 5
    got = sink.last
    assert (got.method, got.path, got.body) == ("POST", "/a/../b?x=1&y=%C3%BC", b"\x00body")
    assert got.headers["x-ada"].encode("latin-1").decode() == "grüße"
    assert got.headers["x-empty"] == ""
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["host"] == f"127.0.0.1:{sink.port}"
    assert not {"expect", "content-type"} & set(got.headers)


@pytest.mark.parametrize("verb", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_goes_out_as_itself(sink, egress, verb):
    sink.answers(200, body="fine")
    assert egress.request(verb, sink.url).status == 200
    assert sink.last.method == verb


def test_environment_proxies_are_ignored(sink, egress, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert egress.request("GET", sink.url).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nX-Evil: 1"),
        ("X-A", "b\nX-Evil: 1"),
        ("X-A", "b\rX-Evil: 1"),
        ("X-A", "b\x00"),
        ("X-A", "b\x7f"),
        ("X-A\r\nX-Evil", "1"),
        ("X-A: b\nX-Evil", "1"),
        ("X A", "1"),
        ("", "1"),
        ("X-Ä", "1"),
        ("Host", "evil.example"),
        ("Content-Length", "3"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"),
    ],
)
def test_no_header_can_be_smuggled_in(sink, egress, name, value):
    with pytest.raises(Refused):
        egress.request("POST", sink.url, {name: value}, b"x")
    assert sink.requests == []


def test_only_known_methods_go_out(sink, egress):
    with pytest.raises(Refused):
        egress.request("GET / HTTP/1.1\r\nX: y", sink.url)
    with pytest.raises(Refused):
        egress.request("TRACE", sink.url)


def test_redirects_are_not_followed(sink, egress):
    sink.answers(302, headers={"Location": "http://127.0.0.1:1/"})
    assert egress.request("GET", sink.url).status == 302
    assert len(sink.requests) == 1


def test_a_dripping_answer_ends_at_the_deadline(sink, egress):
    sink.drips(every=0.05)
    before = time.monotonic()
    with pytest.raises(TimedOut) as late:
        egress.request("POST", sink.url, {}, b"x", timeout=0.4)
    assert time.monotonic() - before < 10  # it would drip for ever
    assert late.value.written


def test_a_silent_server_ends_at_the_deadline_and_may_have_understood(sink, egress):
    sink.hangs()
    with pytest.raises(TimedOut) as late:
        egress.request("POST", sink.url, {}, b"x", timeout=0.3)
    assert late.value.written


def test_a_status_counts_although_its_body_never_ends(sink, egress):
    sink.drips_body(every=0.05)
    answer = egress.request("GET", sink.url, timeout=0.4)
    assert (answer.status, answer.cut) == (200, True)


def test_of_a_huge_answer_64_kb_are_read(sink, egress):
    sink.pours(megabytes=1000)
    answer = egress.request("GET", sink.url)
    assert (answer.status, answer.cut, len(answer.body)) == (200, True, 64 * 1024)


def test_a_reset_after_the_request_may_have_been_understood(sink, egress):
    sink.resets()
    with pytest.raises(Broken) as broken:
        egress.request("POST", sink.url, {}, b"x")
    assert broken.value.written


def test_an_answer_that_is_no_http_is_broken(sink, egress):
    sink.babbles()
    with pytest.raises(Broken) as broken:
        egress.request("POST", sink.url, {}, b"x")
    assert broken.value.written


def test_nobody_at_home_is_not_connected(door):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(NotConnected) as nobody:
            door((f"127.0.0.1:{port}",)).request("POST", f"http://127.0.0.1:{port}", {}, b"x")
    assert not nobody.value.written


def test_a_handshake_that_never_ends_wrote_nothing(door):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(TimedOut) as late:
            url = f"https://127.0.0.1:{port}"
            door((f"127.0.0.1:{port}",)).request("POST", url, {}, b"x", timeout=0.2)
        assert not late.value.written


def test_an_unknown_name_is_not_resolved(door):
    with pytest.raises(NotResolved) as unknown:
        door().request("GET", "http://nowhere.invalid/")
    assert not unknown.value.written and "reaches the internet" in unknown.value.fix


def test_one_refused_address_refuses_the_name(door, sink, monkeypatch):
    rows = [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("127.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: rows)
    with pytest.raises(Refused):
        door().request("GET", "http://both.example/")


def test_the_name_is_looked_up_once_and_pinned(door, sink, monkeypatch):
    asked = []

    def look_up(host, port, **how):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    egress = door((f"books.example:{sink.port}",))
    assert egress.request("GET", f"http://books.example:{sink.port}/").status == 200
    assert asked == ["books.example"]
    assert sink.last.headers["host"] == f"books.example:{sink.port}"


def test_curl_opens_a_line_to_no_address_that_was_not_judged(sink):
    to = target(f"http://127.1:{sink.port}/")  # curl reads another name than we looked up
    with pytest.raises(Refused, match="its address changed"):
        Exchange(
            own_handle(), "GET", to, [], None, 2, ["8.8.8.8"], certificate_file(), False
        ).carry_out()
    assert sink.requests == []


def test_a_slow_name_server_ends_at_the_deadline(door, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [answered.wait(5)] * 0)
    with pytest.raises(TimedOut) as late:
        door().request("GET", "http://slow.example/", timeout=0.1)
    answered.set()
    assert not late.value.written


def test_https_needs_a_trusted_certificate(door):
    with Sink(tls=server_context()) as sink:
        with pytest.raises(TlsFailed) as failed:
            door((sink.allow,)).request("POST", sink.url, {}, b"x")
        assert not failed.value.written
        assert sink.requests == []
        assert door((sink.allow,), ca_file=certificate_file()).request("GET", sink.url)


def test_kept_alive_lines_are_used_only_when_asked_for(sink, egress):
    opened = []
    for keep in (False, False, True, True, True):
        egress.request("GET", sink.url, keep=keep)
        opened.append(sink.last.client)
    assert opened[0] != opened[1] and opened[1] != opened[2]
    assert opened[2] == opened[3] == opened[4]


def test_the_mail_socket_is_judged_by_the_same_table(sink):
    with pytest.raises(Refused):
        Egress().socket("127.0.0.1", 25)
    with pytest.raises(EgressError):
        Egress().socket("evil.example\r\nX", 25)
    with Egress((sink.allow,)).socket("127.0.0.1", sink.port) as line:
        assert line.getpeername() == ("127.0.0.1", sink.port)


def test_many_requests_go_beside_each_other(sink):
    hold = threading.Barrier(5, timeout=30)

    def when_all_are_here(handler):
        hold.wait()
        handler.send(200)

    sink._behaves(when_all_are_here)
    egress = Egress((sink.allow,))
    answers: queue.SimpleQueue[Response | EgressError] = queue.SimpleQueue()
    for _ in range(4):
        egress.begin(Request("POST", sink.url, {}, b"x"), answers.put)
    hold.wait()
    assert all(isinstance(answers.get(timeout=30), Response) for _ in range(4))


def test_who_stumbles_over_an_answer_does_not_stop_the_others(sink):
    egress = Egress((sink.allow,))
    answers: queue.SimpleQueue[Response | EgressError] = queue.SimpleQueue()
    egress.begin(Request("GET", sink.url), _stumbles)
    egress.begin(Request("GET", sink.url, {"X": "\ud800"}), answers.put)  # curl is never asked
    assert isinstance(answers.get(timeout=30), EgressError)
    egress.begin(Request("GET", sink.url), answers.put)
    assert isinstance(answers.get(timeout=30), Response)


def _stumbles(answer):
    raise ZeroDivisionError


def test_a_name_is_looked_up_once_for_a_burst_and_anew_after_a_failure(sink, monkeypatch):
    asked = []

    def look_up(host, port, **how):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    egress = Beside((f"books.example:{sink.port}", "books.example:9"))
    for _ in range(3):
        assert egress.request("GET", f"http://books.example:{sink.port}/").status == 200
    assert asked == ["books.example"]
    for _ in range(2):
        with pytest.raises(NotConnected):
            egress.request("GET", "http://books.example:9/")
    assert asked == ["books.example"] * 3
