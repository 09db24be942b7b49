"""What rules see of a request's body. The exact bytes are kept elsewhere; this only reads them.

The content type decides, but a body that is a JSON object or list is read as one whatever it is
called: many senders name it text or a form. Whole numbers are exact at any size; a fraction is a
float where the float means the very same number, and a Decimal where it would lose digits.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.message import Message
from functools import lru_cache
from typing import Any

from rules.payload_forms import read_form, read_multipart
from rules.payload_shape import Unreadable, check_shape
from rules.payload_xml import read_xml

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_HALVES = re.compile(r"[\ud800-\udfff]")
_LONGEST_NUMBER = 4300  # digits; Python's own limit for reading a whole number
MOST_NOTES = 5
_KEPT = "It is kept as received and shown as text."
_CHARSETS = re.compile(
    r"utf-(8|16|32)(-[lb]e)?|ascii|iso8859-\d+|cp125\d|latin-1|koi8-[ru]|mac-roman"
    r"|shift_jis|cp932|euc_(jp|kr)|iso2022_jp|gb2312|gbk|gb18030|big5"
)
_FILES = re.compile(r"(image|audio|video|font)/|application/(octet-stream|pdf|zip|gzip|x-gzip)$")


@dataclass(frozen=True)
class Payload:
    """One body as rules see it in `value`.

    kind: json, form, multipart, xml, text, empty or binary. A text is a str; an empty body None; of
    a binary one only {"size", "content_type"} is seen. `problem`: why the body could not be read as
    what it says it is (value is then its text). `notes`: what was changed in reading, in sentences.
    """

    value: Any
    kind: str
    problem: str | None = None
    notes: tuple[str, ...] = ()


def read_payload(body: bytes, content_type: str | None) -> Payload:
    """The payload in a body; never raises, whatever the bytes are."""
    media, params = _content_type((content_type or "")[:1000])
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        return Payload(None, "empty")
    if body.startswith(b"\x1f\x8b"):
        return _binary(body, media, "The body is compressed. It is kept as received, unread.")
    reader, kind = _reader(media)
    if reader is not read_json and _looks_like_json(body):
        try:
            return _read(read_json, "json", body, params)
        except Unreadable:
            pass  # not JSON after all; read as what it says it is
    if reader is None:
        return _plain(body, media, params)
    try:
        return _read(reader, kind, body, params)
    except Unreadable as problem:
        return Payload(_decode(body, params), "text", f"{problem} {_KEPT}")


def glance(body: bytes, content_type: str | None) -> object:
    """The payload's value for those who only look up texts and whole numbers in it: where they are
    it says the same as `read_payload`, in a third of the time."""
    media, _params = _content_type((content_type or "")[:1000])
    if _reader(media)[0] is read_json or _looks_like_json(body):
        try:
            text = body.decode()
            check_shape(text)
            if "\0" not in text and not ("\\u" in text and _HALF.search(text)):
                return _quickly(text)
        except (ValueError, RecursionError, Unreadable):
            pass  # not plain enough
    return read_payload(body, content_type).value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not a number in JSON")


_QUICK = json.JSONDecoder(parse_constant=_refuse)


def _quickly(text: str) -> object:
    """What the decoder gives for a whole text; most begin and end without blanks."""
    try:
        value, end = _QUICK.raw_decode(text)
    except ValueError:
        return _QUICK.decode(text)
    return value if end == len(text) else _QUICK.decode(text)


Reader = Callable[[bytes, dict[str, str], list[str]], object]


def _read(reader: Reader, kind: str, body: bytes, params: dict[str, str]) -> Payload:
    notes: list[str] = []
    value = reader(body, params, notes)
    return Payload(value, kind, notes=tuple(dict.fromkeys(notes))[:MOST_NOTES])


@lru_cache(maxsize=256)
def _reader(media: str) -> tuple[Reader | None, str]:
    if re.fullmatch(r"(application|text)/(x-)?json|[^/]+/[^/]+\+json", media):
        return read_json, "json"
    if media == "application/x-www-form-urlencoded":
        return read_form, "form"
    if media == "multipart/form-data":
        return read_multipart, "multipart"
    if re.fullmatch(r"(application|text)/xml|[^/]+/[^/]+\+xml", media):
        return read_xml, "xml"
    return None, "text"


@lru_cache(maxsize=256)
def _content_type(header: str) -> tuple[str, dict[str, str]]:
    """The media type in lower case, and its parameters."""
    message = Message()
    message["content-type"] = " ".join(header.split())
    try:
        found = message.get_params(failobj=[]) or [("", "")]
    except (ValueError, LookupError, TypeError):
        found = [(header.partition(";")[0], "")]
    params = {name.lower(): value for name, value in found[1:] if isinstance(value, str)}
    return found[0][0].strip().lower(), params


def _looks_like_json(body: bytes) -> bool:
    start = body[:200].lstrip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe")[:1]
    return start in (b"{", b"[")


def _binary(body: bytes, media: str, problem: str | None = None) -> Payload:
    return Payload({"size": len(body), "content_type": media}, "binary", problem)


def _plain(body: bytes, media: str, params: dict[str, str]) -> Payload:
    """Text, or binary where it is called so or cannot be text."""
    unicode = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if _FILES.match(media) or (b"\0" in body[:1000] and not unicode and "charset" not in params):
        return _binary(body, media)
    return Payload(_decode(body, params), "text")


def _decode(body: bytes, params: dict[str, str]) -> str:
    """The body as text: by byte order mark, charset or UTF-8; what fits none is replaced."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    text = body.decode(_charset(params.get("charset", "")), "replace").removeprefix("\ufeff")
    return _HALVES.sub("\ufffd", text)


def _charset(name: str) -> str:
    """A charset that is safe to decode with: no zip, no punycode, only real ones."""
    try:
        known = codecs.lookup(name[:40]).name if name.isascii() else ""
    except (LookupError, ValueError):
        known = ""
    return known if _CHARSETS.fullmatch(known) else "utf-8"


def read_json(body: bytes, params: dict[str, str], notes: list[str]) -> object:
    """The value of a JSON text (RFC 8259); Unreadable with line and column if it is none."""
    text = _json_text(body, params, notes)
    check_shape(text)
    decoder = _decoder(notes, len(text) > _LONGEST_NUMBER)
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The body is not valid JSON: line {error.lineno}, column {error.colno}."
        ) from None
    except (RecursionError, ValueError):
        raise Unreadable("The body is not valid JSON.") from None
    return _whole(value, notes) if _HALF.search(text) else value


def _json_text(body: bytes, params: dict[str, str], notes: list[str]) -> str:
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        notes.append("Some bytes are not in the encoding that JSON uses; they were replaced.")
        named = _charset(params.get("charset", ""))
        return body.decode(named if encoding == "utf-8" else encoding, "replace")


def _decoder(notes: list[str], long: bool) -> json.JSONDecoder:
    """long: the text is, so that there may be a number in it that Python refuses to read."""

    def group(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            notes.append(f"The name '{twice[:40]}' appears twice in a group; the last one counts.")
        return found

    def whole(text: str) -> object:
        return int(text) if len(text) <= _LONGEST_NUMBER else too_long(text)

    def fraction(text: str) -> object:
        return _fraction(text) if len(text) <= _LONGEST_NUMBER else too_long(text)

    def too_long(text: str) -> str:
        notes.append("A number has thousands of digits; it is kept as text.")
        return text

    def constant(name: str) -> object:
        raise Unreadable(f"The body is not valid JSON: {name} is not a number there.")

    return json.JSONDecoder(
        object_pairs_hook=group,
        parse_int=whole if long else int,
        parse_float=fraction,
        parse_constant=constant,
    )


def _fraction(text: str) -> object:
    """A float where it means exactly this number, else a Decimal; text if no Decimal holds it."""
    number = float(text)
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text
    return number if Decimal(repr(number)) == exact else exact


def _whole(value: object, notes: list[str]) -> object:
    """The value with half characters (lone surrogates) replaced, which no database takes."""
    if isinstance(value, str):
        if _HALVES.search(value):
            notes.append("Half a character was replaced by \ufffd.")
        return _HALVES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item, notes) for item in value]
    if isinstance(value, dict):
        return {_whole(key, notes): _whole(item, notes) for key, item in value.items()}
    return value
