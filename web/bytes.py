"""The exact bytes of an event, as far as a page can show them."""

from __future__ import annotations

from dataclasses import dataclass

from rules.payload import Payload

MOST_TEXT = 64_000
MOST_HEX = 2_048
_WIDE = 16


@dataclass(frozen=True)
class Shown:
    """The beginning of a body as text, or as hexadecimal digits where it is none; `rest` is how
    many bytes are left out."""

    text: str
    hexadecimal: bool
    rest: int


def bytes_shown(body: bytes | None, payload: Payload | None) -> Shown | None:
    """What to show of a body; None when it is not kept any more."""
    if body is None or payload is None:
        return None
    if payload.kind == "binary":
        return Shown(_hex(body[:MOST_HEX]), True, max(0, len(body) - MOST_HEX))
    text = body[:MOST_TEXT].decode("utf-8", "replace")
    return Shown(text, False, max(0, len(body) - MOST_TEXT))


def _hex(body: bytes) -> str:
    rows = (body[at : at + _WIDE] for at in range(0, len(body), _WIDE))
    return "\n".join(
        f"{number * _WIDE:06x}  {row.hex(' '):<47}  {_plain(row)}"
        for number, row in enumerate(rows)
    )


def _plain(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
