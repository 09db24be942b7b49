"""Masking: what may be shown of an event to somebody who is not of the workspace.

Tokens and passwords go, card numbers keep their last four digits, e-mail addresses and phone
numbers are shortened. What is masked where it stands in the event is masked wherever it turns up
again: in a message, in a sentence, in an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from rules.values import as_text

Looks = tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]

HIDDEN = "••••••"
DEEPEST = 60
MOST_KNOWN = 500
_SHORTEST_ANYWHERE = 6  # shorter values are only looked for as whole words
_BEGINNING = 12  # so much of a long value has to be there to be known when it is cut off

_SECRET_WORDS = frozenset(
    "secret token password passwd passphrase pwd apikey authorization auth credential credentials "
    "cookie session signature cvc cvv cvn pin iban ssn otp jwt bearer".split()
)
_SECRET_PAIRS = ("api key", "private key", "access key", "secret key", "account number")
_PHONE_WORDS = frozenset("phone mobile cell tel telephone fax msisdn whatsapp sms".split())
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_MAIL = re.compile(r"([\w.!#$%&'*+/=?^`{|}~-]{1,64})@((?:[\w-]{1,63}\.)+[\w-]{2,63})")
_CARD = re.compile(r"(?<![\w+])(?:[3-6]\d|2[2-7])(?:[ -]?\d){11,17}(?!\w)")
_PHONE = re.compile(
    r"\+\s?\d(?:[ ().\-/]{0,2}\d){6,14}(?!\d)"
    r"|(?<![\w.+-])(?!\d{1,3}(?:\.\d{1,3}){3}\b)"
    r"\(?0?\d{2,4}\)?[ .\-/]{1,2}\d{3,4}[ .\-/]?\d{3,5}(?![\w-])"
)
_KEY = re.compile(
    r"\b(?:Bearer|Basic|Token)\s+[\w.~+/=-]{6,}"
    r"|\b(?:sk|rk|pk|whsec|gh[pousr]|github_pat|glpat|xox[a-z]|shp[a-z]{2}|AKIA|ya29|SG)[_.-]?"
    r"[\w.-]{14,}"
    r"|\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?"
)
_TOKEN = re.compile(
    _KEY.pattern + r"|(?<![\w+/=-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{32,}"
)
_USERINFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_ASSIGNED = re.compile(
    r"((?:^|[?&;\s])[\w.-]*(?:token|secret|password|passwd|api_?key|signature|sig|auth|code)"
    r"[\w.-]*=)[^&;\s]+",
    re.I,
)


class Masking:
    """Masks texts; whatever `value` has masked once is known from then on. people: False leaves
    addresses and numbers of people as they are, and ids however long: then only what opens or pays
    for something is masked."""

    def __init__(self, people: bool = True) -> None:
        self._known: dict[str, str] = {}
        self._people = people
        self._looks = _LOOKS if people else _KEYS_AND_CARDS

    def hide(self, *secrets: str) -> None:
        """Mask these texts wherever they stand."""
        self._known |= {secret: HIDDEN for secret in secrets if secret}

    def value(self, value: Any, key: str = "", depth: int = 0) -> Any:
        """A copy of JSON data with what is secret in it masked; its keys stay, masked as texts."""
        if depth > DEEPEST:
            return HIDDEN
        if isinstance(value, dict):
            return {
                self.text(str(name)): self.value(inner, str(name), depth + 1)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.value(inner, key, depth + 1) for inner in value]
        if value is None or isinstance(value, bool):
            return value
        return self._plain(value, key)

    def pairs(self, pairs: Iterable[Iterable[str]]) -> list[tuple[str, str]]:
        """Headers or parts of a query with what is secret in them masked."""
        return [(self.text(name), self._plain(value, name)) for name, value in pairs]

    def text(self, text: str) -> str:
        """The text with all that is secret in it masked."""
        for secret, mask in self._known.items():
            text = blot(text, secret, mask)
        return _masked(text, self._looks)

    def _plain(self, value: Any, key: str) -> Any:
        text = as_text(value) or str(value)
        shown = _by_key(text, key, self._people)
        masked = _masked(text, self._looks) if shown is None else shown
        if masked == text:
            return self.text(text) if isinstance(value, str) else value
        if text.strip() and len(self._known) < MOST_KNOWN:
            self._known[text] = masked
        return masked


@lru_cache(maxsize=4096)
def is_secret(key: str) -> bool:
    """Whether what goes by this name is nobody else's business."""
    words = [word.lower() for word in _WORDS.findall(key)]
    if not _SECRET_WORDS.isdisjoint(words):
        return True
    joined = " ".join(words)
    return any(pair in joined for pair in _SECRET_PAIRS)


def _by_key(text: str, key: str, people: bool) -> str | None:
    """What is shown of a value because of its name; None where the name says nothing."""
    if not text:
        return None
    if is_secret(key):
        return HIDDEN
    words = {word.lower() for word in _WORDS.findall(key)}
    digits = sum(char.isdigit() for char in text)
    if people and not _PHONE_WORDS.isdisjoint(words) and digits >= 5:
        return _short_number(text)
    return None


def _masked(text: str, looks: Looks) -> str:
    """What can be known for secret by its looks alone."""
    if len(text) < 6:
        return text
    text = _USERINFO.sub(HIDDEN, text)
    text = _ASSIGNED.sub(lambda found: found[1] + HIDDEN, text)
    for pattern, mask in looks:
        text = pattern.sub(mask, text)
    return text


def _short_mail(found: re.Match[str]) -> str:
    return f"{found[1][:1]}…@{found[2]}"


def _short_card(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f"•••• {digits[-4:]}" if _luhn(digits) else found[0]


def _short_phone(found: re.Match[str]) -> str:
    return _short_number(found[0])


def _short_number(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return f"{'+' if text.lstrip().startswith('+') else ''}{digits[:1]}…{digits[-2:]}"


def _hide(found: re.Match[str]) -> str:
    return f"{found[0][:4]}…" if len(found[0]) >= 32 else HIDDEN


_KEYS_AND_CARDS: Looks = ((_CARD, _short_card), (_KEY, _hide))
_LOOKS: Looks = (
    (_MAIL, _short_mail),
    (_CARD, _short_card),
    (_PHONE, _short_phone),
    (_TOKEN, _hide),
)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def blot(text: str, secret: str, mask: str) -> str:
    """The text without the secret, in whatever capitals, also where only its beginning is left."""
    if len(secret) < _SHORTEST_ANYWHERE:
        return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _: mask, text, flags=re.I)
    beginning = re.compile(re.escape(secret[:_BEGINNING]), re.I)
    parts, at = [], 0
    for found in beginning.finditer(text):
        if found.start() < at:
            continue
        end = found.end()
        while end < len(text) and end - found.start() < len(secret) and _same(
            text[end], secret[end - found.start()]
        ):  # fmt: skip
            end += 1
        parts += [text[at : found.start()], mask]
        at = end
    return "".join(parts) + text[at:]


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
