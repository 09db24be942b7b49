"""What the schemes say, and to whom they say no."""

import pytest

from rulebook.providers import PROVIDERS, Request
from rulebook.providers.request import FirstOf, Header
from rulebook.providers.schemes import Hmac, Pairs, Plain, span

NOW = 1_800_000_000
BODY = b'{"amount": 12900}'
timed = Hmac(Header("stripe-signature"), "{timestamp}.{body}", Pairs("v1", time="t"))


def ask(scheme, headers, *secrets, body=BODY, now=NOW):
    return scheme.verify(Request(headers, body), secrets, now)


def signed(scheme, secret, now=NOW):
    return dict(scheme.sign(Request({}, BODY), secret, now).headers)


def test_a_correct_time_is_told_by_its_age():
    headers = signed(timed, "cup", NOW)
    assert ask(timed, headers, "cup", now=NOW + 2).reason == (
        "The signature is correct, 2 seconds old."
    )


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_allowed(seconds):
    assert ask(timed, signed(timed, "cup", NOW), "cup", now=NOW + seconds)


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
    refused = ask(timed, signed(timed, "cup", NOW), "cup", now=NOW + seconds)
    assert not refused
    assert refused.reason == f"The timestamp is {words}; at most 5 minutes are allowed."


def test_a_forged_time_is_a_wrong_signature_first():
    headers = signed(timed, "cup", NOW - 9999)
    forged = {name: value.replace(str(NOW - 9999), str(NOW)) for name, value in headers.items()}
    assert "does not match" in ask(timed, forged, "cup", now=NOW).reason


def test_one_right_signature_among_several_is_enough():
    good = signed(timed, "cup", NOW)["stripe-signature"]
    rolled = f"t={NOW},v1=00ff,{good.split(',')[1]},v0=abc, v9=x"
    assert ask(timed, {"stripe-signature": rolled}, "cup", now=NOW)
    only_old_kind = good.replace("v1=", "v0=")
    assert not ask(timed, {"Stripe-Signature": only_old_kind}, "cup", now=NOW)


def test_two_times_cannot_be_read():
    good = signed(timed, "cup", NOW)["stripe-signature"]
    refused = ask(timed, {"stripe-signature": f"t=1,{good}"}, "cup")
    assert refused.reason == (
        "The signature cannot be read: the header (stripe-signature) is not as this tool writes it."
    )


def test_the_secret_is_text_with_its_prefix():
    headers = signed(timed, "whsec_test_secret", NOW)
    assert ask(timed, headers, "whsec_test_secret", now=NOW)
    assert not ask(timed, headers, "test_secret", now=NOW)


def test_digests_made_by_another_program():
    """By hand: printf '1800000000.{"amount": 12900}' | openssl dgst -sha256 -hmac SECRET."""
    by_hand = "6e92dcb49c8236ac009e43a0973526d92796f121ddaf3cf75005bb913aefd215"
    headers = {"stripe-signature": f"t={NOW},v1={by_hand}"}
    stripe, typeform = PROVIDERS["stripe"].signature, PROVIDERS["typeform"].signature
    assert stripe and ask(stripe, headers, "whsec_test_secret")
    headers = {"typeform-signature": "sha256=iCtc/EwxQAt5tdY64iZulyym0puBplQ1vwdeflBph1g="}
    assert typeform and ask(typeform, headers, "tea")


def test_another_name_of_the_header_counts_as_well():
    place = FirstOf((Header("x-acme-digest"), Header("acme-digest")))
    scheme = Hmac(place, encoding="base64")
    signature = signed(scheme, "cup")["x-acme-digest"]
    assert ask(scheme, {"acme-digest": signature}, "cup")


def test_the_published_example_of_an_hmac_of_the_body():
    scheme = Hmac(Header("x-hub-signature-256"), reads=Plain("sha256="))
    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = "It's a Secret to Everybody"
    assert ask(scheme, {"x-hub-signature-256": given}, secret, body=b"Hello, World!")
    assert not ask(scheme, {"x-hub-signature-256": given}, secret, body=b"Hello, World?")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (90, "90 seconds"), (7260, "2 hours")],
)
def test_spans_in_words(seconds, words):
    assert span(seconds) == words
