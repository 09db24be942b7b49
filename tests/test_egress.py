"""The one way out: who may be reached, what may be sent, and how each failure is named."""

from __future__ import annotations

import socket
import threading
import time
from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulebook.egress import (
    Broken,
    Egress,
    EgressError,
    NotConnected,
    NotResolved,
    Refused,
    TimedOut,
    TlsFailed,
    target,
)
from rulebook.egress.addresses import REFUSED_IPV4, entries, is_public, unwrapped, why_not
from rulebook.egress.http import exchange
from rulebook.errors import ConfigError
from tests.fakes import Sink
from tests.fakes.certificates import certificate_file, server_context

PUBLIC = """8.8.8.8 1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1
192.167.255.255 2606:4700::1111 2a00:1450:4001:81b::200e ::ffff:8.8.8.8 198.17.255.255""".split()
NOT_PUBLIC = """0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1
127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 100.100.100.200 :: ::1
::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 3fff::1
5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fec0::1 ff02::1 4000::1 1::1""".split()


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def egress(sink):
    return Egress((sink.allow,))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached_by_everybody(address):
    assert why_not(address, "h", 443, (), mail=False) == ""


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_other_addresses_are_refused(address):
    assert why_not(address, "h", 443, (), mail=False)


@given(st.sampled_from(REFUSED_IPV4), st.data())
@settings(max_examples=100, deadline=None)
def test_every_address_of_a_refused_net_is_refused_mapped_or_plain(net, data):
    number = data.draw(st.integers(int(net[0]), int(net[-1])))
    plain = ip_address(number)
    assert not is_public(plain)
    assert not is_public(unwrapped(ip_address(f"::ffff:{plain}")))


@given(st.integers(0, 2**128 - 1))
@settings(max_examples=100, deadline=None)
def test_ipv6_is_public_inside_2000_3_only(number):
    address = IPv6Address(number)
    if address not in ip_network("2000::/3") and address.ipv4_mapped is None:
        assert not is_public(address)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "allowed"),
    [
        ("10.1.2.3", "h", "10.1.2.3", 8080, True),
        ("10.1.2.3", "h", "10.1.2.4", 8080, False),
        ("10.1.0.0/16", "h", "10.1.2.4", 443, True),
        ("10.1.0.0/16", "h", "10.1.2.4", 6379, False),
        ("10.1.2.4:6379", "h", "10.1.2.4", 6379, True),
        ("10.1.2.4:6379", "h", "10.1.2.4", 443, False),
        ("10.1.0.0/16:81", "h", "10.1.2.4", 81, True),
        ("books.internal", "books.internal", "192.168.7.7", 443, True),
        ("Books.Internal:8443", "books.internal", "192.168.7.7", 8443, True),
        ("books.internal", "other.internal", "192.168.7.7", 443, False),
        ("fd00::/8", "h", "fd12::1", 443, True),
        ("[fd12::1]:8080", "h", "fd12::1", 8080, True),
        ("[fd12::1]:8080", "h", "fd12::1", 8081, False),
        ("127.0.0.1", "h", "::ffff:127.0.0.1", 8080, True),
        # Cloud metadata stays shut whatever is allowed.
        ("169.254.0.0/16", "h", "169.254.169.254", 80, False),
        ("169.254.169.254:80", "h", "169.254.169.254", 80, False),
        ("0.0.0.0/0", "h", "100.100.100.200", 80, False),
        ("192.0.0.192", "h", "192.0.0.192", 80, False),
        ("168.63.129.16", "h", "168.63.129.16", 80, False),
        ("fd00::/8", "h", "fd00:ec2::254", 80, False),
        ("metadata.internal", "metadata.internal", "::ffff:169.254.169.254", 80, False),
    ],
)
def test_an_administrator_may_allow_places(entry, host, address, port, allowed):
    assert (why_not(address, host, port, entries((entry,)), mail=False) == "") is allowed


@pytest.mark.parametrize("entry", ["http://x", "a b", "10.0.0.0/99", "[nonsense]:80", "x/y"])
def test_an_unreadable_entry_stops_the_start(entry):
    with pytest.raises(ConfigError, match="RULEBOOK_EGRESS_ALLOW"):
        Egress((entry,))


@pytest.mark.parametrize("port", [22, 81, 1023, 2375, 3306, 5432, 6379, 9200, 11211, 27017])
def test_ports_of_other_services_are_refused(port):
    assert why_not("8.8.8.8", "h", port, (), mail=False)
    assert why_not("8.8.8.8", "h", port, (), mail=True)


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_mail_goes_to_mail_ports(port):
    assert why_not("8.8.8.8", "h", port, (), mail=True) == ""
    assert why_not("8.8.8.8", "h", 443, (), mail=True)


LOOPBACK_FORMS = """127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001
0 0.0.0.0 localhost LOCALHOST localhost. [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:127.0.0.1] １２７.0.0.1 127。0。0。1 ①②⑦.0.0.1""".split()


@pytest.mark.parametrize("host", LOOPBACK_FORMS)
def test_no_spelling_of_loopback_gets_through(sink, host):
    with pytest.raises((Refused, NotResolved)):
        Egress().request("GET", f"http://{host}:{sink.port}/")
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
def test_urls_that_two_readers_could_read_differently_are_refused(url):
    with pytest.raises(Refused) as refused:
        Egress().request("GET", url)
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


def test_nobody_at_home_is_not_connected():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(NotConnected) as nobody:
            Egress((f"127.0.0.1:{port}",)).request("POST", f"http://127.0.0.1:{port}", {}, b"x")
    assert not nobody.value.written


def test_a_handshake_that_never_ends_wrote_nothing():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(TimedOut) as late:
            url = f"https://127.0.0.1:{port}"
            Egress((f"127.0.0.1:{port}",)).request("POST", url, {}, b"x", timeout=0.2)
        assert not late.value.written


def test_an_unknown_name_is_not_resolved():
    with pytest.raises(NotResolved) as unknown:
        Egress().request("GET", "http://nowhere.invalid/")
    assert not unknown.value.written


def test_one_refused_address_refuses_the_name(sink, monkeypatch):
    rows = [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("127.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: rows)
    with pytest.raises(Refused):
        Egress().request("GET", "http://both.example/")


def test_the_name_is_looked_up_once_and_pinned(sink, monkeypatch):
    asked = []

    def look_up(host, port, **how):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    egress = Egress((f"books.example:{sink.port}",))
    assert egress.request("GET", f"http://books.example:{sink.port}/").status == 200
    assert asked == ["books.example"]
    assert sink.last.headers["host"] == f"books.example:{sink.port}"


def test_curl_opens_a_line_to_no_address_that_was_not_judged(sink):
    to = target(f"http://127.1:{sink.port}/")  # curl reads another name than we looked up
    with pytest.raises(Refused, match="its address changed"):
        exchange("GET", to, [], None, 2, ["8.8.8.8"], certificate_file(), False)
    assert sink.requests == []


def test_a_slow_name_server_ends_at_the_deadline(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [answered.wait(5)] * 0)
    with pytest.raises(TimedOut) as late:
        Egress().request("GET", "http://slow.example/", timeout=0.1)
    answered.set()
    assert not late.value.written


def test_https_needs_a_trusted_certificate():
    with Sink(tls=server_context()) as sink:
        with pytest.raises(TlsFailed) as failed:
            Egress((sink.allow,)).request("POST", sink.url, {}, b"x")
        assert not failed.value.written
        assert sink.requests == []
        assert Egress((sink.allow,), ca_file=certificate_file()).request("GET", sink.url)


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
