"""RSA signatures (PKCS#1 v1.5) by senders that name their certificate by address.

The sender's own secret, with which samples are signed, is a private key (PEM) behind the text that
is saved here, on the next line.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from rulebook.providers.schemes.scheme import Secrets


def rsa_fits(key: rsa.RSAPublicKey, signature: str, message: bytes, sha1: bool = False) -> bool:
    """Whether a base64 signature is right."""
    kind = hashes.SHA1() if sha1 else hashes.SHA256()
    try:
        made = base64.b64decode(signature, validate=True)
        if base64.b64encode(made).decode() != signature:
            return False
        key.verify(made, message, padding.PKCS1v15(), kind)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def rsa_signed(secret: str, message: bytes) -> str:
    """The base64 signature with the private key in a sender's secret. Raises ValueError."""
    key = _private(secret)
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def new_secrets(check: str) -> Secrets:
    """A private key behind the text that is saved here."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Secrets(f"{check}\n{pem}", check)


def certificate(secret: str, owner: str) -> bytes:
    """A certificate (PEM) for the private key in a sender's secret, for a year around now."""
    key, now = _private(secret), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, owner)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def _private(secret: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(secret.partition("\n")[2].encode(), None)
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("Only the tool holds the key that signs.")
    return key
