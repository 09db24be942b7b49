"""HTTP on a connection, read by llhttp for uvicorn. A plain request for a hook goes straight from
here to the intake and its answer straight back: a task and the messages of ASGI for each took
longer than storing it. All else is uvicorn's and the door's (`web/door.py`).
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from functools import partial
from typing import Any

import httptools
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from rulebook.domain.delivery import NOT_STORED, Receipt, too_large
from web.door import STOPPING, Door, application, body_of, headers_of
from web.outgoing import Outgoing

log = logging.getLogger("rulebook.web")
# A hook's address as tools call it; any other way of writing one is left to the door.
HOOK = re.compile(rb"/in/([A-Za-z0-9_-]{1,64})(?:\?([^#]*))?")
MOST_HEADERS, MOST_HEAD = 128, 64 * 1024  # of a request, in number and in bytes
MOST_IDLE = MOST_HEAD + 256 * 1024  # bytes without one of a body; as much is read at once
MOST_PARTS = 64  # of a body
MOST_BEHIND = 32  # requests that wait for the answers to those before them, on one connection
MOST_READY, LONGEST_READY = 1000, 1000  # answers that are kept made, and of how many characters
MOST_UNTAKEN = 64 * 1024  # bytes of answers
KEEPS = 75  # seconds that a connection may be idle: more than proxies keep theirs
LINGERS = 1.0  # seconds for who is refused in the middle of its body to read why
HEAD_TOO_LARGE = Receipt(431, "The headers are too large.\n")
NOT_HTTP = Receipt(400, "This is no HTTP request that can be read.\n")
_OFFERS = (b"connection", b"upgrade", b"http2-settings")
_MORE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Call:
    """A request for a hook; to uvicorn a cycle of its own kind, so that what comes behind it on
    the connection waits for its answer."""

    message_event = asyncio.Event()  # nobody waits for it
    body = b""

    def __init__(self, token: str, query: bytes, method: str, keep_alive: bool) -> None:
        self.token, self.query, self.method = token, query, method
        self.keep_alive = keep_alive
        self.more_body = True
        self.response_complete = self.disconnected = False
        self.parts: list[bytes] = []
        self.joined: bytearray | None = None  # those before
        self.size = 0

    def join(self) -> None:
        """Many small parts would take much more room than what is in them."""
        self.joined = self.joined or bytearray()
        self.joined += b"".join(self.parts)
        self.parts.clear()

    def take(self) -> bytes:
        """Its body, which is not kept here: an idle connection still knows its last call."""
        parts, joined, self.parts, self.joined = self.parts, self.joined, [], None
        return parts[0] if joined is None and len(parts) == 1 else b"".join((joined or b"", *parts))


class Line(Outgoing):
    """One connection."""

    cycle: Any  # uvicorn's, or a Call

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.door: Door = self.app
        self._in_head = self._offers = False
        self._head = self._stated = 0
        self._idle = 0  # bytes read since something came of them
        self._deaf = False  # what is still sent is of no interest
        self._sent: list[tuple[bytes, bytes]] = []

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._rest()

    def _rest(self) -> None:
        """Wait for a request, though not for ever."""
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        if self._is_free() and not self._in_head:  # else a request had begun before the last answer
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.lines.end(self)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whoever has sent a whole request and nothing more may still want its answer."""
        waits = not self._is_free() and not self.cycle.more_body
        if waits:
            self.cycle.keep_alive = False
        return waits

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            return self._pass_over(data[offer.args[0] :])
        except httptools.HttpParserError:
            return self._refuse(NOT_HTTP)
        self._idle += len(data)
        if self._idle > MOST_IDLE:
            self._refuse(HEAD_TOO_LARGE if self._in_head else NOT_HTTP)

    def _pass_over(self, rest: bytes) -> None:
        """Read a request without its offer to go on in another protocol, which need not be taken
        (RFC 9110, 7.8). llhttp takes its body for the other protocol's. It is the connection's
        last: so nobody makes many offers, and none loses its own word about keeping it."""
        self.door.lines.end(self)
        method = self.parser.get_method()
        if method == b"CONNECT":
            return self._refuse(NOT_HTTP)
        self._sent = self.headers
        kept = [header for header in self.headers if header[0] not in _OFFERS]
        kept.append((b"connection", b"close"))
        head = [b"%s %s HTTP/1.1" % (method, self.url), *(b"%s: %s" % each for each in kept)]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join(head) + b"\r\n\r\n" + rest)

    def on_message_begin(self) -> None:
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._in_head = True
        self._head = self._idle = self._stated = 0
        self.door.lines.begin(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # behind a body in chunks: nobody is told what came before it
            return
        name = name.lower()
        self.headers.append((name, value))
        self._head += len(name) + len(value)
        if name == b"content-length":
            self._stated = int(value)  # llhttp lets nothing but digits through
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._offers = self.parser.should_upgrade()
        self._deaf = self._deaf or self.transport.is_closing()
        if self._deaf or self._offers:
            return
        if len(self.headers) > MOST_HEADERS or self._head > MOST_HEAD:
            return self._refuse(HEAD_TOO_LARGE)
        if len(self.pipeline) >= MOST_BEHIND:
            return self._refuse(NOT_HTTP)
        if self._sent:  # an offer with it was passed over, and is kept all the same
            self.headers = self.scope["headers"] = self._sent
        hook = HOOK.fullmatch(self.url)
        if hook and self._is_free():
            self._hear(hook)
        else:
            self.door.lines.end(self)
            super().on_headers_complete()

    def _is_free(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hear(self, hook: re.Match[bytes]) -> None:
        """A request for a hook has begun."""
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        method = self.parser.get_method().decode("ascii")
        call = Call(hook[1].decode("ascii"), hook[2] or b"", method, keep_alive)
        self.cycle = self.running = call
        if self._stated > self.door.max_body:
            self._refuse(too_large(self.door.max_body))
        elif self.expect_100_continue:
            self.transport.write(_MORE)

    def on_body(self, body: bytes) -> None:
        call = self.cycle
        if self._deaf:
            return
        self._idle = 0
        if type(call) is not Call:
            super().on_body(body)
        elif not call.response_complete:
            call.size += len(body)
            call.parts.append(body)
            if len(call.parts) == MOST_PARTS:
                call.join()
            if call.size > self.door.max_body:
                self._refuse(too_large(self.door.max_body))

    def on_message_complete(self) -> None:
        call = self.cycle
        if self._deaf or self._offers:
            return
        if type(call) is not Call:
            super().on_message_complete()
        elif not call.response_complete:
            self.door.lines.end(self)
            call.more_body = False
            self.door.leaving.at_work += 1
            try:
                delivery = self.door.delivery(
                    call.token, call.method, self.headers, call.take(), call.query, self.client
                )
                self.door.take(delivery, partial(self._answer, call))
            except Exception:
                log.exception("A delivery was answered 503.")
                if not call.response_complete:
                    self._answer(call, NOT_STORED)

    def _answer(self, call: Call, receipt: Receipt) -> None:
        self.door.leaving.at_work -= 1
        call.response_complete = True
        if call.disconnected or self.transport.is_closing():
            return
        if self.flow.write_paused and self.transport.get_write_buffer_size() > MOST_UNTAKEN:
            return self.transport.abort()
        self._say(receipt, call.keep_alive, call.method == "HEAD")
        if call.keep_alive:
            self.on_response_complete()
        else:
            self.transport.close()

    def _say(self, receipt: Receipt, keep_alive: bool, head: bool = False) -> None:
        first, body = _said(receipt)
        self.transport.write(
            b"".join((
                first,
                *(b"%s: %s\r\n" % header for header in self.server_state.default_headers),
                b"\r\n" if keep_alive else b"connection: close\r\n\r\n",
                b"" if head else body,
            ))
        )  # fmt: skip

    def _refuse(self, receipt: Receipt) -> None:
        """Say why nothing more is read here; whoever is still sending gets a moment to see it."""
        self.door.lines.end(self)
        if self._deaf or self.transport.is_closing():  # it was told already, or is gone
            self._deaf = True
            return
        self._deaf = True
        last = self.cycle
        if last and not last.response_complete:
            if not last.more_body:  # its answer comes first, and ends the connection
                last.keep_alive = False
                return
            if self.pipeline:  # it is among those behind others, which are answered
                self.pipeline.popleft()
                self.cycle = self.pipeline[0][0] if self.pipeline else self.running
                self.cycle.keep_alive = False
                return
            self._give_up(last)
        self._say(receipt, keep_alive=False)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(LINGERS, self.transport.abort)

    def _give_up(self, call: Any) -> None:
        """Its body is not read to the end."""
        if type(call) is Call:
            call.response_complete = True
        else:
            call.disconnected = True
            call.message_event.set()

    def too_late(self) -> None:
        """Its time to send a request is over."""
        self._refuse(self.door.refusal(TimeoutError()))

    def shutdown(self) -> None:
        call = self.cycle
        if type(call) is Call and call.more_body and not call.response_complete:
            self._refuse(STOPPING)
        else:
            super().shutdown()


_ready: dict[tuple[Any, ...], tuple[bytes, bytes]] = {}


def _said(receipt: Receipt) -> tuple[bytes, bytes]:
    """An answer's status and headers, and its body; few answers make up most."""
    kind = receipt.status, receipt.text, receipt.content_type, *receipt.headers.items()
    found = _ready.get(kind)
    if found is None:
        body, length = body_of(receipt)
        headers = [b"%s: %s\r\n" % header for header in (*headers_of(receipt), *length)]
        found = b"".join([STATUS_LINE[receipt.status], *headers]), body
        if len(_ready) < MOST_READY and len(receipt.text) < LONGEST_READY:
            _ready[kind] = found
    return found


def options(door: Door) -> Config:
    """How uvicorn serves this door: it believes no proxy (the door does, as it was told), and says
    neither who it is nor what was asked for."""
    return Config(
        door, http=Line, loop="uvloop", ws="none", interface="asgi3", lifespan="on",
        timeout_keep_alive=KEEPS, proxy_headers=False, server_header=False, access_log=False,
        log_config=None,
    )  # fmt: skip


class Serving(Server):
    """uvicorn's server of this door."""

    def __init__(self, door: Door) -> None:
        super().__init__(options(door))
        self.door = door

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            log.info("Serving on %s port %d.", *listening.getsockname()[:2])

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop. Being told again changes nothing: uvicorn's own would drop answers under way."""
        self.should_exit = True

    async def shutdown(self, sockets: Any = None) -> None:
        self.door.leaving.stop()
        await super().shutdown(sockets)


def serve(listening: Any) -> None:
    """Serve this process's door to who calls this bound socket, until told to stop."""
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # else it tells of each start and stop
    with suppress(KeyboardInterrupt):  # before it serves, and when it has
        Serving(application()).run([listening])
