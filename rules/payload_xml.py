"""XML as rules see it: {"order": {"@id": "7", "item": ["pen", "ink"], "note": "..."}}.

Attributes are "@name"; an element with nothing else is its text, otherwise its text is "#text";
repeated elements become a list. Document types and entities are refused, so nothing can expand.
"""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from rules.payload_shape import DEEPEST, MOST_NODES, TOO_DEEP, TOO_MANY, Unreadable

Element = dict[str, object]


def read_xml(body: bytes, params: dict[str, str], notes: list[str]) -> object:
    """The value of an XML document; Unreadable with line and column if it is none."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.buffer_text = True
    try:
        parser.Parse(body.strip(b" \t\r\n"), True)
    except expat.ExpatError as error:
        raise Unreadable(
            f"The body is not valid XML: line {error.lineno}, column {error.offset + 1}."
        ) from None
    except (LookupError, ValueError):
        raise Unreadable("The body is XML in an encoding that cannot be read.") from None
    return builder.root


class _Builder:
    """Gathers elements as the parser meets them; `root` is the document."""

    def __init__(self) -> None:
        self.root: Element = {}
        self.open: list[Element] = [self.root]
        self.texts: list[list[str]] = [[]]
        self.nodes = 0

    def doctype(self, *given: object) -> NoReturn:
        raise Unreadable("The body is XML with a document type, which is not read for safety.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.nodes += 1 + len(attributes)
        if len(self.open) > DEEPEST:
            raise Unreadable(TOO_DEEP)
        if self.nodes > MOST_NODES:
            raise Unreadable(TOO_MANY)
        self.open.append({f"@{key}": value for key, value in attributes.items()})
        self.texts.append([])

    def text(self, text: str) -> None:
        self.texts[-1].append(text)

    def end(self, name: str) -> None:
        element, text = self.open.pop(), "".join(self.texts.pop()).strip()
        if element and text:
            element["#text"] = text
        _add(self.open[-1], name, element or text)


def _add(parent: Element, name: str, value: object) -> None:
    if name not in parent:
        parent[name] = value
        return
    others = parent[name]
    if isinstance(others, list):
        others.append(value)
    else:
        parent[name] = [others, value]
