"""Signatures that only the sender can make: what is saved here is its public key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from rulebook.providers.request import Place, Request, Source
from rulebook.providers.schemes.messages import Unit, fill, names, time_of, time_text
from rulebook.providers.schemes.reading import Plain, Reader
from rulebook.providers.schemes.scheme import Secrets
from rulebook.providers.schemes.verdicts import (
    TOLERANCE,
    Verification,
    correct,
    in_time,
    mismatch,
    no_secret,
    no_signature,
    odd_secret,
    unreadable,
)

Coding = Literal["hex", "base64"]


def decoded(text: str, coding: Coding) -> bytes | None:
    """The bytes behind hex or strict base64 text, or None."""
    try:
        if coding == "hex":
            return bytes.fromhex(text) if text == text.lower() and " " not in text else None
        found = base64.b64decode(text, validate=True)
        return found if base64.b64encode(found).decode() == text else None
    except (binascii.Error, ValueError):
        return None


def encoded(made: bytes, coding: Coding) -> str:
    return made.hex() if coding == "hex" else base64.b64encode(made).decode()


@dataclass(frozen=True)
class KeyPair:
    """What both kinds share: where signature and time stand and what is signed.

    key_prefix, sign_prefix: what stands before the public and the secret key as text.
    """

    signature: Place
    message: str = "{timestamp}{body}"
    timestamp: Place | None = None
    unit: Unit = "s"
    tolerance: int | None = TOLERANCE
    reads: Reader = Plain()
    encoding: Coding = "hex"
    key_coding: Coding = "hex"
    key_prefix: str = ""
    sign_prefix: str = ""
    fields: Mapping[str, Source] = field(default_factory=dict)

    @property
    def covers(self) -> frozenset[str]:
        found = {name for name in ("body", "id", "url") if name in names(self.message)}
        return frozenset(found | ({"time"} if self.timestamp else set()))

    @property
    def shared(self) -> bool:
        return False

    def present(self, request: Request) -> bool:
        return self.signature.read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        given = self.signature.read(request)
        if not given:
            return no_signature(str(self.signature))
        if not any(secrets):
            return no_secret()
        found = self.reads.read(given)
        time = self.timestamp.read(request) or "" if self.timestamp else ""
        stated = time_of(time, self.unit) if self.timestamp else 0.0
        if found is None or stated is None:
            return unreadable(str(self.signature))
        keys = [key for text in secrets if (key := self._public(text)) is not None]
        if not keys:
            return odd_secret("a public key of this tool")
        message = fill(self.message, request, time, request.url, self.fields)
        signatures = [made for text in found.signatures if (made := decoded(text, self.encoding))]
        if not any(self._fits(key, made, message) for key in keys for made in signatures):
            return mismatch()
        return in_time(stated, now, self.tolerance) if self.timestamp else correct()

    def sign(self, request: Request, secret: str, now: float) -> Request:
        time = time_text(now, self.unit)
        if self.timestamp:
            request = self.timestamp.put(request, time)
        key = decoded(secret.removeprefix(self.sign_prefix), self.key_coding)
        if key is None:
            raise ValueError("The secret is not the tool's own key.")
        made = self._signed(key, fill(self.message, request, time, request.url, self.fields))
        return self.signature.put(request, self.reads.write(encoded(made, self.encoding), time))

    def _public(self, text: str) -> object:
        raise NotImplementedError

    def _fits(self, key: object, made: bytes, message: bytes) -> bool:
        raise NotImplementedError

    def _signed(self, key: bytes, message: bytes) -> bytes:
        raise NotImplementedError


@dataclass(frozen=True)
class Ed25519(KeyPair):
    """Ed25519 (RFC 8032); keys are their 32 raw bytes."""

    def _public(self, text: str) -> object:
        raw = decoded(text.strip().removeprefix(self.key_prefix), self.key_coding)
        try:
            return ed25519.Ed25519PublicKey.from_public_bytes(raw) if raw else None
        except ValueError:
            return None

    def _fits(self, key: object, made: bytes, message: bytes) -> bool:
        assert isinstance(key, ed25519.Ed25519PublicKey)
        try:
            key.verify(made, message)
        except InvalidSignature:
            return False
        return True

    def _signed(self, key: bytes, message: bytes) -> bytes:
        try:
            return ed25519.Ed25519PrivateKey.from_private_bytes(key[:32]).sign(message)
        except ValueError:
            raise ValueError("The secret is not the tool's own key.") from None

    def example(self, rng: Random) -> Secrets:
        own = ed25519.Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        public = own.public_key().public_bytes_raw()
        return Secrets(
            self.sign_prefix + encoded(own.private_bytes_raw(), self.key_coding),
            self.key_prefix + encoded(public, self.key_coding),
        )


@dataclass(frozen=True)
class EcdsaP256(KeyPair):
    """ECDSA over P-256 with SHA-256; the key is base64 DER (SPKI) without the lines around it."""

    def _public(self, text: str) -> object:
        lines = [line for line in text.split() if not line.startswith("-----")]
        raw = decoded("".join(lines), "base64")
        try:
            key = load_der_public_key(raw) if raw else None
        except ValueError:
            return None
        return key if isinstance(key, ec.EllipticCurvePublicKey) else None

    def _fits(self, key: object, made: bytes, message: bytes) -> bool:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        try:
            key.verify(made, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def _signed(self, key: bytes, message: bytes) -> bytes:
        own = load_der_private_key(key, None)
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        return own.sign(message, ec.ECDSA(hashes.SHA256()))

    def example(self, rng: Random) -> Secrets:
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        own = ec.derive_private_key(rng.randrange(1, order), ec.SECP256R1())
        public = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        private = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return Secrets(encoded(private, "base64"), encoded(public, "base64"))
