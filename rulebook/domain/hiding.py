"""What people do not see of an event, although rules judge it and messages use it.

Hidden are the fields that the sender's file names as secrets, those that somebody hid on the hook,
headers and parts of the query that are secrets by their names, and the hook's signing secrets. What
is hidden where it stands is hidden wherever it turns up again: in a message, in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from copy import copy
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlencode

from rulebook.actions import Message
from rulebook.domain.hidden import Hidden, hidden_on
from rulebook.domain.hooks import secrets_of
from rulebook.domain.masking import HIDDEN, blot, is_secret
from rulebook.domain.reading import payload_of
from rulebook.errors import ConfigError
from rulebook.storage import events
from rulebook.storage.events import Event
from rulebook.storage.hooks import AnyHook, Hook
from rules.errors import Unusable
from rules.explain import Explanation
from rules.finding import Finding
from rules.paths import TooMuch, parse_path
from rules.values import as_text

Row = TypeVar("Row")
Covers = dict[Any, Any]  # key or position -> what is covered below it; None: all of it

MOST_KNOWN, MOST_NUMBERS = 500, 50
_SIGNS = re.compile(r"signature|hmac|digest|timestamp", re.I)
_NUMBER = re.compile(r"\+?(?:[\s().,'-]*\d){5,30}\)?")
_BETWEEN = r"[\s().,'\u2019-]{0,2}"  # the digits of a number, however it is written
_LIKE_A_PHONE = 7
# The columns of events, runs and attempts that may hold what was sent to us.
_TEXTS = frozenset("summary message sentence fix config request answer gist reason to subject text "
                   "html".split())  # fmt: skip


def _places(hidden: Hidden, value: Any, body: bytes) -> Covers:
    found: Covers = {}
    # A key may be written with escapes, or in an encoding with zeros; then it has to be looked for.
    odd = b"\\u" in body or b"\0" in body
    if not hidden.paths or not (odd or any(word in body for word in hidden.words)):
        return found
    for path in hidden.paths:
        try:
            nodes = path.walk(value)
        except TooMuch:
            return {None: None}
        for place, _child in nodes:
            keys: list[Any] = []
            while place is not None:
                place, key = place
                keys.append(key)
            _note(found, keys[::-1])
    return found


def _note(found: Covers, keys: Sequence[Any]) -> None:
    for key in keys[:-1]:
        inner = found.setdefault(key, {})
        if inner is None:
            return
        found = inner
    if keys:
        found[keys[-1]] = None


def _cover(value: Any, places: Covers | None) -> Any:
    if places is None or None in places:
        return value if value is None or value == "" else HIDDEN
    if isinstance(value, dict):
        return {k: _cover(v, places[k]) if k in places else v for k, v in value.items()}
    if isinstance(value, list):
        return [_cover(v, places[n]) if n in places else v for n, v in enumerate(value)]
    return value


def _leaves(value: Any, places: Covers | None) -> Iterator[str]:
    """The texts of what is covered."""
    if places is not None and None not in places:
        keys = value.keys() if isinstance(value, dict) else range(len(value))
        for key, inner in places.items():
            if key in keys:
                yield from _leaves(value[key], inner)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each, None)
    elif value is not None and not isinstance(value, bool) and (text := as_text(value)):
        yield text


def hides(name: str, value: str, secrets: Sequence[str] = ()) -> bool:
    """Whether a header or part of a query is nobody else's business: by its name, or because it
    holds a secret of the hook. What signs the body gives nothing away."""
    if any(secret in value for secret in secrets):
        return True
    return is_secret(name) and not _SIGNS.search(name)


class Hiding:
    """What is hidden of one event. `blind`: its body is no longer kept, so that nobody can tell
    what in a text is to be hidden; then every text is."""

    def __init__(
        self, hook: AnyHook, headers: Iterable[Sequence[str]], query: str, value: Any,
        body: bytes | None,
    ) -> None:  # fmt: skip
        self._hook, self._headers, self._query = hook, headers, query
        self._value, self._body = value, body
        self.of_hook = hidden_on(hook.provider, hook.settings)
        self.blind = body is None and bool(hook.settings.get("hidden"))
        self._places = _places(self.of_hook, value, body) if body is not None else {}
        self._made: tuple[str, ...] = ()

    @cached_property
    def _secrets(self) -> list[str]:
        try:
            return secrets_of(self._hook)
        except ConfigError:  # nobody can compare what the present key does not open
            return []

    @property
    def hides_fields(self) -> bool:
        """Whether the event has fields that are hidden."""
        return bool(self._places)

    def also(self, texts: Iterable[str]) -> Hiding:
        """The same, and these texts as well."""
        other = copy(self)
        for name in ("texts", "_numbers"):
            vars(other).pop(name, None)
        other._made = tuple(texts)
        return other

    @property
    def of_body(self) -> bool:
        """Whether the exact bytes hold anything that is hidden, also where they say again what
        stands in a header."""
        body = self._body or b""
        written = any(text.encode("utf-8", "replace") in body for text in self._secrets)
        return bool(self._places) or written or self.payload != self._value

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What is hidden wherever it stands, the longest first."""
        pairs = [*self._headers, *parse_qsl(self._query, keep_blank_values=True)]
        found = [*self._secrets, *(v for n, v in pairs if self._pair(n, v))]
        found += [text.partition(" ")[2] for text in found]  # what stands behind Bearer
        found += _leaves(self._value, self._places) if self._places else ()
        found = [*self._made, *found]
        kept = {text for text in found[:MOST_KNOWN] if text.strip()}
        return tuple(sorted(kept, key=len, reverse=True))

    @cached_property
    def _numbers(self) -> list[re.Pattern[str]]:
        """Hidden numbers in whatever way they are written, such as +1 415-555-0123 or 731,944."""
        known = [text for text in self.texts if _NUMBER.fullmatch(text)][:MOST_NUMBERS]
        found = []
        for digits in (re.sub(r"\D", "", text) for text in known):
            one = _BETWEEN.join(digits)
            if len(digits) >= _LIKE_A_PHONE:  # then with a country's code, without the first zero
                one = rf"\+?(?:\d{{1,3}}{_BETWEEN})?{_BETWEEN.join(digits.lstrip('0'))}"
            found.append(re.compile(rf"(?<!\d){one}(?!\d)"))
        return found

    def _pair(self, name: str, value: str) -> bool:
        return name.lower() in self.of_hook.headers or hides(name, value, self._secrets)

    def hides(self, field: str) -> bool:
        """Whether a field of a template, such as payload.customer.name, is hidden, lies in what is,
        or has it in it."""
        root = field.partition(".")[0].partition("[")[0]
        if root in ("rule", "hook", "event"):
            return False
        try:
            path = parse_path(f"${field.removeprefix(root)}")
        except Unusable:
            return True
        if root in ("headers", "query"):
            return any(self._pair(name, "") for name in path.names if name)
        return self.of_hook.touches(path)

    @property
    def covered(self) -> Any:
        """What was sent to us without what is hidden by its place."""
        return _cover(self._value, self._places) if self._places else self._value

    @cached_property
    def payload(self) -> Any:
        """What was sent to us, as people may see it."""
        return self.value(self.covered) if self.texts else self.covered

    @cached_property
    def without(self) -> Any:
        """The same without the hidden fields, as if they had not been sent."""
        return _leave_out(self.payload, self._places) if self._places else self.payload

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(n, HIDDEN if self._pair(n, v) else self._bare(v)) for n, v in self._headers]

    @property
    def query(self) -> str:
        pairs = parse_qsl(self._query, keep_blank_values=True)
        if not any(self._pair(name, value) for name, value in pairs):
            return self._bare(self._query)
        return urlencode([(n, HIDDEN if self._pair(n, v) else v) for n, v in pairs])

    def seen(self, seen: Mapping[str, Any], left_out: bool = False) -> dict[str, Any]:
        """What rules see of the event, as people may see it."""
        headers = {n: HIDDEN if self._pair(n, v) else v for n, v in seen["headers"].items()}
        query = {n: HIDDEN if self._pair(n, v) else v for n, v in seen["query"].items()}
        payload = self.without if left_out else self.payload
        return {**seen, "payload": payload, "headers": headers, "query": query}

    def _bare(self, text: str) -> str:
        for secret in self.texts:
            text = blot(text, secret, HIDDEN)
        for number in self._numbers:
            text = number.sub(HIDDEN, text)
        return text

    def text(self, text: str) -> str:
        """A text in which something of the event may stand."""
        return self._bare(text) if text and not self.blind else HIDDEN if text else text

    def value(self, value: Any) -> Any:
        """A copy of JSON data with what is hidden in its texts and numbers covered."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.value(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        if value is None or isinstance(value, bool):
            return value
        return HIDDEN if as_text(value) in self.texts else value

    def written(self, message: Message | None) -> Message | None:
        """A message as people may see it."""
        return None if message is None else replace(message, **self.value(asdict(message)))

    def explanation(self, told: Explanation) -> Explanation:
        """Why a rule was met or not, as people may see it."""
        if not self.texts and not self.blind:
            return told
        return replace(told, summary=self.text(told.summary), tree=self.finding(told.tree))

    def finding(self, one: Finding) -> Finding:
        """One node of such an explanation."""
        detail, reason = dict(one.detail), self.text(one.reason)
        values = (detail.get("found") or {}).get("values")
        if values:
            shown = self.value(values)
            if detail.get("in", "payload") == "payload" and self._is_covered(detail["found"]["at"]):
                shown = [HIDDEN] * len(values)
                reason = reason if HIDDEN in reason else "what was found is hidden"
            detail["found"] = {**detail["found"], "values": shown}
        if "notes" in detail:
            detail["notes"] = self.value(detail["notes"])
        children = tuple(self.finding(child) for child in one.children)
        return replace(one, reason=reason, detail=detail, children=children)

    def _is_covered(self, at: Sequence[str]) -> bool:
        return any(each == one or each.startswith(f"{one}[") for each in at for one in self.places)

    @cached_property
    def places(self) -> frozenset[str]:
        """Where something is hidden in what was sent, as normalised paths."""
        if not self._places:
            return frozenset()
        return frozenset(
            location for path in self.of_hook.paths for location, _ in path.locate(self._value)
        )

    def over(self, row: Row) -> Row:
        """A row of the database whose texts are as people may see them."""
        if not self.texts and not self.blind:
            return row
        return cast(Row, Covered(row, self.value))


class Covered:
    """A row whose texts are changed by a function as they are read."""

    def __init__(self, row: Any, cover: Callable[[Any], Any], texts: Set[str] = _TEXTS) -> None:
        self._row, self._cover, self._texts = row, cover, texts

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._row, name)
        return self._cover(found) if name in self._texts else found


def _leave_out(value: Any, places: Covers) -> Any:
    if isinstance(value, dict):
        return {
            k: _leave_out(v, places[k]) if k in places else v
            for k, v in value.items()
            if places.get(k, v) is not None or v is None
        }
    if isinstance(value, list):
        return [_leave_out(v, places[n]) if places.get(n) else v for n, v in enumerate(value)]
    return value


def hiding_of(hook: Hook, event: Event, body: bytes | None = None) -> Hiding:
    """What is hidden of a stored event; body: where it was read already."""
    kept = events.body_of(event.id) if body is None else body
    return hiding_in(hook, event, kept)


def hiding_in(hook: Hook, event: Event, body: bytes | None) -> Hiding:
    """The same with its body at hand, or None where that is no longer kept."""
    value = None if body is None else payload_of(event, hook.provider, body).value
    return Hiding(hook, event.headers, event.query, value, body)


def gist_shown(hook: Hook, event: Event) -> str:
    """An event in one line; nothing where that was written down before a field was hidden."""
    return "" if told_before_hiding(hook, event) else event.gist


def told_before_hiding(hook: Hook, event: Event) -> bool:
    """Whether what was written down of an event may tell what was hidden later."""
    return bool(hook.hidden_at and (event.judged_at or event.received_at) < hook.hidden_at)
