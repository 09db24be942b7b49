"""The front door (ASGI): it reads every request with a byte cap and a deadline. What is for a hook
is stored by the intake, many in one commit, and answered here; all else goes to Flask in a pool of
threads of its own. A slow or endless client never holds a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import re
import sys
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from asgiref.sync import SyncToAsync
from asgiref.wsgi import WsgiToAsgiInstance

from rulebook.config import Config, load
from rulebook.domain.delivery import Delivery, Receipt, too_large
from rulebook.providers import Fetch, fetch
from rulebook.storage import move_the_log
from web import create_app
from web.inbox import reply_headers
from web.intake import Intake
from web.leaving import Deadlines, Leaving, Stopping

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

THREADS = 16
FORM_SLACK = 64 * 1024
MOST_HELD = 1024 * 1024  # bytes of an answer that its thread leaves here when nobody takes them
TAKES = (
    "rulebook.takes"  # in a scope: whether what is sent goes out at once; Gone when nobody is left
)
SWITCH = 0.001  # seconds: who stores must not wait long for who reads, nor the other way round
INBOX = "/in/"
API = "/api/"
UNREADABLE = Receipt(400, "The body ended before it was whole.\n")
STOPPING = Receipt(503, "Rulebook is stopping. Please send it again in a moment.\n")
_WORDS = {
    400: ("Not readable", "Send the body whole, as the length or the chunks say."),
    408: ("Too slow", "Send the body faster, or in smaller pieces."),
    413: ("Too large", "Send less at once."),
    503: ("Not available", "Send it again in a moment."),
}
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # what no header may hold
_fetching = ThreadPoolExecutor(2, thread_name_prefix="fetch")
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="page")


class _InThreads(WsgiToAsgiInstance):
    """asgiref runs all WSGI requests in one thread unless told otherwise; this tells it."""

    run_wsgi_app = SyncToAsync(
        vars(WsgiToAsgiInstance)["run_wsgi_app"].func, thread_sensitive=False, executor=_pool
    )


class TooLarge(Exception):
    """The body is beyond the cap."""


class Gone(Exception):
    """The client left, or sent what is not HTTP."""


class Door:
    """The ASGI application. max_body in bytes, deadline in seconds for the whole body."""

    def __init__(self, wsgi: Any, intake: Intake, max_body: int, deadline: float) -> None:
        self.wsgi = wsgi
        self.intake = intake
        self.max_body = max_body
        self.deadline = deadline
        self.leaving = Leaving(deadline)
        self.lines = Deadlines[Any](deadline, lambda line: line.too_late())  # web/line.py
        self._fetching: set[asyncio.Task[None]] = set()
        self.proxies: int = intake.app.extensions["rulebook"].config["TRUSTED_PROXIES"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            self.leaving.at_work += 1
            try:
                await self._http(scope, receive, send)
            finally:
                self.leaving.at_work -= 1

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        for_hook = path.startswith(INBOX) and "/" not in path[len(INBOX) :]
        try:
            reading = self._read(scope, receive, 0 if for_hook else FORM_SLACK)
            body = await self.leaving.reading(reading)
        except (TooLarge, TimeoutError, Stopping, Gone) as reason:
            return await _answer(send, self.refusal(reason), close=True, path=path)
        if for_hook:
            await self._take(scope, body, send)
        else:
            await self._page(scope, body, send)

    def refusal(self, reason: Exception) -> Receipt:
        """What a client is told whose request did not come in."""
        if isinstance(reason, TooLarge):
            return too_large(self.max_body)
        if isinstance(reason, TimeoutError):
            return Receipt(408, f"The body took longer than {self.deadline:g} s.\n")
        return STOPPING if isinstance(reason, Stopping) else UNREADABLE

    async def _take(self, scope: Scope, body: bytes, send: Send) -> None:
        """A request for a hook: answered once it is on disk."""
        query = scope["query_string"]
        token = scope["path"][len(INBOX) :]
        client, headers = scope.get("client"), scope["headers"]
        delivery = self.delivery(token, scope["method"], headers, body, query, client)
        told: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.take(delivery, told.set_result)
        await _answer(send, await told, head=scope["method"] == "HEAD")

    def delivery(
        self, token: str, method: str, headers: Headers, body: bytes, query: bytes, client: Any
    ) -> Delivery:
        """What came, as it is stored. client: the connection's address and port, if known."""
        named = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in headers]
        address = _address(client, headers, self.proxies)
        return Delivery(token, method, named, body, query.decode("latin-1"), address)

    def take(self, delivery: Delivery, tell: Callable[[Receipt], None]) -> None:
        """Tell, once it is on disk, what to answer a request for a hook; `tell` is called once."""

        def told(receipt: Receipt) -> None:
            if receipt.fetch:
                task = asyncio.create_task(self._again(delivery, receipt, tell))
                self._fetching.add(task)
                task.add_done_callback(self._fetching.discard)
            else:
                tell(receipt)

        self.intake.begin(delivery, told)

    async def _again(
        self, delivery: Delivery, receipt: Receipt, tell: Callable[[Receipt], None]
    ) -> None:
        assert receipt.fetch
        if await self._fetch(receipt.fetch):
            receipt = await self.intake.take(delivery)
        tell(receipt)

    async def _fetch(self, wanted: Fetch) -> bool:
        """Read what a sender names by address, beside everything else."""
        egress = self.intake.app.extensions["rulebook"].egress
        return await asyncio.get_running_loop().run_in_executor(_fetching, fetch, wanted, egress)

    async def _page(self, scope: Scope, body: bytes, send: Send) -> None:
        async def whole() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        takes = scope.get(TAKES, lambda: True)
        held: deque[MutableMapping[str, Any]] = deque()
        size = 0

        async def tell(message: MutableMapping[str, Any]) -> None:
            nonlocal size
            held.append(message)
            size += len(message.get("body", b""))
            while held and (takes() or size > MOST_HELD):
                size -= len(held[0].get("body", b""))
                await send(held.popleft())

        with contextlib.suppress(Gone):
            await _InThreads(self.wsgi)(_measured(scope, len(body)), whole, tell)
            while held:  # no thread waits for this
                await send(held.popleft())

    async def _read(self, scope: Scope, receive: Receive, slack: int) -> bytes:
        cap, stated = self.max_body + slack, _length(scope)
        if stated > cap:
            raise TooLarge
        message = await receive()
        first: bytes = message.get("body", b"")
        # Most come whole, though the server says so only in a second message: asking for that one
        # would cost a turn of both threads.
        if first and len(first) == stated and message["type"] == "http.request":
            if not _in_chunks(scope):
                return first
        body = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise Gone
            body += message.get("body", b"")
            if len(body) > cap:
                raise TooLarge
            if not message.get("more_body"):
                return bytes(body)
            message = await receive()


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


def _in_chunks(scope: Scope) -> bool:
    """Whether the body ends where its chunks say, whatever length is stated (RFC 9112, 6.3)."""
    return any(name.lower() == b"transfer-encoding" for name, _value in scope["headers"])


def _address(client: Any, headers: Headers, proxies: int) -> str:
    """The sender's address: the connection's, or what the trusted proxies say (as ProxyFix)."""
    if proxies:
        said = b",".join(v for n, v in headers if n == b"x-forwarded-for")
        stated = [part.strip() for part in said.decode("latin-1").split(",") if part.strip()]
        if len(stated) >= proxies:
            return stated[-proxies]
    return client[0] if client else ""


async def _answer(
    send: Send, receipt: Receipt, close: bool = False, head: bool = False, path: str = ""
) -> None:
    if path.startswith(API):
        receipt = _as_problem(receipt)
    body, length = body_of(receipt)
    headers = [*length, *headers_of(receipt)]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": receipt.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


def body_of(receipt: Receipt) -> tuple[bytes, Headers]:
    """What an answer says, and the header of its length; of status 204 neither (RFC 9110, 8.6)."""
    if receipt.status == 204:
        return b"", []
    body = receipt.text.encode(errors="replace")  # a hook's own reply may hold half a letter
    return body, [(b"content-length", b"%d" % len(body))]


def headers_of(receipt: Receipt) -> Headers:
    """The headers of an answer, as the server takes them."""
    said = [(n.lower().encode(), v.encode()) for n, v in reply_headers(receipt).items()]
    return [header for header in said if not _CONTROLS.search(header[1])]


def _as_problem(receipt: Receipt) -> Receipt:
    """The same words as the API says them (RFC 9457)."""
    title, fix = _WORDS[receipt.status]
    document = {"type": "about:blank", "title": title, "status": receipt.status,
                "detail": receipt.text.strip(), "fix": fix}  # fmt: skip
    return Receipt(receipt.status, json.dumps(document) + "\n", "application/problem+json")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        kind = cast(str, message["type"])
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def set_apart() -> None:
    """Let Python look for garbage only among what is made from now on: what was made at the start
    stays, and looking through it held a request up for a tenth of a second now and then."""
    gc.collect()
    gc.freeze()


def application() -> Door:
    """The front door of this process, with the settings of its environment."""
    config: Config = load()
    sys.setswitchinterval(SWITCH)
    app = create_app(config)
    move_the_log(app)
    intake = Intake(app, app.extensions["bell"], config["MAX_BODY"])
    set_apart()
    return Door(app, intake, config["MAX_BODY"], config["READ_DEADLINE"])
