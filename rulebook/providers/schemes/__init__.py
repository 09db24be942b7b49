"""How senders sign. A scheme is data: it says where signature and time stand, and what is signed.

Signatures are compared in constant time; several secrets may be active while one is replaced.
"""

from rulebook.providers.schemes.describing import describe
from rulebook.providers.schemes.hmacs import Hmac
from rulebook.providers.schemes.keypairs import EcdsaP256, Ed25519
from rulebook.providers.schemes.keys import (
    BASE64,
    HEX,
    MARKUP,
    STANDARD,
    STANDARD_OR_TEXT,
    TEXT,
    new_secret,
)
from rulebook.providers.schemes.reading import Pairs, Plain, Versions
from rulebook.providers.schemes.scheme import Scheme, Secrets
from rulebook.providers.schemes.standard import STANDARD_WEBHOOKS, SVIX, Standard
from rulebook.providers.schemes.tokens import BodyJwt, Either, Token, tolerating
from rulebook.providers.schemes.verdicts import TOLERANCE, Verification, span

__all__ = [
    "BASE64",
    "HEX",
    "MARKUP",
    "STANDARD",
    "STANDARD_OR_TEXT",
    "STANDARD_WEBHOOKS",
    "SVIX",
    "TEXT",
    "TOLERANCE",
    "BodyJwt",
    "EcdsaP256",
    "Ed25519",
    "Either",
    "Hmac",
    "Pairs",
    "Plain",
    "Scheme",
    "Secrets",
    "Standard",
    "Token",
    "Verification",
    "Versions",
    "describe",
    "new_secret",
    "span",
    "tolerating",
]
