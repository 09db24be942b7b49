"""The front door (ASGI): it reads every request with a byte cap and a deadline, then hands it to
Flask in a pool of threads of its own. A slow or endless client never holds one of those threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from asgiref.sync import SyncToAsync
from asgiref.wsgi import WsgiToAsgiInstance

from rulebook.config import Config, load
from web import create_app

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

THREADS = 16
FORM_SLACK = 64 * 1024
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="page")


class _InThreads(WsgiToAsgiInstance):
    """asgiref runs all WSGI requests in one thread unless told otherwise; this tells it."""

    run_wsgi_app = SyncToAsync(
        vars(WsgiToAsgiInstance)["run_wsgi_app"].func, thread_sensitive=False, executor=_pool
    )


class TooLarge(Exception):
    """The body is beyond the cap."""


class Gone(Exception):
    """The client left in the middle of its body."""


class Door:
    """The ASGI application. max_body in bytes, deadline in seconds for the whole body."""

    def __init__(self, wsgi: Any, max_body: int, deadline: float) -> None:
        self.wsgi = wsgi
        self.max_body = max_body
        self.deadline = deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self.deadline):
                body = await self._read(scope, receive)
        except TooLarge:
            return await _answer(send, 413, f"The body is larger than {self.max_body} bytes.\n")
        except TimeoutError:
            return await _answer(send, 408, f"The body took longer than {self.deadline:g} s.\n")
        except Gone:
            return

        async def whole() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        await _InThreads(self.wsgi)(_measured(scope, len(body)), whole, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        cap = self.max_body + (0 if scope["path"].startswith("/in/") else FORM_SLACK)
        if _length(scope) > cap:
            raise TooLarge
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body += message.get("body", b"")
            if len(body) > cap:
                raise TooLarge
            if not message.get("more_body"):
                return bytes(body)


def _measured(scope: Scope, length: int) -> Scope:
    """The request with the length of its body stated: WSGI reads nothing of one that came in
    chunks, and would take it for empty."""
    framing = (b"content-length", b"transfer-encoding")
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in framing]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}


def _length(scope: Scope) -> int:
    """The largest length that the head states; 0 when it states none that can be read."""
    stated = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(value) for value in stated if value.isdigit() and len(value) < 20), default=0)


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"),
               (b"x-content-type-options", b"nosniff")]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        kind = cast(str, message["type"])
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def application() -> Door:
    """The front door of this process, with the settings of its environment."""
    config: Config = load()
    return Door(create_app(config), config["MAX_BODY"], config["READ_DEADLINE"])
