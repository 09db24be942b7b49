"""Words to search by: what is typed finds what is kept, however either is written."""

from __future__ import annotations

import pytest

from rules.terms import MOST_ASKED, asked, field_mark, holds, terms_of

KEPT = (
    "Grüße an Jenny Rosen <jenny.rosen@example.com>, call +1 (415) 555-0123\n"
    "Order INV-2035: $1,299.00, cus_NffrFe, 東京都, Ωmega, 10.0.0.1, 2026-11-28"
)


@pytest.mark.parametrize(
    "text",
    [
        "grusse", "GRÜSSE", "jenny ros", "Rosen, Jenny", "jenny.rosen@exam", "415-555-0123",
        "+14155550123", "0014155550123", "(415) 555 0123", "0415 555 0123", "1299", "1,299.00",
        "1.299,00", "1299.00", "12", "inv-20", "INV-2035", "cus_nff", "nffr", "東", "東京", "京都",
        "ωMEG", "10.0.0.1", "2026-11", "example.com", "order $1,299",
    ],
)  # fmt: skip
def test_what_is_typed_finds_it(text: str) -> None:
    assert asked(text)
    assert holds(terms_of(KEPT), asked(text))


@pytest.mark.parametrize(
    "text", ["rose jane", "enny", "1298", "12990", "555-0124", "大阪", "inv-2036", "cus_x", "都京"]
)
def test_what_is_not_there_is_not_found(text: str) -> None:
    assert not holds(terms_of(KEPT), asked(text))


@pytest.mark.parametrize("text", ["", "%", "_", "\0", "\ud800", "...", "@", "“”"])
def test_what_has_no_word_asks_for_nothing(text: str) -> None:
    assert asked(text) == []


def test_much_is_cut_short() -> None:
    assert len(asked(" ".join(f"w{n}" for n in range(99)))) == MOST_ASKED
    long = "x" * 500
    assert holds(terms_of(long), asked(long))


def test_no_word_of_a_text_is_a_mark() -> None:
    mark = field_mark(("customer", "email"))
    assert mark[0] == "." and mark != field_mark(("customer",)) != field_mark(("email",))
    assert not [word for word in terms_of(f"{mark} .w1 {KEPT}") if word.startswith(".") or not word]
