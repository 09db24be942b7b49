"""Which addresses and ports may be reached: an explicit table, judged on the address itself.

The flags of `ipaddress` are not used: they miss nets and change between Python releases.
Sources: IANA's special-purpose address registries (IPv4 and IPv6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from rulebook.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa")  # names that only we know


def _nets(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part) for part in text.split())


REFUSED_IPV4 = _nets(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 "
    "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 "
    "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
ALLOWED_IPV6 = ip_network("2000::/3")
REFUSED_IPV6 = _nets("2001::/23 2001:db8::/32 2002::/16 3fff::/20")
# Where clouds keep machine credentials: no setting opens these.
METADATA = _nets("169.254.0.0/16 fd00:ec2::/32 168.63.129.16/32 100.100.100.200/32 192.0.0.192/32")

# Databases and the like, which a forged request could command.
REFUSED_PORTS = frozenset({2375, 2376, 3306, 5432, 6379, 9200, 11211, 27017})
MAIL_PORTS = frozenset({25, 465, 587, 2525})


@dataclass(frozen=True)
class Entry:
    """One EGRESS_ALLOW entry: a host name or a network, with a port or for all usual ports."""

    host: str | None
    network: Network | None
    port: int | None

    def covers(self, host: str, address: Address, port: int) -> bool:
        if self.port not in (None, port):
            return False
        if self.network is None:
            return host == self.host
        return address.version == self.network.version and address in self.network


def entries(texts: Iterable[str]) -> tuple[Entry, ...]:
    """EGRESS_ALLOW as entries. Raises ConfigError for one that cannot be read."""
    return tuple(_entry(text.strip().lower()) for text in texts if text.strip())


def _entry(text: str) -> Entry:
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d{1,5}))?", text)
    # A bare IPv6 address or network has more than one colon, so no port is split off.
    plain = re.fullmatch(r"([^\s:\[\]@]+)(?::(\d{1,5}))?", text)
    found = bracketed or plain
    place, port = (found[1], found[2]) if found else (text, None)
    try:
        network = ip_network(place, strict=False)
    except ValueError:
        if bracketed or not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", place):
            raise ConfigError(
                f"RULEBOOK_EGRESS_ALLOW: {text!r} is neither a host, an address nor a network.",
                "Write for instance books.internal:8080, 10.0.0.5 or 10.1.0.0/16.",
            ) from None
        return Entry(place, None, int(port) if port else None)
    return Entry(None, network, int(port) if port else None)


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped IPv6 one, else the address itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    """Whether the table lets everybody reach the address (already unwrapped)."""
    if isinstance(address, IPv4Address):
        return not _inside(address, REFUSED_IPV4)
    if address.scope_id is not None or address not in ALLOWED_IPV6:
        return False
    return not _inside(address, REFUSED_IPV6)


def reached_by_strangers(url: str) -> bool:
    """Whether a web address is none of our own network."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return is_public(unwrapped(ip_address(host)))
    except ValueError:
        # Names with an underscore are for no web server (RFC 1123), and refused as such.
        return "." in host and "_" not in host and not host.endswith(_INSIDE)


def why_not(text: str, host: str, port: int, allow: Iterable[Entry], *, mail: bool) -> str:
    """Why this address, found for this host, may not be used at this port; "" when it may."""
    address = unwrapped(ip_address(text))
    if _inside(address, METADATA):
        return "this address belongs to the machine's cloud provider and is never reached"
    covering = [entry for entry in allow if entry.covers(host, address, port)]
    if not covering and not is_public(address):
        return "this address is inside your network; an administrator can allow it"
    if any(entry.port == port for entry in covering):
        return ""
    ports_ok = _web_port(port) if not mail else port in MAIL_PORTS
    # A mail catcher inside the network listens anywhere: allowing its address is enough.
    if ports_ok or (mail and covering and _web_port(port)):
        return ""
    return f"port {port} is not one that may be reached; an administrator can allow it"


def _inside(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == net.version and address in net for net in networks)


def _web_port(port: int) -> bool:
    return port in (80, 443) or (1024 <= port <= 65535 and port not in REFUSED_PORTS)
