"""The only way out: every connection that Rulebook opens to elsewhere is opened in this folder.

A host is resolved once, every address found is judged by the table in `addresses`, and only such
an address is connected to. One deadline covers everything, names included. Nothing is retried,
no redirect is followed, no proxy of the environment is used. Failures: see `failures`.
"""

from __future__ import annotations

import os
import socket as sockets
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rulebook.egress.addresses import entries
from rulebook.egress.failures import (
    Broken,
    EgressError,
    NotConnected,
    NotResolved,
    Refused,
    SaidNo,
    TimedOut,
    TlsFailed,
)
from rulebook.egress.resolve import Names, addresses
from rulebook.egress.response import Response
from rulebook.egress.smtp import MailServer, session
from rulebook.egress.targets import METHODS, Target, header_lines, method, target

if TYPE_CHECKING:
    from rulebook.egress.calls import Calls

__all__ = [
    "METHODS",
    "Broken",
    "Egress",
    "EgressError",
    "MailServer",
    "NotConnected",
    "NotResolved",
    "Refused",
    "Request",
    "Response",
    "SaidNo",
    "Target",
    "TimedOut",
    "TlsFailed",
    "header_lines",
    "target",
]

TOTAL_SECONDS = 15.0
MAX_SECONDS = 30.0
CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Request:
    """One HTTP request. seconds: the most that it may take in all, 30 at most; keep: use and leave
    open a kept-alive line, only where a repeat does no harm."""

    verb: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = TOTAL_SECONDS
    keep: bool = False


class Egress:
    """The door out. allow: EGRESS_ALLOW; ca_file: certificates to trust instead of the system's."""

    def __init__(self, allow: Iterable[str] = (), ca_file: str = "") -> None:
        self._allow = entries(allow)
        self._ca_file = ca_file or _system_certificates()
        self._tls: ssl.SSLContext | None = None
        self._names = Names(self._allow)
        self._calls: Calls | None = None
        self._first = threading.Lock()

    def check(self, url: str, timeout: float = 3.0) -> None:
        """Whether a request to the URL would be let out; nothing is sent. Raises EgressError."""
        to = target(url)
        addresses(to.host, to.port, timeout, self._allow)

    def request(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = TOTAL_SECONDS,
        *,
        keep: bool = False,
    ) -> Response:
        """Send one HTTP request, wait at most timeout seconds (30 at most) in all.

        keep: use and leave open a kept-alive line; only where a repeat does no harm.
        Any status is a Response; whatever prevents one raises EgressError.
        """
        from rulebook.egress.http import Exchange, own_handle  # with curl, 6 MB

        ends = time.monotonic() + min(timeout, MAX_SECONDS)
        verb, to, lines = method(verb), target(url), header_lines(headers or {})
        approved = addresses(to.host, to.port, ends - time.monotonic(), self._allow)
        left = ends - time.monotonic()
        return Exchange(
            own_handle(), verb, to, lines, body, left, approved, self._ca_file, keep
        ).carry_out()

    def begin(self, asked: Request, then: Callable[[Response | EgressError], None]) -> None:
        """Send one HTTP request without waiting for what comes of it: `then` is told, in a thread
        that all such requests share."""
        ends = time.monotonic() + min(asked.seconds, MAX_SECONDS)
        try:
            verb, to = method(asked.verb), target(asked.url)
            lines = header_lines(asked.headers)
        except EgressError as failure:
            then(failure)
            return

        def go(found: list[str] | EgressError) -> None:
            if isinstance(found, EgressError):
                then(found)
                return
            self._beside().begin(
                lambda handle, exchange: exchange(
                    handle, verb, to, lines, asked.body, ends - time.monotonic(), found,
                    self._ca_file, asked.keep,
                ), ended,
            )  # fmt: skip

        def ended(answer: Response | EgressError) -> None:
            if isinstance(answer, EgressError) and not answer.written:
                self._names.forget(to)  # it may have moved
            then(answer)

        self._names.find(to, ends - time.monotonic(), go)

    def _beside(self) -> Calls:
        """The thread for requests that nobody waits for; it comes with the first of them."""
        from rulebook.egress.calls import Calls  # with curl, which takes 6 MB

        with self._first:
            self._calls = self._calls or Calls()
        return self._calls

    def socket(self, host: str, port: int, timeout: float = TOTAL_SECONDS) -> sockets.socket:
        """A connected socket to a mail server. Raises EgressError; nothing is written yet."""
        ends = time.monotonic() + min(timeout, MAX_SECONDS)
        name = target(f"http://[{host}]/" if ":" in host else f"http://{host}/").host
        for text in addresses(name, port, timeout, self._allow, mail=True):
            try:
                left = max(0.001, min(CONNECT_SECONDS, ends - time.monotonic()))
                line = sockets.create_connection((text, port), left)
            except OSError:
                continue
            line.settimeout(max(0.001, ends - time.monotonic()))
            return line
        raise NotConnected(f"Nobody answers at {host}, port {port}.", "Check the host and port.")

    def send_mail(
        self,
        server: MailServer,
        sender: str,
        recipients: Sequence[str],
        message: bytes,
        timeout: float = MAX_SECONDS,
    ) -> str:
        """Hand one message in, for all recipients or for none; the server's last words.

        Raises EgressError: SaidNo with the server's code, written only after the message went.
        """
        seconds = min(timeout, MAX_SECONDS)
        with session(self.socket, server, seconds, self._context()) as talk:
            return talk.deliver(sender, recipients, message)

    def try_mail(self, server: MailServer, timeout: float = TOTAL_SECONDS) -> None:
        """Connect, encrypt and log in as for a message, and send none. Raises EgressError."""
        with session(self.socket, server, timeout, self._context()):
            pass

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            context = ssl.create_default_context(cafile=self._ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._tls = context
        return self._tls


def _system_certificates() -> str:
    """The file of trusted certificates: SSL_CERT_FILE, the system's, or certifi's."""
    paths = ssl.get_default_verify_paths()
    found = paths.cafile or "/etc/ssl/certs/ca-certificates.crt"
    if os.path.exists(found):
        return found
    import certifi  # comes with the Twilio client; only where the system has none

    return str(certifi.where())
