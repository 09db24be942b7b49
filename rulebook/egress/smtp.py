"""One mail session over a judged socket: greeting, encryption, login, one message, the end.

The deadline is for the whole session: smtplib itself only limits each single read.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rulebook.egress.failures import Broken, EgressError, SaidNo, TimedOut, TlsFailed

Opener = Callable[[str, int, float], socket.socket]
MAX_REPLY = 64 * 1024


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. security: 'starttls', 'tls' or 'none'; no username, no login."""

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: str = ""


class _Session(smtplib.SMTP):
    """smtplib, with its socket from egress and a deadline for everything together."""

    def __init__(
        self, open_socket: Opener, server: MailServer, seconds: float, tls: ssl.SSLContext
    ):
        self.server, self.expired, self.written = server, False, False
        self._open_socket, self._tls, self._seconds = open_socket, tls, seconds
        self._alarm = threading.Timer(seconds, self._expire)
        self._alarm.daemon = True
        self._same_line: socket.socket | None = None
        super().__init__(local_hostname="[127.0.0.1]", timeout=seconds)

    def begin(self) -> None:
        """Connect, encrypt and log in; each refusal raises SaidNo."""
        self._alarm.start()
        # starttls() checks the certificate against this name, as connect() never set it.
        self._host = self.server.host
        self._must("the connection", self.connect(self.server.host, self.server.port), 220)
        self._must("our greeting", self.ehlo(), 250)
        if self.server.security == "starttls":
            self._encrypt()
        if self.server.username:
            self._log_in()

    def deliver(self, sender: str, recipients: Sequence[str], message: bytes) -> str:
        """Hand in one message for all recipients or for none; the server's last words."""
        self._must("the sender", self.mail(sender), 250)
        for recipient in recipients:
            self._must(f"the recipient {recipient}", self.rcpt(recipient), 250, 251)
        self.putcmd("data")
        self._must("the message", self.getreply(), 354)
        self.written = True
        self.send(_quoted(message))
        return self._must("the message", self.getreply(), 250)

    def finish(self) -> None:
        try:
            self.quit()
        except (OSError, smtplib.SMTPException):
            pass  # the outcome is known by now
        finally:
            self.abandon()

    def abandon(self) -> None:
        self._alarm.cancel()
        self.close()
        if self._same_line is not None:
            self._same_line.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = self._open_socket(host, port, self._seconds)
        address = line.getsockname()[0]
        self.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        # Encrypting takes the socket object over; this second one still ends the connection.
        self._same_line = line.dup()
        if self.server.security != "tls":
            return line
        try:
            return self._tls.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise

    def _encrypt(self) -> None:
        if not self.has_extn("starttls"):
            raise TlsFailed(
                f"{self.server.host} offers no encryption (STARTTLS).",
                "Choose another kind of security in the connection.",
            )
        self._must("encryption", self.starttls(context=self._tls), 220)
        self._must("our greeting", self.ehlo(), 250)

    def _log_in(self) -> None:
        try:
            self.login(self.server.username, self.server.password)
        except smtplib.SMTPResponseException:
            raise
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException:  # it offers no login at all, or none that smtplib knows
            raise SaidNo("the login", 503, "it offers none that is known here") from None

    def getreply(self) -> tuple[int, bytes]:
        """One reply, which may have many lines. Unlike smtplib's: bounded as a whole, and what
        cannot be read is no refusal, for after the final dot it may have been a yes."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("closed before")
        if self.file is None:
            self.file = self.sock.makefile("rb")
        code, lines, size = -1, [], 0
        while True:
            line = self.file.readline(MAX_REPLY)
            size += len(line)
            if not line.endswith(b"\n") or size > MAX_REPLY:
                self.close()
                raise smtplib.SMTPServerDisconnected("no end" if line else "closed")
            code = int(line[:3]) if line[:3].isdigit() else -1
            lines.append(line[4:].strip())
            if line[3:4] != b"-" or code < 0:
                return code, b"\n".join(lines)

    def _must(self, step: str, reply: tuple[int, bytes], *wanted: int) -> str:
        code, text = reply[0], reply[1].decode("utf-8", "replace")
        if code in wanted:
            return f"{code} {text}"
        if 400 <= code < 600:
            raise SaidNo(step, code, text)
        what = f"{self.server.host} answered something unreadable to {step}."
        raise Broken(what, "Is it a mail server?", written=self.written)

    def _expire(self) -> None:
        self.expired = True
        try:
            if self._same_line is not None:
                self._same_line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it closed by itself at this moment


@contextmanager
def session(
    open_socket: Opener, server: MailServer, seconds: float, tls: ssl.SSLContext
) -> Iterator[_Session]:
    """A session that has begun; whatever goes wrong in it comes out as an EgressError."""
    talk = _Session(open_socket, server, seconds, tls)
    try:
        talk.begin()
        yield talk
    except EgressError as failure:
        if talk.expired:  # what came in was cut off by us
            talk.abandon()
            raise _failure(failure, talk) from None
        talk.finish()
        raise
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        talk.abandon()
        raise _failure(problem, talk) from None
    else:
        talk.finish()


def _failure(problem: Exception, talk: _Session) -> EgressError:
    host, written = talk.server.host, talk.written
    if isinstance(problem, smtplib.SMTPResponseException) and 400 <= problem.smtp_code < 600:
        text = problem.smtp_error
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        step = "the login" if isinstance(problem, smtplib.SMTPAuthenticationError) else "the line"
        return SaidNo(step, problem.smtp_code, shown)
    if talk.expired or isinstance(problem, TimeoutError):
        return TimedOut(f"{host} did not answer in time.", "Try again later.", written=written)
    if isinstance(problem, ssl.SSLError) and not written:
        return TlsFailed(
            f"No trusted encrypted line to {host}.",
            "Check the kind of security, the port and the server's certificate.",
        )
    return Broken(f"The line to {host} broke.", "Try again later.", written=written)


def _quoted(message: bytes) -> bytes:
    """The message as it goes over the wire: RFC 5321, 4.5.2."""
    lines = message.splitlines()
    return b"".join((b"." if x.startswith(b".") else b"") + x + b"\r\n" for x in lines) + b".\r\n"
