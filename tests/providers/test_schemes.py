"""What the schemes say, and to whom they say no."""

import pytest

from rulebook.providers import PROVIDERS
from rulebook.providers.schemes import BodyHmac, TimedHmac, span

NOW = 1_800_000_000
BODY = b'{"amount": 12900}'
timed = TimedHmac("stripe-signature")


def test_a_correct_time_is_told_by_its_age():
    headers = timed.sign(BODY, "cup", NOW)
    assert timed.verify(headers, BODY, ["cup"], NOW + 2).reason == (
        "The signature is correct, 2 seconds old."
    )


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_allowed(seconds):
    assert timed.verify(timed.sign(BODY, "cup", NOW), BODY, ["cup"], NOW + seconds)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (301, "5 minutes old"),
        (720, "12 minutes old"),
        (3 * 86400, "3 days old"),
        (-7200, "2 hours ahead of our clock"),
    ],
)
def test_beyond_it_the_age_is_named(seconds, words):
    refused = timed.verify(timed.sign(BODY, "cup", NOW), BODY, ["cup"], NOW + seconds)
    assert not refused
    assert refused.reason == f"The timestamp is {words}; at most 5 minutes are allowed."


def test_a_forged_time_is_a_wrong_signature_first():
    headers = timed.sign(BODY, "cup", NOW - 9999)
    forged = {name: value.replace(str(NOW - 9999), str(NOW)) for name, value in headers.items()}
    assert "does not match" in timed.verify(forged, BODY, ["cup"], NOW).reason


def test_one_right_signature_among_several_is_enough():
    good = timed.sign(BODY, "cup", NOW)["stripe-signature"]
    rolled = f"t={NOW},v1=00ff,{good.split(',')[1]},v0=abc, v9=x"
    assert timed.verify({"Stripe-Signature": rolled}, BODY, ["cup"], NOW)
    only_old_kind = good.replace("v1=", "v0=")
    assert not timed.verify({"Stripe-Signature": only_old_kind}, BODY, ["cup"], NOW)


def test_two_times_cannot_be_read():
    good = timed.sign(BODY, "cup", NOW)["stripe-signature"]
    refused = timed.verify({"stripe-signature": f"t=1,{good}"}, BODY, ["cup"], NOW)
    assert refused.reason == "The signature header (stripe-signature) cannot be read."


def test_the_secret_is_text_with_its_prefix():
    headers = timed.sign(BODY, "whsec_test_secret", NOW)
    assert timed.verify(headers, BODY, ["whsec_test_secret"], NOW)
    assert not timed.verify(headers, BODY, ["test_secret"], NOW)


def test_digests_made_by_another_program():
    """By hand: printf '1800000000.{"amount": 12900}' | openssl dgst -sha256 -hmac SECRET."""
    by_hand = "6e92dcb49c8236ac009e43a0973526d92796f121ddaf3cf75005bb913aefd215"
    headers = {"Stripe-Signature": f"t={NOW},v1={by_hand}"}
    stripe, typeform = PROVIDERS["stripe"].signature, PROVIDERS["typeform"].signature
    assert stripe and stripe.verify(headers, BODY, ["whsec_test_secret"], NOW)
    headers = {"Typeform-Signature": "sha256=iCtc/EwxQAt5tdY64iZulyym0puBplQ1vwdeflBph1g="}
    assert typeform and typeform.verify(headers, BODY, ["tea"], NOW)


def test_another_name_of_the_header_counts_as_well():
    scheme = BodyHmac("x-acme-digest", encoding="base64", other_headers=("acme-digest",))
    signature = scheme.sign(BODY, "cup", NOW)["x-acme-digest"]
    assert scheme.verify({"Acme-Digest": signature}, BODY, ["cup"], NOW)


def test_the_published_example_of_an_hmac_of_the_body():
    scheme = BodyHmac("x-hub-signature-256", prefix="sha256=")
    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = "It's a Secret to Everybody"
    assert scheme.verify({"X-Hub-Signature-256": given}, b"Hello, World!", [secret], NOW)
    assert not scheme.verify({"X-Hub-Signature-256": given}, b"Hello, World?", [secret], NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (90, "90 seconds"), (7260, "2 hours")],
)
def test_spans_in_words(seconds, words):
    assert span(seconds) == words
