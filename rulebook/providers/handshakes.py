"""What senders ask before they send events, and what they want to hear.

A handshake is data too: the method, the place that gives it away, and one of the answers below.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rulebook.providers.fetching import Fetch, called
from rulebook.providers.request import Request, Source
from rulebook.providers.schemes.hmacs import Encoding, Hmac
from rulebook.providers.schemes.keys import TEXT


@dataclass(frozen=True)
class Reply:
    """What a sender is answered.

    secret: what it sent to be its signing secret from now on. fetch: what has to be read before
    this may be said.
    """

    status: int = 200
    text: str = ""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    fetch: Fetch | None = None


@dataclass(frozen=True)
class Asked:
    """A handshake as it came: what stood in the place that gives it away, the hook's secrets, and
    the word that was given to people to be pasted at the sender (`verify_word`)."""

    request: Request
    given: str
    secrets: tuple[str, ...] = ()
    verify_word: str = ""


@dataclass(frozen=True)
class Handshake:
    """One question of a sender.

    asks: the place; nothing there, no handshake. equals: what must stand there. signed: refused
    like an event when its signature is wrong, where the hook has a secret. words: for the history.
    example: such a request, for tests and `docs`.
    """

    words: str
    asks: Source
    answer: Callable[[Asked], Reply]
    example: Request
    method: str = "POST"
    equals: str = ""
    signed: bool = False

    def given(self, request: Request) -> str | None:
        """What stands in its place, when this request is such a handshake."""
        if request.method != self.method:
            return None
        found = self.asks.read(request)
        return found if found and (not self.equals or found == self.equals) else None


def echo(asked: Asked) -> Reply:
    """What was asked, as text."""
    return Reply(text=asked.given)


def echo_as(name: str) -> Callable[[Asked], Reply]:
    """What was asked, as the one field of a JSON group."""
    return lambda asked: as_json({name: asked.given})


def say(reply: Reply) -> Callable[[Asked], Reply]:
    """Always the same."""
    return lambda asked: reply


def echo_if_word(asked: Asked) -> Reply:
    """The challenge (hub.challenge), if the word is the one shown with the hook; else 403."""
    word = asked.request.query.get("hub.verify_token", "")
    if hmac.compare_digest(word.encode(), asked.verify_word.encode()):
        return Reply(text=asked.request.query.get("hub.challenge", ""))
    return Reply(403, "The verify token is not the one that is shown with the hook.\n")


def keep_secret(header: str = "") -> Callable[[Asked], Reply]:
    """Take what was sent as the signing secret; say it back in this header."""

    def answer(asked: Asked) -> Reply:
        return Reply(headers={header: asked.given} if header else {}, secret=asked.given)

    return answer


def call(allowed: Callable[[str], bool], place: Source) -> Callable[[Asked], Reply]:
    """Call the page that the sender names, if it may be called; 403 if not."""

    def answer(asked: Asked) -> Reply:
        url = place.read(asked.request) or ""
        if not allowed(url):
            return Reply(403, "That page is not the tool's own.\n")
        return Reply(fetch=None if called(url) else Fetch(url))

    return answer


def prove(
    name: str, prefix: str = "", encoding: Encoding = "hex", also: str = ""
) -> Callable[[Asked], Reply]:
    """An HMAC-SHA256 of what was asked, in a JSON group, beside the question under `also`. Without
    a secret there is nothing to prove with: 401."""

    def answer(asked: Asked) -> Reply:
        if not asked.secrets:
            return Reply(401, "No secret is saved here yet.\n")
        scheme = Hmac(_Nowhere(), encoding=encoding)
        made = scheme.digest(TEXT.keys(asked.secrets[0])[0], asked.given.encode())
        return as_json(({also: asked.given} if also else {}) | {name: prefix + made})

    return answer


def as_json(value: object, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(value), "application/json")


def verify_word(hook_token: str) -> str:
    """The word that people paste at a sender which asks for one: always the same for one address,
    and told by no other."""
    return hashlib.sha256(f"verify {hook_token}".encode()).hexdigest()[:32]


class _Nowhere:
    """For a digest that stands in an answer and not in a request."""

    def read(self, request: Request) -> str | None:
        return None

    def put(self, request: Request, text: str) -> Request:
        return request
