"""The connections of a call to a web address: signing in, and signing what is sent."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from rulebook.actions import (
    Config,
    ConnectionKind,
    Field,
    blank,
    pointer,
)
from rulebook.egress import EgressError, header_lines
from rulebook.errors import Problem


def _auth_account(config: Config) -> str:
    if config.get("type") == "basic":
        return f"Signs in as {config.get('username', '')}"
    if config.get("type") == "header":
        return f"Sends the header {config.get('header', '')}"
    return "Sends a bearer token"


def _auth_checks(config: Config) -> list[Problem]:
    wanted = {
        "bearer": ("token",),
        "basic": ("username", "password"),
        "header": ("header", "value"),
    }
    names = wanted.get(str(config.get("type")), ())
    problems = [
        Problem(pointer(name), f"“{name.title()}” is empty.", "Fill it in.")
        for name in names
        if blank(config.get(name))
    ]
    if not problems and names:
        problems = header_problem(pointer(names[-1]), credentials(config))
    return problems


def credentials(config: Config) -> dict[str, str]:
    """The header that signs in, by the connection's type."""
    if config["type"] == "header":
        return {str(config["header"]): str(config["value"])}
    if config["type"] == "basic":
        pair = f"{config['username']}:{config['password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {"Authorization": f"Bearer {config['token']}"}


def header_problem(where: str, headers: dict[str, str]) -> list[Problem]:
    """Whether the headers may be sent, as a problem at a place."""
    try:
        header_lines(headers)
    except EgressError as refused:
        return [Problem(where, refused.sentence, refused.fix)]
    return []


HTTP_AUTH = ConnectionKind(
    name="http_auth",
    label="Sign-in for a web address",
    fields=(
        Field("type", "How it signs in", "choice", required=True, default="bearer",
              choices=(("bearer", "Bearer token"), ("basic", "User name and password"),
                       ("header", "A header of its own")), example="bearer"),
        Field("token", "Token", "secret", max_length=4000, example="tok_live_5f2c81d09a"),
        Field("username", "User name", help="For user name and password.", max_length=200),
        Field("password", "Password", "secret", help="For user name and password."),
        Field("header", "Header", help="For a header of its own, such as X-Api-Key.",
              max_length=100),
        Field("value", "Its value", "secret", max_length=4000),
    ),
    help="Look in the other service's settings for “API keys” or “tokens”, make one for Rulebook "
    "and paste it here. It is only ever sent to the address written in the rule.",
    account=_auth_account,
    try_out=None,
    more_checks=_auth_checks,
)  # fmt: skip


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


def _signing_checks(config: Config) -> list[Problem]:
    secret = str(config.get("secret") or "")
    try:
        fine = not secret or (secret.startswith("whsec_") and 24 <= len(_key(secret)) <= 64)
    except (binascii.Error, ValueError):
        fine = False
    sentence = "The signing secret must be whsec_ and 24 to 64 bytes in base64."
    return [] if fine else [Problem("/secret", sentence, "Copy it again, in full.")]


SIGNING = ConnectionKind(
    name="signing",
    label="Signature (Standard Webhooks)",
    fields=(
        Field("secret", "Signing secret", "secret", required=True, max_length=200,
              example="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
              help="Starts with whsec_; the receiver needs the same."),
    ),
    help="Agree on one secret with the receiver. It begins with whsec_ and proves that a call "
    "comes from here and was not changed on its way.",
    account=lambda config: "Signs every call",
    try_out=None,
    more_checks=_signing_checks,
)  # fmt: skip


def signature(secret: str, run_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one signed call. Standard Webhooks specification, 1.0.0."""
    stamp = str(int(at.timestamp()))
    signed = f"{run_id}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
