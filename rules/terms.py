"""Words to search by: the same ones from a text that is kept and from what a person types.

Case and accents count for nothing; 1,299.00 and 1299 are one number; a telephone number is found
however it is spaced and with or without its country; scripts without blanks are cut into pairs.
A word has only letters, digits, "_" and, inside numbers, "."; what begins with "." is no word of a
text but a mark, such as `field_mark` gives it.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

LONGEST_WORD = 40
MOST_ASKED = 12
_RUN = re.compile(r"\d+(?:[.,']\d+)+|\w+")
_PHONE = re.compile(r"(?<![\w.])(?:\+|00)?\(?\d[\d ()./-]{5,22}\d(?![\w.])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PHONE_DIGITS = range(7, 16)
# Scripts that put no blanks between words: Han, kana, Hangul syllables are cut into pairs of
# letters, and so are Thai, Lao, Khmer and Burmese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f]+"
)


@dataclass(frozen=True)
class Asked:
    """What one thing that was typed may stand as: any of these words, each at least a beginning."""

    beginnings: tuple[str, ...]


def terms_of(text: str) -> set[str]:
    """Every word that a text is to be found by."""
    folded = _folded(text)
    found: set[str] = set()
    for run in set(_RUN.findall(folded)):
        if run.isalnum() and run.isascii():
            found.add(run[:LONGEST_WORD])
        else:
            found.update(_kept(run))
    for match in _PHONE.finditer(folded):
        found.update(_phone_kept(match[0]))
    return found


def asked(text: str) -> list[Asked]:
    """What a person looks for: all of these must be found. At most 12; none for a text without
    any word."""
    folded = _folded(text)
    whole = folded.strip()
    if _PHONE.fullmatch(whole) and not _DATE.match(whole) and (digits := _digits(whole)):
        return [Asked(tuple(dict.fromkeys((digits, digits.lstrip("0")))))]
    found: dict[Asked, None] = {}
    for run in _RUN.findall(folded):
        for each in _wanted(run):
            found[each] = None
    return list(found)[:MOST_ASKED]


def holds(words: Iterable[str], wanted: Sequence[Asked]) -> bool:
    """Whether a text with these words holds everything that is asked for."""
    there = list(words)
    return all(
        any(word.startswith(each.beginnings) for word in there if word[0] != ".") for each in wanted
    )


@lru_cache(maxsize=20_000)
def field_mark(names: tuple[str, ...]) -> str:
    """The mark of a field by the names that lead to it; items of a list share one."""
    return f".f{zlib.crc32('.'.join(names).encode('utf-8', 'replace')):08x}"


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def _kept(run: str) -> Iterator[str]:
    if not run.isascii() and _UNSPACED.search(run):
        yield from _cut(run)
    elif run.isalnum():
        yield run[:LONGEST_WORD]
    elif "_" in run:
        yield run[:LONGEST_WORD]
        yield from (part[:LONGEST_WORD] for part in run.split("_") if part)
    else:
        yield from _numbers(run)
        yield from re.split(r"[.,']", run)


def _wanted(run: str) -> Iterator[Asked]:
    if not run.isascii() and _UNSPACED.search(run):
        yield from (Asked((piece,)) for piece in _cut(run, everything=False))
    elif "_" in run or run.isalnum():
        if beginning := run.lstrip("_")[:LONGEST_WORD]:
            yield Asked(tuple(dict.fromkeys((run[:LONGEST_WORD], beginning))))
    elif run:
        yield Asked(tuple(_numbers(run)))


def _cut(run: str, everything: bool = True) -> Iterator[str]:
    """Pairs of letters where there are no blanks; a single letter is the beginning of pairs."""
    at = 0
    for match in _UNSPACED.finditer(run):
        if before := run[at : match.start()]:
            yield before[:LONGEST_WORD]
        letters = match[0]
        if len(letters) == 1:
            yield letters
        yield from (letters[n : n + 2] for n in range(len(letters) - 1))
        if everything and len(letters) > 1:
            yield letters[-1]  # so that each letter begins something
        at = match.end()
    if after := run[at:]:
        yield after[:LONGEST_WORD]


def _numbers(run: str) -> Iterator[str]:
    """Digits with separators as numbers, written without them: 1,299.50 is 1299.5. Where it cannot
    be told which separator is which, as either."""
    marks = {mark for mark in run if not mark.isdigit()}
    head, last, tail = run.rpartition(max(marks, key=run.rfind))
    if len(marks) == 1 and run.count(last) > 1:  # 1.299.000, or an address such as 10.0.0.1
        yield re.sub(r"\D", "", run)[:LONGEST_WORD]
        return
    whole = re.sub(r"\D", "", head)
    if len(marks) > 1 or len(tail) != 3 or last == ".":
        yield f"{whole}.{tail}".rstrip("0").rstrip(".")[:LONGEST_WORD]
    if len(marks) == 1 and len(tail) == 3:
        yield (whole + tail)[:LONGEST_WORD]


def _digits(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdigit())
    digits = digits.removeprefix("00")
    return digits if len(digits) in _PHONE_DIGITS else ""


def _phone_kept(text: str) -> Iterator[str]:
    """A telephone number's digits, and those behind a country's code of up to three."""
    plain = text.strip()
    if _DATE.match(plain) or not (digits := _digits(plain)):
        return
    if plain.isdigit() and len(digits) < 10:
        return  # a number like any other
    yield digits
    yield digits.lstrip("0")
    if plain[0] == "+" or plain.startswith("00") or len(digits) > 10:
        yield from (digits[n:] for n in (1, 2, 3) if len(digits) - n >= min(_PHONE_DIGITS))
