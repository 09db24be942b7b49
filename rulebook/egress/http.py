"""One HTTP request through curl: one total deadline, judged addresses, a bounded answer."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

import pycurl

from rulebook.egress.failures import (
    NO_ADDRESS,
    Broken,
    EgressError,
    NotConnected,
    NotResolved,
    Refused,
    TimedOut,
    TlsFailed,
)
from rulebook.egress.response import Response
from rulebook.egress.targets import Target

MAX_ANSWER = 64 * 1024
MAX_HEADERS = 32 * 1024
CONNECT_SECONDS = 5.0

_TLS = {
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_ISSUER_ERROR,
    pycurl.E_SSL_INVALIDCERTSTATUS,
}
_kept = threading.local()


@dataclass
class _Answer:
    """What has come in so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    header_bytes: int = 0
    complete_headers: bool = False
    full: bool = False

    def header(self, line: bytes) -> int:
        self.header_bytes += len(line)
        if self.header_bytes > MAX_HEADERS:
            return 0
        text = line.decode("latin-1").strip()
        if text.startswith("HTTP/"):  # a new block: an interim answer (1xx) came before it
            code = text.split()[1:2]
            self.status = int(code[0]) if code and code[0].isdigit() else 0
            self.headers.clear()
        elif not text:
            self.complete_headers = self.status >= 200
        elif ":" in text:
            name, value = text.split(":", 1)
            self.headers[name.strip().lower()] = value.strip()
        return len(line)

    def part(self, data: bytes) -> int:
        room = MAX_ANSWER - len(self.body)
        self.body += data[:room]
        self.full = len(data) > room
        return len(data[:room])


@dataclass
class _Line:
    """Opens sockets to the approved addresses and to no other."""

    approved: list[str]
    opened: list[socket.socket] = field(default_factory=list)
    strayed: bool = False
    tries: int = 0

    def may_send(self, *ends: object) -> int:
        """curl sends a request again by itself when a kept-alive line breaks without a word,
        although it may have been carried out; only the first time is ours."""
        self.tries += 1
        return int(pycurl.PREREQFUNC_OK if self.tries == 1 else pycurl.PREREQFUNC_ABORT)

    def open(self, purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> object:
        family, kind, protocol, (host, *_) = address
        if host not in self.approved:
            self.strayed = True
            return pycurl.SOCKET_BAD
        line = socket.socket(family, kind, protocol)
        self.opened.append(line)  # curl works on a copy; ours is closed when the call is over
        return line

    def close(self) -> None:
        for line in self.opened:
            line.close()


class Exchange:
    """One request to one of the approved addresses, made ready on a curl handle, and what comes of
    it. `carry_out` waits for that; whoever else carries it out calls `ended` once, with curl's
    error or 0."""

    def __init__(
        self,
        handle: pycurl.Curl,
        method: str,
        to: Target,
        headers: list[str],
        body: bytes | None,
        seconds: float,
        approved: list[str],
        ca_file: str,
        keep: bool,
    ) -> None:
        self.handle, self.to = handle, to
        self._answer, self._line = answer, line = _Answer(), _Line(approved)
        handle.reset()
        _prepare(handle, method, to, headers, body)
        _bound(handle, to, seconds, approved, ca_file, keep)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, line.open)
        handle.setopt(pycurl.PREREQFUNCTION, line.may_send)
        handle.setopt(pycurl.HEADERFUNCTION, answer.header)
        handle.setopt(pycurl.WRITEFUNCTION, answer.part)

    def carry_out(self) -> Response:
        """Send the request and wait for the answer. Raises EgressError."""
        try:
            self.handle.perform()
        except pycurl.error as problem:
            return self.ended(problem.args[0])
        return self.ended(0)

    def ended(self, code: int) -> Response:
        """The answer. Raises EgressError where there is none."""
        self._line.close()
        answer = self._answer
        # A status is an answer, whatever became of the rest of the body.
        if not answer.complete_headers:
            if code:
                raise _failure(code, self.handle, self.to, self._line)
            raise Broken(f"{self.to.host} did not answer in HTTP.", _ASK_THERE, written=True)
        took = self.handle.getinfo(pycurl.TOTAL_TIME)
        return Response(answer.status, dict(answer.headers), bytes(answer.body), took, bool(code))


def own_handle() -> pycurl.Curl:
    """This thread's curl handle; it keeps the trusted certificates and kept-alive lines."""
    if not hasattr(_kept, "curl"):
        _kept.curl = pycurl.Curl()
    return _kept.curl


def _prepare(
    handle: pycurl.Curl, method: str, to: Target, headers: list[str], body: bytes | None
) -> None:
    handle.setopt(pycurl.URL, to.url)
    handle.setopt(pycurl.PATH_AS_IS, 1)
    if method == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    elif body is not None or method in ("POST", "PUT", "PATCH"):
        handle.setopt(pycurl.POST, 1)
        handle.setopt(pycurl.POSTFIELDSIZE_LARGE, len(body or b""))
        handle.setopt(pycurl.POSTFIELDS, body or b"")
        if not any(line.lower().startswith("content-type") for line in headers):
            headers = [*headers, "Content-Type:"]
    handle.setopt(pycurl.CUSTOMREQUEST, method)
    # Without "Expect:" curl may wait for "100 Continue"; nothing is ever inflated.
    lines = [*headers, "Expect:", "Accept-Encoding: identity"]
    handle.setopt(pycurl.HTTPHEADER, [line.encode("utf-8") for line in lines])


def _bound(
    handle: pycurl.Curl, to: Target, seconds: float, approved: list[str], ca_file: str, keep: bool
) -> None:
    shown = ",".join(f"[{text}]" if ":" in text else text for text in approved)
    host = f"[{to.host}]" if ":" in to.host else to.host
    # With a plus curl forgets it after a minute; whoever comes next names its own anyway.
    handle.setopt(pycurl.RESOLVE, [f"+{host}:{to.port}:{shown}"])
    handle.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds * 1000)))
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(min(seconds, CONNECT_SECONDS) * 1000)))
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    handle.setopt(pycurl.CAINFO, ca_file)
    handle.setopt(pycurl.FRESH_CONNECT, 0 if keep else 1)
    handle.setopt(pycurl.FORBID_REUSE, 0 if keep else 1)


_ASK_THERE = "Ask whoever runs it, or look into its log."


def _failure(code: int, handle: pycurl.Curl, to: Target, line: _Line) -> EgressError:
    # Not PRETRANSFER_TIME: curl sets it when a connection or a handshake failed, too.
    again = line.tries > 1 or (line.tries > 0 and line.strayed)
    written = handle.getinfo(pycurl.REQUEST_SIZE) > 0 or again
    if line.strayed and not written:
        return Refused(f"{to.host} was not called: its address changed while we looked.")
    if code == pycurl.E_OPERATION_TIMEDOUT:
        did = "did not answer in time" if written else "could not be reached in time"
        return TimedOut(f"{to.host} {did}.", _ASK_THERE, written=written)
    if code in _TLS and not written:
        return TlsFailed(f"No trusted encrypted line to {to.host}.", "Check its certificate.")
    if code == pycurl.E_COULDNT_CONNECT:
        return NotConnected(f"Nobody answers at {to.host}, port {to.port}.", "Is it running?")
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return NotResolved(f"There is no address for {to.host}.", NO_ADDRESS)
    what = "before it answered" if written else "before anything was sent"
    return Broken(f"The line to {to.host} broke {what}.", _ASK_THERE, written=written)
