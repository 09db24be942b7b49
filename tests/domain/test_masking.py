"""What nobody outside of a workspace may read."""

from __future__ import annotations

import pytest

from rulebook.domain.masking import HIDDEN, Masking


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Paid by jenny.rosen@example.com.", "Paid by j…@example.com."),
        ("SMS to +1 415 555 0123", "SMS to +1…23"),
        ("call +14155550123 or (415) 555-0123", "call +1…23 or 4…23"),
        ("card 4242 4242 4242 4242 was used", "card •••• 4242 was used"),
        ("card 4242424242424242", "card •••• 4242"),
        ("order 4242424242424241", "order 4242424242424241"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: {HIDDEN}"),
        ("key sk_live_4eC39HqLyjWDarjtT1", f"key {HIDDEN}"),
        ("https://ada:tea@books.example/in?token=abc&n=1",
         f"https://{HIDDEN}@books.example/in?token={HIDDEN}&n=1"),
        ("9b74c9897bac770ffc029102a200c5de", "9b74…"),
        ("amount is 120.50, needs more than 5,000", "amount is 120.50, needs more than 5,000"),
        ("2026-11-28 00:40:09 and 14:02:05.120", "2026-11-28 00:40:09 and 14:02:05.120"),
        ("created 1763503323, 1763503323000", "created 1763503323, 1763503323000"),
        ("pi_3MtwBwLkdIwHu7ix28a3tqPa", "pi_3MtwBwLkdIwHu7ix28a3tqPa"),
        ("payment_intent.payment_failed", "payment_intent.payment_failed"),
        ("203.0.113.7, 192.168.100.200", "203.0.113.7, 192.168.100.200"),
    ],
)  # fmt: skip
def test_what_looks_secret_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert Masking().text(text) == shown


def test_values_are_masked_by_their_names_wherever_they_stand() -> None:
    masking = Masking()
    shown = masking.value({
        "customer": {"phone": 4155550123, "name": "Jenny Rosen", "apiKey": "tea-for-two"},
        "list": [{"password": "linden"}, {"pin": 1234}], "author": "Jenny", "amount": 1234567,
        "client_secret": None, "tokens": [], "mail@shop.example": True,
    })  # fmt: skip
    assert shown == {
        "customer": {"phone": "4…23", "name": "Jenny Rosen", "apiKey": HIDDEN},
        "list": [{"password": HIDDEN}, {"pin": HIDDEN}], "author": "Jenny", "amount": 1234567,
        "client_secret": None, "tokens": [], "m…@shop.example": True,
    }  # fmt: skip


def test_what_was_masked_once_is_masked_in_every_other_text() -> None:
    masking = Masking()
    long = "correct horse battery staple and a cup of tea"
    masking.value({"passphrase": long, "pin": "1234", "phone": "4155550123"})
    assert masking.text(f"passphrase is '{long[:30]}...', needs") == (
        f"passphrase is '{HIDDEN}...', needs"
    )
    assert masking.text(f"{long.upper()}!") == f"{HIDDEN}!"
    assert masking.text("pin is 1234, order 12345") == f"pin is {HIDDEN}, order 12345"
    assert masking.text("phone is '4155550123'") == "phone is '4…23'"


def test_headers_keep_their_names() -> None:
    pairs = [["Authorization", "Basic dGVh"], ["Content-Type", "text/plain"], ["X-Api-Key", "k"]]
    assert Masking().pairs(pairs) == [
        ("Authorization", HIDDEN), ("Content-Type", "text/plain"), ("X-Api-Key", HIDDEN),
    ]  # fmt: skip


def test_hostile_texts_are_masked_in_time() -> None:
    masking = Masking()
    for text in ("a" * 60_000, "a@" * 30_000, "1 " * 30_000, "0-" * 30_000, "=" * 60_000,
                 "eyJ" * 20_000, "a1" * 30_000):  # fmt: skip
        masking.text(text)
