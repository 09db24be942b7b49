"""Ten thousand deliveries with one byte changed, of every sender that signs: all are refused.

Changed are what signing wrote (signature, time, secret), and body, id and address where the scheme
says that it covers them.
"""

import string
from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from rulebook.providers import PROVIDERS, Request
from tests.providers.test_contract import (
    NOW,
    SIGNED_SAMPLES,
    checked,
    scheme,
    secrets,
    sent,
    told,
)
from tests.test_payloads import leaves

COUNT = 10_000
IN_HEADERS = [chr(code) for code in range(33, 127)]
IN_ADDRESSES = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Part:
    """A part of a signed request that may not be changed: a header, the address, or some bytes of
    the body."""

    what: str
    header: str = ""
    start: int = 0
    end: int = 0

    def changed(self, request: Request, rng: Random) -> Request:
        if self.what == "url":
            return replace(request, url=swapped(request.url, rng, IN_ADDRESSES))
        if self.header:
            text = swapped(request.headers[self.header], rng, IN_HEADERS)
            return request.with_header(self.header, text)
        n = rng.randrange(self.start, self.end)
        other = bytes([request.body[n] ^ rng.randrange(1, 256)])
        return replace(request, body=request.body[:n] + other + request.body[n + 1 :])


def swapped(text, rng, letters):
    """One character is another."""
    n = rng.randrange(len(text))
    return text[:n] + rng.choice([char for char in letters if char != text[n]]) + text[n + 1 :]


def parts(name, event):
    """A signed sample, and what of it may not be changed."""
    plain, request = sent(name, event), sent(name, event, secrets(name).sign)
    covers = scheme(name).covers
    found = [
        Part("signature", header)
        for header, text in request.headers.items()
        if plain.headers.get(header) != text
    ]
    for text in texts(name, request) - texts(name, plain):
        found += spans("signature", request, text)
    if "body" in covers:
        found.append(Part("body", end=len(request.body)))
    if "url" in covers:
        found.append(Part("url"))
    if "id" in covers:
        key = told(name, request).id
        headers = [
            Part("id", header)
            for header, text in request.headers.items()
            if text == key and told(name, request.with_header(header, "other")).id != key
        ]
        found += headers or spans("id", request, key)
    assert found, name
    return request, found


def texts(name, request):
    return {str(leaf) for _, leaf in leaves(PROVIDERS[name].opened(request.payload))}


def spans(what, request, text):
    """Wherever this text stands whole in the body; in quotes, where it does so in quotes."""
    sought = text.encode()
    quoted = b'"' + sought + b'"'
    shift, needle = (1, quoted) if quoted in request.body else (0, sought)
    found, at = [], request.body.find(needle)
    while at >= 0:
        found.append(Part(what, start=at + shift, end=at + shift + len(sought)))
        at = request.body.find(needle, at + 1)
    assert found, f"{text} stands somewhere in the body"
    return found


def says_the_same(request, other):
    """Whether only the way of writing is another: + or %20 and %2b or %2B in a form whose fields
    are signed, and capitals in the name of an HTTP login (RFC 9110, 11.1)."""
    if request.form and request.form == other.form and request.headers == other.headers:
        return request.url == other.url
    if request.body != other.body or request.url != other.url:
        return False
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    other_kind, _, other_rest = other.headers.get("authorization", "").partition(" ")
    return bool(rest) and rest == other_rest and kind.lower() == other_kind.lower()


def test_no_delivery_with_one_byte_changed_is_taken_for_the_senders_own():
    rng = Random(20261102)
    deliveries = [(name, event, *parts(name, event)) for name, event in SIGNED_SAMPLES]
    tried: Counter[str] = Counter()
    while sum(tried.values()) < COUNT:
        for name, event, request, found in deliveries:
            part = rng.choice(found)
            other = part.changed(request, rng)
            accepted = checked(name, other, secrets(name).check, now=NOW)
            if accepted and says_the_same(request, other):
                continue
            assert not accepted, (name, event, part, other)
            tried[part.what] += 1
    assert all(tried[what] > 100 for what in ("signature", "body", "url", "id")), tried


def test_a_jwt_is_refused_whose_last_letter_stands_for_the_same_bytes():
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    for name, header in (("netlify", "x-webhook-signature"), ("monday_com", "authorization")):
        request = sent(name, secret=secrets(name).sign)
        token = request.headers[header]
        for letter in set(letters) - {token[-1]}:
            other = request.with_header(header, token[:-1] + letter)
            assert not checked(name, other, secrets(name).check), (name, letter)
