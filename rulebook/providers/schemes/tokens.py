"""Senders that sign nothing and show a secret instead, and ways to have several schemes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, cast

import jwt

from rulebook.providers.request import BasicLogin, Place, Request
from rulebook.providers.schemes.keys import TEXT
from rulebook.providers.schemes.scheme import Scheme, Secrets, any_equal
from rulebook.providers.schemes.verdicts import (
    Verification,
    correct,
    mismatch,
    no_secret,
    no_signature,
    not_the_secret,
    unreadable,
)


@dataclass(frozen=True)
class Token:
    """The secret itself stands in the request, after a prefix. Nothing else is covered."""

    place: Place
    prefix: str = ""

    @property
    def covers(self) -> frozenset[str]:
        return frozenset()

    @property
    def shared(self) -> bool:
        return True

    def present(self, request: Request) -> bool:
        return self.place.read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        given = self.place.read(request)
        if not given:
            return no_signature(str(self.place))
        if not any(secrets):
            return no_secret()
        if not any_equal([self.prefix + secret for secret in secrets if secret], [given]):
            return not_the_secret(str(self.place))
        return Verification(True, "The secret is the right one.")

    def sign(self, request: Request, secret: str, now: float) -> Request:
        return self.place.put(request, self.prefix + secret)

    def example(self, rng: Random) -> Secrets:
        made = TEXT.example(rng)
        if isinstance(self.place, BasicLogin):
            made = f"rulebook:{made}"
        return Secrets(made, made)


@dataclass(frozen=True)
class BodyJwt:
    """A JWT (HS256) in a header that holds the SHA-256 of the body as one of its claims."""

    place: Place
    claim: str = "sha256"
    issuer: str = ""
    prefix: str = ""

    @property
    def covers(self) -> frozenset[str]:
        return frozenset({"body"})

    @property
    def shared(self) -> bool:
        return True

    def present(self, request: Request) -> bool:
        return self.place.read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        given = self.place.read(request)
        if not given:
            return no_signature(str(self.place))
        if not any(secrets):
            return no_secret()
        try:
            jwt.get_unverified_header(given.removeprefix(self.prefix))
        except jwt.PyJWTError:
            return unreadable(str(self.place))
        claims = next(
            (c for secret in secrets if secret and (c := self._claims(given, secret))), None
        )
        if claims is None:
            return mismatch()
        stated = claims.get(self.claim)
        right = isinstance(stated, str) and any_equal([_hash(request.body)], [stated])
        return correct() if right else mismatch()

    def sign(self, request: Request, secret: str, now: float) -> Request:
        claims = {self.claim: _hash(request.body)} | ({"iss": self.issuer} if self.issuer else {})
        return self.place.put(request, self.prefix + jwt.encode(claims, secret, "HS256"))

    def example(self, rng: Random) -> Secrets:
        made = TEXT.example(rng)
        return Secrets(made, made)

    def _claims(self, given: str, secret: str) -> dict[str, Any] | None:
        token = given.removeprefix(self.prefix)
        if not well_written(token):
            return None
        try:
            return jwt.decode(
                token, secret, ["HS256"], issuer=self.issuer or None,
                options={"enforce_minimum_key_length": False, "verify_aud": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return None


def well_written(token: str) -> bool:
    """Whether a JWT's signature is written in the one right way: base64 leaves a few bits open, and
    decoders pass over what is no letter of it."""
    signature = token.rpartition(".")[2]
    try:
        made = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except (binascii.Error, ValueError):
        return False
    return base64.urlsafe_b64encode(made).decode().rstrip("=") == signature


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Either:
    """Several schemes of one sender: the first that the request shows any sign of. Whoever wants
    to be safest first puts the strongest first."""

    schemes: tuple[Scheme, ...]

    @property
    def covers(self) -> frozenset[str]:
        return self.schemes[0].covers

    @property
    def shared(self) -> bool:
        return self.schemes[0].shared

    def present(self, request: Request) -> bool:
        return any(scheme.present(request) for scheme in self.schemes)

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        for scheme in self.schemes:
            if scheme.present(request):
                return scheme.verify(request, secrets, now)
        return self.schemes[0].verify(request, secrets, now)

    def sign(self, request: Request, secret: str, now: float) -> Request:
        return self.schemes[0].sign(request, secret, now)

    def example(self, rng: Random) -> Secrets:
        return self.schemes[0].example(rng)


def tolerating(scheme: Scheme, seconds: int) -> Scheme:
    """The same scheme with another allowance between the sender's clock and ours."""
    if isinstance(scheme, Either):
        return Either(tuple(tolerating(each, seconds) for each in scheme.schemes))
    if hasattr(scheme, "tolerance"):
        return cast(Scheme, replace(cast(Any, scheme), tolerance=seconds))
    return scheme
