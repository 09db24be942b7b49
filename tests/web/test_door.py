"""The front door, spoken to as a web server does: what it takes, what it will not wait for; and
both doors of a hook answering alike."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from rulebook import storage
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from web import door

SMALL = 10_000


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Reply]


@pytest.fixture
def settings(tmp_path) -> dict[str, str]:
    return {"RULEBOOK_MAX_BODY": str(SMALL), "RULEBOOK_READ_DEADLINE": "1"}


@pytest.fixture
def ask(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """One request through the door; `parts` are what `receive` gives, None for silence."""
    found = app.extensions["rulebook"].config
    monkeypatch.setattr(door, "load", lambda: found)
    front = door.application()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def ask(path: str, *parts: bytes | None | str, method: str = "POST",
            headers: dict[str, str] | None = None) -> Reply:  # fmt: skip
        return asyncio.run_coroutine_threadsafe(
            _ask(front, path, list(parts), method, headers or {}), loop
        ).result(20)

    yield ask
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
    inner = front.wsgi
    if inner is not app:
        with inner.app_context():
            storage.db.session.remove()
            storage.db.engine.dispose()
        inner.extensions["bell"].queue.storage.close()


async def _ask(front: Any, path: str, parts: list[Any], method: str, headers: dict) -> Reply:
    raw = [(n.lower().encode(), v.encode("latin-1")) for n, v in headers.items()]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
             "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
             "root_path": "", "headers": raw, "client": ("127.0.0.1", 5),
             "server": ("127.0.0.1", 80)}  # fmt: skip

    async def receive() -> dict[str, Any]:
        if not parts:
            await asyncio.sleep(60)
        part = parts.pop(0)
        if part is None:
            await asyncio.sleep(60)
        if part == "gone":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await front(scope, receive, send)
    if not said:
        return Reply(0, {}, b"")
    return Reply(
        said[0]["status"],
        {n.decode().lower(): v.decode() for n, v in said[0]["headers"]},
        b"".join(message.get("body", b"") for message in said[1:]),
    )


@pytest.fixture
def path(app: Flask, ada: Person) -> str:
    with app.app_context():
        return path_of(make_hook(ada))


pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
JSON = {"Content-Type": "application/json"}


def test_a_body_as_long_as_stated_is_not_waited_for_any_further(
    ask: Ask, app: Flask, ada: Person, path: str
) -> None:
    stated = {**JSON, "Content-Length": "8"}
    assert ask(path, b'{"a": 1}', None, headers=stated).status == 200
    # In chunks it is whole when the last one says so, whatever length somebody states beside them.
    assert (
        ask(path, b'{"a": 1}', None, headers=stated | {"Transfer-Encoding": "chunked"}).status
        == 408
    )
    assert ask(path, b'{"a": ', b"1}", headers=stated).status == 200
    assert [event.size for event in events_of(app, ada)] == [8, 8]


def test_a_body_in_pieces_is_stored_whole(ask: Ask, app: Flask, ada: Person, path: str) -> None:
    assert ask(path, b'{"a"', b": ", b"1}", headers=JSON).status == 200
    [event] = events_of(app, ada)
    assert event.size == 8
    with app.app_context():
        assert storage.events.body_of(event.id) == b'{"a": 1}'


def test_too_much_is_refused_stated_or_not(ask: Ask, app: Flask, ada: Person, path: str) -> None:
    stated = ask(path, None, headers={"Content-Length": str(SMALL + 1)})
    chunked = ask(path, *[b"x" * 1000] * 11, None)
    assert stated.status == chunked.status == 413
    assert str(SMALL).encode() in stated.body
    assert ask(path, *[b"x" * 1000] * 10).status == 200
    endless = ask("/sign-in", *[b"x" * 10_000] * 20, None)
    assert endless.status == 413
    assert len(events_of(app, ada)) == 1


def test_a_slow_sender_is_told_so_and_stores_nothing(
    ask: Ask, app: Flask, ada: Person, path: str
) -> None:
    slow = ask(path, b"{", None)
    assert slow.status == 408
    assert events_of(app, ada) == []


def test_a_sender_that_left_or_sent_no_http_stores_nothing(
    ask: Ask, app: Flask, ada: Person, path: str
) -> None:
    assert ask(path, b"{", "gone").status == 400
    assert events_of(app, ada) == []
    assert ask(path, b"{}").status == 200


@pytest.mark.parametrize("stated", ["", "abc", "-5", "9" * 40, "1, 2"])
def test_an_odd_length_is_not_believed(ask: Ask, path: str, stated: str) -> None:
    assert ask(path, b"{}", headers={"Content-Length": stated}).status in (200, 400, 413)


def test_both_doors_of_a_hook_answer_alike(ask: Ask, app: Flask, ada: Person, path: str) -> None:
    cases: list[tuple[str, str, bytes, dict[str, str]]] = [
        ("POST", path, b'{"a": 1}', JSON),
        ("PUT", path, b"", {}),
        ("PATCH", path, b"\xff\0", {"Content-Type": "text/plain"}),
        ("GET", path, b"", {}),
        ("OPTIONS", path, b"", {}),
        ("DELETE", path, b"", {}),
        ("POST", "/in/" + "x" * 32, b"{}", JSON),
        ("POST", path, b"{}", {"Content-Encoding": "gzip"}),
        ("POST", path, b"x" * (SMALL + 1), {}),
    ]
    for method, where, body, headers in cases:
        one = ask(where, body, method=method, headers=headers)
        two = app.test_client().open(where, method=method, data=body, headers=headers)
        about = f"{method} {headers} {len(body)} bytes"
        assert (one.status, one.body) == (two.status_code, two.data), about
        for name in ("content-type", "allow", "x-content-type-options"):
            assert one.headers.get(name) == two.headers.get(name), f"{about}: {name}"
    head = ask(path, b"", method="HEAD")
    assert (head.status, head.body) == (405, b"")
    assert len(events_of(app, ada)) == 6


def test_pages_come_through_the_same_door(ask: Ask, path: str) -> None:
    assert ask("/healthz", b"", method="GET").status == 200
    page = ask("/sign-in", b"", method="GET")
    assert (page.status, b"<form" in page.body) == (200, True)


def test_the_api_is_refused_in_its_own_words(ask: Ask) -> None:
    large = ask("/api/v1/hooks", *[b"x" * 10_000] * 20, None)
    slow = ask("/api/v1/hooks", b"{", None)
    broken = ask("/api/v1/hooks", b"{", "gone")
    for reply, status in ((large, 413), (slow, 408), (broken, 400)):
        assert reply.headers["content-type"].startswith("application/problem+json")
        told = json.loads(reply.body)
        assert told["status"] == reply.status == status
        assert told["title"] and told["detail"] and told["fix"]
