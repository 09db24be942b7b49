"""A mail server (aiosmtpd) that records messages, with STARTTLS, TLS, login and ways to fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.fakes.certificates import certificate_file, server_context

USER, PASSWORD = "ada", "correct horse battery staple"


@dataclass(frozen=True)
class Letter:
    """One message that arrived: the envelope, the exact bytes, and the message read."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        read = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return part.get_content().strip().replace("\r\n", "\n") if part else ""

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return part.get_content().strip() if part else ""


class _Controller(Controller):
    """A controller on a port that the system chose."""

    def __init__(self, handler: Any, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        super().__init__(handler, hostname="127.0.0.1", port=port, **options)

    def _create_server(self) -> Awaitable[Any]:
        return self.loop.create_server(
            self._factory_invoker, sock=self._socket, ssl=self.ssl_context
        )


class Mail:
    """Takes every message until told otherwise. security: 'starttls', 'tls' or 'none'; login: only
    USER with PASSWORD may send."""

    user, password = USER, PASSWORD

    def __init__(self, security: str = "none", login: bool = False) -> None:
        self.letters: list[Letter] = []
        self.security, self.login = security, login
        self._recipient = self._data = "250 OK"
        self._drops = self._hangs = False
        self._changed = threading.Condition()
        self._closing = threading.Event()
        tls = server_context() if security != "none" else None
        self._controller = _Controller(
            self,
            ssl_context=tls if security == "tls" else None,
            tls_context=tls if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=self._authenticate if login else None,
            auth_require_tls=security == "starttls",
        )
        self.host, self.port = "127.0.0.1", self._controller.port
        self.ca_file = certificate_file() if tls else ""

    def __enter__(self) -> Mail:
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        self._controller.stop()

    @property
    def allow(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def connection(self) -> dict[str, Any]:
        """A config of an `smtp` connection that works here."""
        config = {"host": self.host, "port": self.port, "security": self.security,
                  "from": "alerts@books.example"}  # fmt: skip
        return config | ({"username": USER, "password": PASSWORD} if self.login else {})

    @property
    def last(self) -> Letter:
        return self.letters[-1]

    # How it behaves from now on.

    def takes_all(self) -> None:
        self._recipient = self._data = "250 OK"
        self._drops = self._hangs = False

    def greylists(self) -> None:
        """Refuses recipients for now: 451."""
        self._recipient = "451 4.7.1 Greylisted, try again later"

    def refuses(self, reply: str = "550 5.1.1 No such user") -> None:
        """Refuses recipients."""
        self._recipient = reply

    def refuses_message(self, reply: str = "554 5.6.0 Not wanted") -> None:
        """Refuses messages after the final dot."""
        self._data = reply

    def drops_after_data(self) -> None:
        """Takes messages, and hangs up instead of saying so."""
        self._drops = True

    def hangs_after_data(self) -> None:
        """Takes messages, and never says so."""
        self._hangs = True

    def wait_for(self, count: int, seconds: float = 10) -> list[Letter]:
        """The letters, once there are so many; AssertionError when the time is up."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.letters) >= count, seconds)
        assert came, f"{len(self.letters)} of {count} letters came within {seconds} s"
        return self.letters

    # What aiosmtpd calls.

    def _authenticate(self, *args: Any) -> AuthResult:
        given = args[-1]
        right = isinstance(given, LoginPassword) and (
            (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        )
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str,
                          options: list[str]) -> str:  # fmt: skip
        if self.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str,
                          options: list[str]) -> str:  # fmt: skip
        if self._recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self._recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not self._data.startswith("250"):
            return self._data
        with self._changed:
            self.letters.append(Letter(envelope.mail_from, envelope.rcpt_tos, envelope.content))
            self._changed.notify_all()
        if self._drops:
            server.transport.abort()
        if self._hangs:
            await server.loop.create_future()
        return self._data
