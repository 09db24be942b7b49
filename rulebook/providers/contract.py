"""What a provider's file says: one PROVIDER, mostly data. Paths are written in canonical form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from rulebook.errors import Invalid
from rulebook.providers.handshakes import Handshake, Reply
from rulebook.providers.request import (
    BasicLogin,
    Body,
    Each,
    Empty,
    FirstOf,
    Fixed,
    Header,
    Is,
    Joined,
    KeyBeside,
    Present,
    Query,
    Request,
    Source,
    Starting,
    Where,
    at,
)
from rulebook.providers.schemes import Scheme
from rules.payload import read_payload

__all__ = [
    "BasicLogin",
    "Body",
    "Each",
    "Empty",
    "FirstOf",
    "Fixed",
    "Handshake",
    "Header",
    "Is",
    "Joined",
    "KeyBeside",
    "Present",
    "Provider",
    "Query",
    "Reply",
    "Request",
    "Sample",
    "Source",
    "Starting",
    "Where",
    "at",
    "did_you_mean",
    "sample_body",
]

_SAMPLES = Path(__file__).parent / "samples"
EVENTS = ("POST", "PUT", "PATCH")  # the methods that events come by
MOST_PARTS = 2000


@dataclass(frozen=True)
class Sample:
    """One event as this sender would send it, written by us.

    Times in body and headers are written as if it were `sending.WRITTEN`; ids and amounts are the
    texts that differ from one sending to the next. form: where the sender sends a form (the content
    type says of which kind), the body is written as lines of name=value; or, with a name here, as
    the JSON that stands in the field of that name.
    """

    name: str
    label: str
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    form: str | None = None
    ids: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()  # "12900" counts cents, "129.00" whole units; move together
    lead: bool = False  # the one to begin with, where samples of several senders are offered


@dataclass(frozen=True)
class Provider:
    """One sender of webhooks; its name is the name of its file."""

    label: str
    samples: tuple[Sample, ...]
    signature: Scheme | None = None
    secret_label: str = "Signing secret"
    secret_hint: str = ""  # what the secret looks like and where it is found
    # What people paste by mistake: how it begins -> what it is, in a sentence.
    not_secrets: Mapping[str, str] = field(default_factory=dict)
    # Where this stands in a request whose signature is wrong: why that may be, in a sentence.
    if_wrong: tuple[tuple[Source, str], ...] = ()
    verify_word: bool = False  # the sender asks for a word of ours when it is set up
    event_type: tuple[Source, ...] = ()  # tried in order
    event_id: tuple[Source, ...] = ()  # the same on every delivery of one event; tried in order
    event_time: tuple[Source, ...] = ()  # when the sender says it happened; tried in order
    types: Mapping[str, str] = field(default_factory=dict)  # event type -> words
    names: Mapping[str, str] = field(default_factory=dict)  # path -> friendly field name
    money: Mapping[str, str] = field(default_factory=dict)  # path in minor units -> its currency
    gist: tuple[str, ...] = ()  # templates for one line about an event; the first that fits
    handshakes: tuple[Handshake, ...] = ()
    # Fields and headers that are secrets of the sender or of its users: rules see them, people do
    # not. Paths may mean every item of a list.
    hides: tuple[Body | Header, ...] = ()
    # One delivery, many events: the way to the list, name by name; () where the body is the list.
    batches: tuple[tuple[str, ...], ...] = ()
    unwraps: str = ""  # the form field whose JSON is what is really said
    json_in: tuple[str, ...] = ()  # fields at the top that hold JSON as text: opened in their place
    brackets: bool = False  # form fields such as data[email] mean groups
    reply: Reply = field(default_factory=Reply)  # to an event, unless the hook has its own
    reply_to: Callable[[Request], Reply] | None = None  # where it depends on the event
    methods: tuple[str, ...] = EVENTS
    steps: tuple[str, ...] = ()  # how to set it up, in the order of clicking
    docs: str = ""
    retries: str = ""  # what the sender does when we were down, in one sentence
    switches_off: str = ""  # when the sender stops calling for good, in one sentence
    detect: tuple[Source, ...] = ()  # where anything stands here, it is probably this sender
    broad: bool = False  # many senders look like this one: guessed last
    fallback: bool = False  # stands for every sender that has no file
    name: str = ""  # set from the file's name when it is found

    def sample(self, name: str) -> Sample:
        """The sample of that name. Raises Invalid at /event with the names there are."""
        for sample in self.samples:
            if sample.name == name:
                return sample
        raise Invalid.at(
            "/event",
            f"{self.label} has no sample event '{name}'.",
            did_you_mean(name, [sample.name for sample in self.samples]),
        )

    def opened(self, payload: object) -> object:
        """What is really said: JSON in form fields read, bracketed names made groups. The payload
        itself is left as it is."""
        if not isinstance(payload, dict):
            return payload
        if self.unwraps and isinstance(payload.get(self.unwraps), str):
            return _json(payload[self.unwraps], payload)
        if self.brackets:
            payload = _grouped(payload)
        if self.json_in:
            found = {n: _json(payload[n], payload[n]) for n in self.json_in if n in payload}
            payload = {**payload, **found}
        return payload

    def parts(self, payload: object) -> list[object]:
        """The single events of a batch, each a payload of its own; none where it is no batch. An
        event of a list within a group keeps the group around it, with a list of one."""
        return [part for way in self.batches for part in _parts(payload, way)]

    def handshake(self, request: Request) -> tuple[Handshake, str] | None:
        """The handshake that this request is, if any, and what stands in its place."""
        for each in self.handshakes:
            given = each.given(request)
            if given is not None:
                return each, given
        return None


def _json(text: object, otherwise: object) -> object:
    if not isinstance(text, str):
        return otherwise
    read = read_payload(text.encode("utf-8", "surrogatepass"), "application/json")
    return read.value if read.kind == "json" else otherwise


def _parts(payload: object, way: tuple[str, ...]) -> Iterator[object]:
    if not way:
        yield from payload if isinstance(payload, list) else ()
        return
    items = payload.get(way[0]) if isinstance(payload, dict) else None
    if not isinstance(payload, dict):
        return
    if isinstance(items, dict):
        inside = _parts(items, way[1:]) if way[1:] else ()
        yield from ({**payload, way[0]: inner} for inner in inside)
        return
    for item in items if isinstance(items, list) else ():
        for inner in _parts(item, way[1:]) if way[1:] else (item,):
            yield {**payload, way[0]: [inner]}


def _grouped(form: dict[str, object]) -> dict[str, object]:
    """data[merges][NAME]=x as groups within groups."""
    made: dict[str, object] = {}
    for name, value in form.items():
        first, *rest = name.replace("]", "").split("[")
        group, last = made, first
        for part in rest:
            inner = group.setdefault(last, {})
            if not isinstance(inner, dict):  # a field and a group of one name: kept as written
                group, last = made, name
                break
            group, last = inner, part
        group[last] = value
    return made


def sample_body(file: str) -> bytes:
    """The bytes of one file in the samples folder, without the line end."""
    return (_SAMPLES / file).read_bytes().strip()


def did_you_mean(name: str, names: list[str]) -> str:
    """The remedy for a mistyped name: the nearest one, or all there are."""
    near = get_close_matches(name, names, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Choose one of: {', '.join(names)}."
