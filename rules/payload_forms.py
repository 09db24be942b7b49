"""Bodies as browsers' forms send them. A name that is repeated becomes a list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote

from rules.payload_shape import Unreadable

MOST_FIELDS = 1_000
MOST_PARTS = 100
_LONGEST_HEAD = 8_192
_PARAM = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))', re.ASCII)


def read_form(body: bytes, params: dict[str, str], notes: list[str]) -> object:
    """The fields of a form; Unreadable if there are too many."""
    text = body.decode("utf-8", "replace")
    if text.count("&") >= MOST_FIELDS:
        raise Unreadable(f"The form has more than {MOST_FIELDS:,} fields.")
    return _gather(parse_qsl(text.strip(), keep_blank_values=True))


def _gather(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, list[object]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found if len(found) > 1 else found[0] for name, found in values.items()}


def read_multipart(body: bytes, params: dict[str, str], notes: list[str]) -> object:
    """The parts of a form (RFC 7578): text, or of a file its name, type and size."""
    boundary = params.get("boundary", "").encode("ascii", "replace")
    if not boundary or len(boundary) > 70:
        raise Unreadable("The form does not say where its parts begin (no usable boundary).")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, MOST_PARTS + 2)
    if len(parts) > MOST_PARTS + 2:
        raise Unreadable(f"The form has more than {MOST_PARTS} parts.")
    if len(parts) < 2:
        raise Unreadable("The form's parts were not found.")
    if not parts[-1].startswith(b"--"):
        notes.append("The form ends in the middle of a part; it may have been cut off.")
    inner = [part for part in parts[1:] if not part.startswith(b"--")]
    return _gather(filter(None, map(_part, inner)))


def _part(part: bytes) -> tuple[str, object] | None:
    head, _, content = part.partition(b"\r\n\r\n")
    headers = _headers(head[:_LONGEST_HEAD].decode("utf-8", "replace"))
    given = _params(headers.get("content-disposition", ""))
    if "name" not in given:
        return None
    if "filename" in given:
        kind = headers.get("content-type", "application/octet-stream")
        return given["name"], {
            "file_name": given["filename"],
            "content_type": kind,
            "size": len(content),
        }
    return given["name"], content.decode("utf-8", "replace")


def _headers(head: str) -> dict[str, str]:
    lines = (line.partition(":") for line in head.split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines if value}


def _params(header: str) -> dict[str, str]:
    """The parameters of a header; filename*=UTF-8''... (RFC 5987) wins over filename."""
    found = {}
    for name, quoted, plain in _PARAM.findall(header):
        found[name.lower()] = re.sub(r"\\([\"\\])", r"\1", quoted) or plain
    if "filename*" in found:
        found["filename"] = unquote(found["filename*"].rpartition("'")[2])
    return found
