"""What a sender names by address and has to be read before it can be answered: a certificate, or
a page that confirms a subscription. Read once through the one way out, and remembered.

Whoever lacks it says so with a `Fetch`; the door reads it beside the others and asks again, so that
nobody waits for somebody else's web server.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from rulebook.egress import Egress, EgressError

MOST = 64
SECONDS = 5.0
_lock = threading.Lock()
_kept: OrderedDict[str, tuple[rsa.RSAPublicKey, float]] = OrderedDict()
_seen: OrderedDict[str, None] = OrderedDict()


@dataclass(frozen=True)
class Fetch:
    """An address to be read, which the provider has allowed. owner: what the common name of the
    certificate there must end in; None where it is a page that only has to be called."""

    url: str
    owner: str | None = None


def key_at(url: str, now: float) -> rsa.RSAPublicKey | None:
    """The key of the certificate at this address, if it was read and is valid at this time."""
    with _lock:
        key, until = _kept.get(url, (None, 0.0))
        return key if until > now else None


def called(url: str) -> bool:
    """Whether this page was called and answered well."""
    with _lock:
        return url in _seen


def fetch(wanted: Fetch, egress: Egress) -> bool:
    """Read it and remember what it says; whether that worked. Nothing is raised."""
    try:
        answer = egress.request("GET", wanted.url, timeout=SECONDS)
        if not 200 <= answer.status < 300:
            return False
        if wanted.owner is None:
            _remember(_seen, wanted.url, None)
        else:
            keep(wanted.url, answer.body, wanted.owner)
    except (EgressError, ValueError):
        return False
    return True


def keep(url: str, pem: bytes, owner: str = "") -> None:
    """Remember the key of a certificate (PEM). Raises ValueError when it is not the owner's, out
    of date, or holds no RSA key."""
    certificate = x509.load_pem_x509_certificate(pem)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not any(str(name.value).endswith(owner) for name in names):
        raise ValueError(f"The certificate is not of {owner}.")
    if not certificate.not_valid_before_utc <= datetime.now(UTC) < certificate.not_valid_after_utc:
        raise ValueError("The certificate is out of date.")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("The certificate holds no RSA key.")
    _remember(_kept, url, (key, certificate.not_valid_after_utc.timestamp()))


def _remember(memory: OrderedDict[str, Any], url: str, what: Any) -> None:
    with _lock:
        memory[url] = what
        while len(memory) > MOST:
            memory.popitem(last=False)
