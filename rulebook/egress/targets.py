"""Reading what is to be sent, before any line is opened: the URL, the headers, the method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urlsplit

from rulebook.egress.failures import Refused

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAX_URL = 2048

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")  # token: RFC 9110, 5.6.2
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*\.?")
# The line's own headers: written by us alone, or a request could be smuggled behind another.
_OURS = frozenset(
    "host content-length transfer-encoding connection keep-alive expect upgrade te trailer "
    "accept-encoding proxy-authorization proxy-connection".split()
)


@dataclass(frozen=True)
class Target:
    """A URL taken apart by one parser and put together again, so that no two can disagree."""

    scheme: str
    host: str  # lower case, ASCII; IPv6 without brackets
    port: int
    path: str  # with the query

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


@lru_cache(maxsize=500)
def target(url: str) -> Target:
    """The URL as parts that are safe to use. Raises Refused with the reason."""
    if len(url) > MAX_URL:
        raise Refused(f"The URL is longer than {MAX_URL} characters.", "Shorten it.")
    if _CONTROL.search(url) or re.search(r"[\s\\]", url):
        raise Refused(
            "The URL has a blank, a line break, a backslash or another control character in it.",
            "Remove it, or write blanks as %20.",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_url(url) from None
    if parts.scheme not in ("http", "https"):
        raise Refused("The URL must start with http:// or https://.", _EXAMPLE)
    if "@" in parts.netloc:
        raise Refused("The URL has a user name in it.", "Use a connection for names and passwords.")
    usual = {"http": 80, "https": 443}[parts.scheme]
    return Target(parts.scheme, _host(parts, url), usual if port is None else port, _path(parts))


_EXAMPLE = "Write it in full, such as https://example.com/path."


def _no_url(url: str) -> Refused:
    shown = url if len(url) <= 80 else url[:79] + "…"
    return Refused(f"“{shown}” is not a web address.", _EXAMPLE)


def _host(parts: SplitResult, url: str) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return _ipv6(host, url)
    try:
        host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host
    except UnicodeError:
        raise _no_url(url) from None
    if not _HOST.fullmatch(host):
        raise _no_url(url)
    return host


def _ipv6(host: str, url: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        raise _no_url(url) from None
    if address.scope_id is not None:
        raise Refused("The URL names a network interface (%...).", "Leave that part out.")
    return str(address)


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return f"{path}?{query}" if query else path


def header_lines(headers: Mapping[str, str]) -> list[str]:
    """The headers as curl wants them. Raises Refused for a name or value that may not be sent."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise Refused(f"“{name[:80]!a}” is not a header name.", "Use letters, digits and -.")
        if name.lower() in _OURS:
            raise Refused(f"The header {name} is set by Rulebook.", "Leave it out.")
        if _CONTROL.search(value):
            raise Refused(
                f"The value of the header {name} has a line break or control character in it.",
                "Remove it.",
            )
    # To curl "Name:" means "leave it out", and "Name;" means "send it empty".
    return [f"{name}: {value}" if value else f"{name};" for name, value in headers.items()]


def method(name: str) -> str:
    """The method in capitals. Raises Refused unless it is one of METHODS."""
    if name.upper() not in METHODS:
        raise Refused(f"The method {name[:20]!a} is not used.", f"Use one of {', '.join(METHODS)}.")
    return name.upper()
