"""A way of signing in a few words, for pages and docs."""

from __future__ import annotations

from rulebook.providers.schemes.hmacs import Hmac
from rulebook.providers.schemes.keypairs import Ed25519, KeyPair
from rulebook.providers.schemes.scheme import Scheme
from rulebook.providers.schemes.standard import Standard
from rulebook.providers.schemes.tokens import BodyJwt, Either, Token


def describe(scheme: Scheme) -> str:
    """Such as: HMAC-SHA256 of {timestamp}.{body} in the header (stripe-signature)."""
    if isinstance(scheme, Either):
        return "; or ".join(dict.fromkeys(describe(each) for each in scheme.schemes))
    if isinstance(scheme, Standard):
        return "Standard Webhooks: HMAC-SHA256 or Ed25519 of {id}.{timestamp}.{body}"
    if isinstance(scheme, Hmac):
        digest = f"{'HMAC-' if scheme.keyed else ''}{scheme.algorithm.upper()}"
        return f"{digest} of {scheme.message} in the {scheme.signature}"
    if isinstance(scheme, KeyPair):
        kind = "Ed25519" if isinstance(scheme, Ed25519) else "ECDSA P-256"
        return f"{kind} of {scheme.message} in the {scheme.signature}"
    if isinstance(scheme, Token):
        return f"the secret itself in the {scheme.place}"
    if isinstance(scheme, BodyJwt):
        return f"JWT with the hash of the body in the {scheme.place}"
    words = (type(scheme).__doc__ or "").partition(".")[0].removeprefix("The ")
    return words[:1].lower() + words[1:]
