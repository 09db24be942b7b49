"""Sample events, new each time: other ids, times of now, amounts a few cents up."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random, SystemRandom
from urllib.parse import urlencode
from uuid import UUID

from rulebook.providers.contract import Provider, Sample
from rulebook.providers.request import Request

# The moment at which all samples are written; their times are moved by the distance to now.
WRITTEN = datetime(2026, 11, 2, 10, 15, tzinfo=UTC)

_NEAR = timedelta(days=400)  # other years (a birthday, a version) are no times of the event
_TIME = re.compile(r"(?<![\w.-])(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d|(?![\w.-]))|\d{10}(?!\w)"
                   r"|\d{13}(?!\w))")  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = re.compile(r"[0-9a-f]+")


def deliver(
    provider: Provider,
    sample: Sample,
    secret: str,
    now: float,
    rng: Random | None = None,
    url: str = "",
) -> Request:
    """A new sending to this address (which some sign too), signed when there is a secret. Raises
    ValueError when the secret is none that one can sign with."""
    new = fresh(sample, now, rng)
    headers = {"content-type": new.content_type, **new.headers}
    request = Request({name.lower(): value for name, value in headers.items()}, new.body, url)
    if provider.signature and secret:
        request = provider.signature.sign(request, secret, now)
    return request


def fresh(sample: Sample, now: float, rng: Random | None = None) -> Sample:
    """The sample with new ids, as of now (Unix seconds), its amounts up to 99 cents higher, and its
    body as it goes over the wire."""
    rng = rng or SystemRandom()
    cents = rng.randrange(100)
    changes = {amount: _more(amount, cents) for amount in sample.amounts}
    changes |= {known: _alike(known, rng) for known in sample.ids}
    shift = timedelta(seconds=int(now - WRITTEN.timestamp()))

    def renew(text: str) -> str:
        return _swap(_TIME.sub(lambda match: _moved(match[0], shift), text), changes)

    return replace(
        sample,
        body=_packed(sample, renew(sample.body.decode())).encode(),
        headers={name: renew(value) for name, value in sample.headers.items()},
        form=None,
    )


def _packed(sample: Sample, text: str) -> str:
    """The body as the sender packs it."""
    if sample.form is None:
        return text
    if sample.form:
        return urlencode({sample.form: json.dumps(json.loads(text))})
    pairs = [line.partition("=")[::2] for line in text.splitlines() if line]
    if sample.content_type.startswith("multipart/"):
        boundary = sample.content_type.partition("boundary=")[2]
        head = 'Content-Disposition: form-data; name="{}"'
        parts = [f"--{boundary}\r\n{head.format(n)}\r\n\r\n{v}\r\n" for n, v in pairs]
        return "".join(parts) + f"--{boundary}--\r\n"
    return urlencode(pairs)


def _swap(text: str, changes: Mapping[str, str]) -> str:
    """One pass, so that nothing is changed twice; whole words only (120 is not in 1200)."""
    if not changes:
        return text
    longest_first = sorted(changes, key=len, reverse=True)
    anyone = "|".join(re.escape(old) for old in longest_first)
    return re.sub(
        rf"(?<!\w)(?<!\d\.)(?:{anyone})(?!\w|\.\d)", lambda match: changes[match[0]], text
    )


def _more(amount: str, cents: int) -> str:
    return str(Decimal(amount) + (Decimal(cents) / 100 if "." in amount else cents))


def _moved(text: str, shift: timedelta) -> str:
    unit = 1000 if len(text) == 13 else 1
    if text.isdecimal():
        then = datetime.fromtimestamp(int(text) / unit, UTC)
    else:
        then = datetime.fromisoformat(text).replace(tzinfo=UTC)
    if abs(then - WRITTEN) > _NEAR:
        return text
    if text.isdecimal():
        return str(int(text) + int(shift.total_seconds()) * unit)
    return (then + shift).strftime("%Y-%m-%dT%H:%M:%S"[: 17 if "T" in text else 8])


def _alike(known: str, rng: Random) -> str:
    """Another id of the same shape: the prefix stays, digits stay digits, hex stays hex."""
    if _UUID.fullmatch(known):
        return str(UUID(int=rng.getrandbits(128), version=4))
    kept, underscore, rest = known.rpartition("_")
    if rest.isdecimal():  # the first digit stays, for length and size
        return kept + underscore + rest[0] + "".join(rng.choice(string.digits) for _ in rest[1:])
    letters = string.hexdigits[:16] if _HEX.fullmatch(rest) else ""
    return kept + underscore + "".join(_other(char, letters, rng) for char in rest)


def _other(char: str, letters: str, rng: Random) -> str:
    for same in (letters, string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if char in same:
            return rng.choice(same)
    return char
