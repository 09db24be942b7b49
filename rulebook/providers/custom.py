"""A way of signing as a person describes it, for senders that no file knows.

Settings: `kind` hmac, token or basic (a login); `header`, where signature or token stands, or
`query`, a field of the address; `prefix` before it. For hmac also `message` (a template of {body},
{timestamp}, {id}, {url}, {method}, {params}), `algorithm`, `encoding`, `key`, `timestamp_header`,
`id_header`, `unit`, `pairs` {"signature", "time", "separator"} where the header holds name=value
pairs, and `tolerance`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from rulebook.providers.request import BasicLogin, Header, Query
from rulebook.providers.schemes import Hmac, Pairs, Plain, Scheme, Token
from rulebook.providers.schemes.hmacs import Algorithm, Encoding
from rulebook.providers.schemes.keys import KINDS
from rulebook.providers.schemes.messages import Unit, names

_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("hmac", "token", "basic"),
    "algorithm": get_args(Algorithm),
    "encoding": get_args(Encoding),
    "key": tuple(KINDS),
    "unit": get_args(Unit),
}
_TEXTS = ("prefix", "message")
_HEADERS = ("header", "query", "timestamp_header", "id_header")
_PAIRS = ("signature", "time", "separator")
MESSAGE_PARTS = ("body", "timestamp", "id", "url", "method", "params")


def scheme_from(said: Mapping[str, Any]) -> Scheme:
    """The scheme that these settings describe; they must have passed `scheme_problem`."""
    if said.get("kind") == "basic":
        return Token(BasicLogin())
    place = Query(said["query"]) if said.get("query") else Header(said["header"].lower())
    if said.get("kind") == "token":
        return Token(place, prefix=said.get("prefix", ""))
    pairs = said.get("pairs")
    reads = (
        Pairs(pairs.get("signature", "v1"), pairs.get("time", ""), pairs.get("separator", ","))
        if pairs
        else Plain(said.get("prefix", ""))
    )
    at_time, at_id = said.get("timestamp_header"), said.get("id_header")
    return Hmac(
        place,
        message=said.get("message", "{body}"),
        reads=reads,
        algorithm=said.get("algorithm", "sha256"),
        encoding=said.get("encoding", "hex"),
        key=KINDS[said.get("key", "text")],
        timestamp=Header(at_time.lower()) if at_time else None,
        unit=said.get("unit", "s"),
        fields={"id": Header(at_id.lower())} if at_id else {},
        tolerance=said.get("tolerance", 300),
    )


def scheme_problem(said: Any) -> tuple[str, str, str] | None:
    """What is wrong with such settings: where (below the scheme), what, and what to do."""
    if not isinstance(said, dict):
        return "", "The way of signing is a group of fields.", 'Such as {"header": "X-Signature"}.'
    known = {*_CHOICES, *_TEXTS, *_HEADERS, "pairs", "tolerance"}
    for name, value in said.items():
        if name not in known:
            return name, f"There is no field {name!r}.", f"Choose from {', '.join(sorted(known))}."
        if name in _CHOICES and value not in _CHOICES[name]:
            return (
                name,
                f"{value!r} is not known here.",
                f"Choose from {', '.join(_CHOICES[name])}.",
            )
        if name in _TEXTS and not (isinstance(value, str) and len(value) <= 200):
            return name, "This is a text of at most 200 letters.", "Shorten it."
        if name in _HEADERS and not (isinstance(value, str) and _NAME.fullmatch(value)):
            return name, "This is the name of a header or field.", "Such as X-Signature."
    return _whole_problem(said)


def _whole_problem(said: dict[str, Any]) -> tuple[str, str, str] | None:
    if said.get("kind") == "basic":
        return None
    if not said.get("header") and not said.get("query"):
        return "header", "Where the signature stands is not said.", "Such as X-Signature."
    pairs = said.get("pairs", {})
    if (
        not isinstance(pairs, dict)
        or not set(pairs) <= set(_PAIRS)
        or not all(isinstance(value, str) and len(value) <= 20 for value in pairs.values())
    ):
        return "pairs", f"The pairs hold {', '.join(_PAIRS)}.", 'Such as {"signature": "v1"}.'
    tolerance = said.get("tolerance", 300)
    if (
        isinstance(tolerance, bool)
        or not isinstance(tolerance, int)
        or not 1 <= tolerance <= 604800
    ):
        return "tolerance", "The allowance is 1 to 604800 seconds.", "Such as 300."
    return _message_problem(said, pairs)


def _message_problem(said: dict[str, Any], pairs: dict[str, Any]) -> tuple[str, str, str] | None:
    if said.get("kind", "hmac") == "token":
        return None
    inside = names(said.get("message", "{body}"))
    unknown = inside - set(MESSAGE_PARTS)
    if unknown:
        return ("message", f"There is no part {{{sorted(unknown)[0]}}}.",
                "Use " + ", ".join(f"{{{part}}}" for part in MESSAGE_PARTS) + ".")  # fmt: skip
    if not inside & {"body", "params"}:
        return "message", "The body is not in what is signed.", "Put {body} into it."
    if "timestamp" in inside and not (said.get("timestamp_header") or pairs.get("time")):
        return "timestamp_header", "Where the time stands is not said.", "Such as X-Timestamp."
    if "id" in inside and not said.get("id_header"):
        return "id_header", "Where the id stands is not said.", "Such as X-Delivery-Id."
    return None
