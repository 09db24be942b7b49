"""SMS parts are counted as the network counts them."""

import pytest

from rules.sms import Segments, segments


@pytest.mark.parametrize(
    ("text", "encoding", "letters", "parts", "odd"),
    [
        ("", "GSM-7", 0, 0, None),
        ("Paid: $19.99", "GSM-7", 12, 1, None),
        ("a" * 160, "GSM-7", 160, 1, None),
        ("a" * 161, "GSM-7", 161, 2, None),
        ("a" * 306, "GSM-7", 306, 2, None),
        ("a" * 307, "GSM-7", 307, 3, None),
        ("äöüÄÖÜßñÇ@£\r\n", "GSM-7", 13, 1, None),
        ("5 € {x}", "GSM-7", 10, 1, None),
        ("€" * 80, "GSM-7", 160, 1, None),
        ("a" * 159 + "€", "GSM-7", 161, 2, None),
        ("a" * 152 + "€" * 77, "GSM-7", 306, 3, None),  # a € is never cut in two
        ("Kész ő", "UCS-2", 6, 1, "ő"),
        ("ő" * 70, "UCS-2", 70, 1, "ő"),
        ("ő" * 71, "UCS-2", 71, 2, "ő"),
        ("ő" * 134, "UCS-2", 134, 2, "ő"),
        ("ő" * 135, "UCS-2", 135, 3, "ő"),
        ("a\u00a0b", "UCS-2", 3, 1, "\u00a0"),
        ("ç", "UCS-2", 1, 1, "ç"),
        ("`", "UCS-2", 1, 1, "`"),
        ("😀", "UCS-2", 2, 1, "😀"),
        ("😀" * 35, "UCS-2", 70, 1, "😀"),
        ("a" * 66 + "😀" + "a" * 66, "UCS-2", 134, 3, "😀"),
    ],
)
def test_parts_of_a_text(text, encoding, letters, parts, odd):
    assert segments(text) == Segments(encoding, letters, parts, odd)
