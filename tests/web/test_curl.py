"""A stored request as a command: it sends the same bytes, and nothing in it reaches the shell."""

from __future__ import annotations

import subprocess

import pytest

from tests.fakes import Sink
from web.curl import curl

NASTY = [
    b'{"note": "it\'s $(touch /tmp/x) `id` \\\\ \\" !! ; rm -rf ~"}',
    b"@/etc/passwd", b"", b"\x00\x01\xff binary \x1b[201~", b"a\r\nb\n",
    "caf\u00e9 \u202e".encode(),
    b"--config /etc/passwd", b"'; echo pwned; '", b"%{json} [1-9] {a,b}", b"a=1&b=2",
]  # fmt: skip


@pytest.mark.parametrize("body", NASTY)
def test_the_command_sends_the_very_same_bytes(body: bytes) -> None:
    with Sink() as sink:
        command = curl("POST", f"{sink.url}/in/tea", "a=[1]&b={2}", [
            ["Host", "elsewhere.example"], ["Content-Length", "7"], ["Content-Type", "text/x-tea"],
            ["X-Note", "$(id) 'quoted'"], ["Authorization", "Bearer 123"], ["X-Empty", ""],
            ["Stripe-Signature", "t=1,v1=ab"], ["X-Gitlab-Token", "tea"], ["Bad Name\n", "x"],
        ], body)  # fmt: skip
        assert command is not None and "Bearer 123" not in command and ": tea'" not in command
        done = subprocess.run(["bash", "-c", f"{command} --silent --noproxy '*'"], timeout=20,
                              capture_output=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        [request] = sink.requests
    assert request.body == body
    assert request.path == "/in/tea?a=[1]&b={2}"
    sent = {name.lower(): value for name, value in request.headers.items()}
    assert sent["x-note"] == "$(id) 'quoted'" and sent["content-type"] == "text/x-tea"
    assert sent["stripe-signature"] == "t=1,v1=ab" and sent["x-empty"] == ""
    assert sent["authorization"] == sent["x-gitlab-token"] == "(left out)"


def test_control_characters_never_reach_the_terminal() -> None:
    for body in (b"\x1b[201~\nid\n", b"a\x07b", "\u202etxt".encode(), b"\x9b1m"):
        command = curl("POST", "https://shop.example/in/1", "x=\x1b[0m&token=abc", [
            ["X-A", "\x1b]0;title\x07"], ["X-B", "a\nid"],
        ], body)  # fmt: skip
        assert command is not None and "abc" not in command
        assert command.replace("\n", "").isprintable(), repr(command)


def test_a_body_that_is_too_long_for_a_command_has_none() -> None:
    assert curl("POST", "https://shop.example/in/1", "", [], b"x" * 60_001) is None


def test_a_secret_of_the_hook_is_left_out_wherever_it_stands() -> None:
    secrets = ["linden-tea"]
    command = curl("POST", "https://shop.example/in/1", "n=1&k=linden-tea", [
        ["X-Sender", "linden-tea"], ["X-Other", "camomile"],
    ], b"{}", secrets)  # fmt: skip
    assert command is not None and "linden-tea" not in command and "camomile" in command
    assert curl("POST", "https://shop.example/in/1", "", [], b"a linden-tea", secrets) is None
