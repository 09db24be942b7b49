"""Standard Webhooks 1.0.0, and Svix, which has it under other header names as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from rulebook.providers.request import FirstOf, Header, Request
from rulebook.providers.schemes.hmacs import Hmac
from rulebook.providers.schemes.keypairs import Ed25519
from rulebook.providers.schemes.keys import STANDARD, KeyKind
from rulebook.providers.schemes.reading import Versions
from rulebook.providers.schemes.scheme import Secrets
from rulebook.providers.schemes.verdicts import TOLERANCE, Verification

PUBLIC = "whpk_"


@dataclass(frozen=True)
class Standard:
    """`v1` (HMAC) and `v1a` (Ed25519): which of them counts, the saved secret tells, because a
    public key begins with whpk_. prefixes: of the header names, the usual one first."""

    prefixes: tuple[str, ...] = ("webhook", "svix")
    key: KeyKind = STANDARD
    tolerance: int | None = TOLERANCE

    @property
    def covers(self) -> frozenset[str]:
        return frozenset({"body", "time", "id"})

    @property
    def shared(self) -> bool:
        return True

    def present(self, request: Request) -> bool:
        return self._place("signature").read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        public = [secret for secret in secrets if secret.startswith(PUBLIC)]
        shared = [secret for secret in secrets if not secret.startswith(PUBLIC)]
        if public:
            verified = self._pair().verify(request, public, now)
            if verified or not shared:
                return verified
        return self._hmac().verify(request, shared, now)

    def sign(self, request: Request, secret: str, now: float) -> Request:
        return self._hmac().sign(request, secret, now)

    def example(self, rng: Random) -> Secrets:
        return self._hmac().example(rng)

    def _hmac(self) -> Hmac:
        return Hmac(
            self._place("signature"), "{id}.{timestamp}.{body}", Versions("v1"), encoding="base64",
            key=self.key, timestamp=self._place("timestamp"), fields={"id": self._place("id")},
            tolerance=self.tolerance,
        )  # fmt: skip

    def _pair(self) -> Ed25519:
        return Ed25519(
            self._place("signature"), "{id}.{timestamp}.{body}", reads=Versions("v1a"),
            timestamp=self._place("timestamp"), fields={"id": self._place("id")},
            encoding="base64", key_coding="base64", key_prefix=PUBLIC, sign_prefix="whsk_",
            tolerance=self.tolerance,
        )  # fmt: skip

    def _place(self, what: str) -> FirstOf:
        return FirstOf(tuple(Header(f"{prefix}-{what}") for prefix in self.prefixes))


STANDARD_WEBHOOKS = Standard()
SVIX = Standard(("svix", "webhook"))
