"""The text of a path, read into segments: names, indexes, wildcards, slices, one `..` (RFC 9535).

A filter `[?...]` is cut out whole; `rules.path_filters` reads what is inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.errors import Unusable

LONGEST = 500
MOST_SEGMENTS = 30
LARGEST_INDEX = 2**53 - 1
BLANK = " \t\n\r"
INTEGER = re.compile(r"0|-?[1-9][0-9]*")
SHORTHAND = re.compile(
    r"[A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff][\w\u0080-\ud7ff\ue000-\U0010ffff]*", re.ASCII
)
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "/": "/", "\\": "\\"}
WRITTEN = {
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "'": "\\'",
    "\\": "\\\\",
}


@dataclass(frozen=True)
class Name:
    key: str


@dataclass(frozen=True)
class Index:
    at: int


@dataclass(frozen=True)
class Slice:
    start: int | None
    stop: int | None
    step: int


@dataclass(frozen=True)
class Wildcard:
    pass


@dataclass(frozen=True)
class FilterText:
    text: str


Selector = Name | Index | Slice | Wildcard | FilterText


@dataclass(frozen=True)
class Segment:
    """One step of a path; `deep` is `..`, which looks at every level below."""

    selectors: tuple[Selector, ...]
    deep: bool = False


def read(text: str, roots: str = "$") -> tuple[str, tuple[Segment, ...]]:
    """The root (`$`, or `@` where allowed) and the segments; Unusable says what cannot be read."""
    if not text:
        raise Unusable("The field is empty.", "Choose a field, such as $.amount.")
    if len(text) > LONGEST:
        raise Unusable(f"The path is longer than {LONGEST} characters.", "Choose a shorter path.")
    if text[0] not in roots:
        start = "@ (the item)" if roots == "@" else "$ (the event)"
        suggestion = f"Write {roots[0]}.{text.lstrip('$@.')}." if text.isascii() else ""
        raise Unusable(f"A path here starts with {start}.", suggestion)
    segments = tuple(_Reader(text).segments())
    if len(segments) > MOST_SEGMENTS:
        raise Unusable(f"The path has more than {MOST_SEGMENTS} steps.", "Choose a shorter path.")
    if sum(segment.deep for segment in segments) > 1:
        raise Unusable("A path may hold '..' once.", "Write out one of the two ways.")
    return text[0], segments


class _Reader:
    """Walks along the text; each method takes what it names and moves on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1

    def segments(self) -> list[Segment]:
        found = []
        while self.at < len(self.text):
            self.blanks()
            found.append(self.segment())
        return found

    def segment(self) -> Segment:
        if self.takes(".."):
            if self.peek() == "[":
                return Segment(self.bracket(), deep=True)
            return Segment((self.shorthand(),), deep=True)
        if self.takes("."):
            return Segment((self.shorthand(),))
        if self.peek() == "[":
            return Segment(self.bracket())
        raise self.unexpected()

    def shorthand(self) -> Selector:
        if self.takes("*"):
            return Wildcard()
        match = SHORTHAND.match(self.text, self.at)
        if not match:
            raise self.unexpected("Write a name after the dot.")
        self.at = match.end()
        return Name(match.group())

    def bracket(self) -> tuple[Selector, ...]:
        self.at += 1
        selectors = [self.selector()]
        while self.takes(","):
            selectors.append(self.selector())
        if not self.takes("]"):
            raise self.unexpected("Close the bracket with ].")
        return tuple(selectors)

    def selector(self) -> Selector:
        self.blanks()
        selector = self.one_selector()
        self.blanks()
        return selector

    def one_selector(self) -> Selector:
        if self.peek() in ("'", '"'):
            return Name(self.quoted())
        if self.takes("*"):
            return Wildcard()
        if self.takes("?"):
            return FilterText(self.filter_text())
        return self.index_or_slice()

    def index_or_slice(self) -> Selector:
        start = self.integer()
        self.blanks_before(":")
        if not self.takes(":"):
            if start is None:
                raise self.unexpected("In brackets: a number, a 'name', * or a slice.")
            return Index(start)
        self.blanks()
        stop = self.integer()
        self.blanks_before(":")
        step = None
        if self.takes(":"):
            self.blanks()
            step = self.integer()
        return Slice(start, stop, 1 if step is None else step)

    def integer(self) -> int | None:
        match = INTEGER.match(self.text, self.at)
        if not match:
            return None
        number = int(match.group())
        if abs(number) > LARGEST_INDEX:
            raise Unusable("The number in the path is too large.", "Use a smaller one.")
        self.at = match.end()
        return number

    def quoted(self) -> str:
        quote = self.text[self.at]
        self.at += 1
        letters = []
        while (letter := self.peek()) != quote:
            if not letter or letter < " " or "\ud800" <= letter <= "\udfff":
                raise self.unexpected(f"Close the name with {quote}.")
            self.at += 1
            letters.append(self.escape(quote) if letter == "\\" else letter)
        self.at += 1
        return "".join(letters)

    def escape(self, quote: str) -> str:
        letter = self.peek()
        self.at += 1
        if letter == quote:
            return quote
        if letter in ESCAPES and letter:
            return ESCAPES[letter]
        if letter != "u":
            raise self.unexpected("This escape is not known.")
        unit = self.hex4()
        if 0xDC00 <= unit <= 0xDFFF:
            raise self.unexpected("Half of a character.")
        if not 0xD800 <= unit <= 0xDBFF:
            return chr(unit)
        low = self.hex4() if self.takes("\\u") else 0
        if not 0xDC00 <= low <= 0xDFFF:
            raise self.unexpected("Half of a character.")
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def hex4(self) -> int:
        digits = self.text[self.at : self.at + 4]
        if not re.fullmatch("[0-9A-Fa-f]{4}", digits):
            raise self.unexpected("Four hexadecimal digits follow \\u.")
        self.at += 4
        return int(digits, 16)

    def filter_text(self) -> str:
        start, depth, quote = self.at, 0, ""
        while letter := self.peek():
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            elif letter in "[(":
                depth += 1
            elif letter == "]" and not depth or letter == "," and not depth:
                return self.text[start : self.at].strip(BLANK)
            elif letter in "])":
                depth -= 1
            self.at += 1
        raise self.unexpected("Close the filter with ].")

    def blanks(self) -> None:
        while self.peek() and self.peek() in BLANK:
            self.at += 1

    def blanks_before(self, mark: str) -> None:
        before = self.at
        self.blanks()
        if self.peek() != mark:
            self.at = before

    def takes(self, mark: str) -> bool:
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def unexpected(self, fix: str = "") -> Unusable:
        letter = self.peek()
        if letter == "-" and not fix.startswith("In"):
            fix = "A name with a hyphen goes in brackets and quotes, such as $['order-id']."
        where = f"'{letter}' at character {self.at + 1} is not expected" if letter else "it ends"
        cause = where if letter else "it ends too early"
        return Unusable(f"The path cannot be read: {cause}.", fix)


def written(selector: Selector) -> str:
    """A selector in normalised form (RFC 9535, 2.7)."""
    match selector:
        case Name(key):
            return f"'{_escaped(key)}'"
        case Index(at):
            return str(at)
        case Slice(start, stop, step):
            ends = f"{'' if start is None else start}:{'' if stop is None else stop}"
            return ends if step == 1 else f"{ends}:{step}"
        case FilterText(text):
            return f"?{text}"
    return "*"


def _escaped(key: str) -> str:
    if key.isalnum() or not any(letter in WRITTEN or letter < " " for letter in key):
        return key
    return "".join(
        WRITTEN.get(letter) or (f"\\u{ord(letter):04x}" if letter < " " else letter)
        for letter in key
    )
