"""Every provider sits this exam, unasked: being in the folder is enough."""

import json
import re
from random import Random
from urllib.parse import parse_qsl

import pytest

from rulebook.errors import Invalid
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER, choose, deliver, fresh, read_event
from rulebook.providers.contract import at
from tests.shared_data import shared

NOW = 1_800_000_000
SECRET = "whsec_" + "bGluZGVuLXRlYS1sZWF2ZXMtYW5kLWN1cHM="
EVERY = sorted(PROVIDERS)
SIGNED = [name for name in EVERY if PROVIDERS[name].signature]
SAMPLES = [(name, sample.name) for name in EVERY for sample in PROVIDERS[name].samples]
SIGNED_SAMPLES = [pair for pair in SAMPLES if pair[0] in SIGNED]


def signature(name):
    return PROVIDERS[name].signature


def parsed(headers, body):
    if headers["content-type"].startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    return json.loads(body)


def sent(name, event, secret=SECRET, now=NOW, seed=1):
    provider = PROVIDERS[name]
    headers, body = deliver(provider, provider.sample(event), secret, now, Random(seed))
    return provider, headers, body


def flipped(body):
    return bytes([body[0] ^ 1]) + body[1:]


@pytest.mark.parametrize(("name", "event"), SIGNED_SAMPLES)
def test_a_signed_sample_verifies(name, event):
    provider, headers, body = sent(name, event)
    verified = provider.signature.verify(headers, body, [SECRET], NOW)
    assert verified and verified.ok
    assert verified.reason.startswith("The signature is correct")


@pytest.mark.parametrize("name", SIGNED)
def test_while_a_secret_is_replaced_both_count(name):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name)
    assert provider.signature.verify(headers, body, ["the next one", SECRET], NOW)
    assert provider.signature.verify(headers, body, [SECRET, "the last one"], NOW)


@pytest.mark.parametrize(("name", "event"), SIGNED_SAMPLES)
def test_one_changed_byte_is_refused(name, event):
    provider, headers, body = sent(name, event)
    refused = provider.signature.verify(headers, flipped(body), [SECRET], NOW)
    assert not refused
    assert refused.reason == "The signature does not match: was the secret changed?"
    assert refused.fix


@pytest.mark.parametrize("name", SIGNED)
def test_another_secret_is_refused(name):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name)
    refused = provider.signature.verify(headers, body, [SECRET + "x"], NOW)
    assert not refused and "was the secret changed?" in refused.reason


@pytest.mark.parametrize("name", SIGNED)
def test_a_request_without_signature_is_refused(name):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name, secret="")
    refused = provider.signature.verify(headers, body, [SECRET], NOW)
    assert not refused and refused.reason.startswith("There is no signature header")
    assert refused.fix


@pytest.mark.parametrize("secrets", [[], [""]])
@pytest.mark.parametrize("name", SIGNED)
def test_without_a_secret_nothing_is_taken_for_true(name, secrets):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name)
    refused = provider.signature.verify(headers, body, secrets, NOW)
    assert not refused and refused.reason.startswith("No secret is saved here")


@pytest.mark.parametrize("name", SIGNED)
def test_whatever_stands_in_the_signature_is_refused_in_words(name):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name)
    unsigned = sent(name, PROVIDERS[name].samples[0].name, secret="")[1]
    for header in headers.keys() - unsigned.keys():
        for odd in (
            "x",
            "=",
            ",",
            "t=",
            "t=1,v1=é",
            "sha256=",
            "\x00",
            "é" * 999,
            "t=" + "9" * 9999,
        ):
            refused = provider.signature.verify({**headers, header: odd}, body, [SECRET], NOW)
            assert not refused and refused.reason and refused.fix


@pytest.mark.parametrize("name", SIGNED)
def test_every_changed_character_of_the_signature_is_refused(name):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name)
    unsigned = sent(name, PROVIDERS[name].samples[0].name, secret="")[1]
    for header in headers.keys() - unsigned.keys():
        for n, char in enumerate(headers[header]):
            odd = headers[header][:n] + chr(ord(char) ^ 1) + headers[header][n + 1 :]
            assert not provider.signature.verify({**headers, header: odd}, body, [SECRET], NOW)


@pytest.mark.parametrize("name", SIGNED)
def test_an_old_request_is_refused_where_the_sender_signs_the_time(name):
    provider, headers, body = sent(name, PROVIDERS[name].samples[0].name)
    sign = provider.signature.sign
    late = provider.signature.verify(headers, body, [SECRET], NOW + 24 * 3600)
    if sign(body, SECRET, NOW) == sign(body, SECRET, NOW + 99):
        assert late, "where no time is signed, age cannot count"
    else:
        assert not late and late.reason.startswith("The timestamp is 1 day old")


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_can_be_read(name, event):
    provider, headers, body = sent(name, event)
    payload = parsed(headers, body)
    kind, key = read_event(provider, headers, payload)
    if not provider.fallback:  # of an unknown sender, a type is hoped for and not promised
        assert bool(kind) == bool(provider.event_type)
    assert bool(key) == bool(provider.event_id)
    if kind:
        assert provider.types[kind], "each sample's type has its words"


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_the_friendly_names_fit_the_sample(name, event):
    provider, headers, body = sent(name, event)
    payload = parsed(headers, body)
    plain = [path for path in provider.names if "*" not in path]
    assert sum(at(payload, path) is not None for path in plain) >= 3


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_sent_twice_is_two_events(name, event):
    provider, headers, body = sent(name, event, seed=1)
    _, other_headers, other_body = sent(name, event, seed=2)
    assert body != other_body
    if provider.event_id:
        first = read_event(provider, headers, parsed(headers, body))[1]
        assert first != read_event(provider, other_headers, parsed(other_headers, other_body))[1]


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_moves_with_the_clock(name, event):
    _, headers, body = sent(name, event)
    everything = body.decode() + json.dumps(headers)
    assert not re.search(r"2026-1[01]-\d\d(?=T|\")|\b1793[56]\d{5}\b", everything)
    assert not re.search(r"@(?!\S*\.example)", everything), "only invented addresses"


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_every_id_and_amount_that_varies_stands_in_the_sample(name, event):
    sample = PROVIDERS[name].sample(event)
    everything = sample.body.decode() + json.dumps(dict(sample.headers))
    for text in (*sample.ids, *sample.amounts):
        assert text in everything


@pytest.mark.parametrize("name", EVERY)
def test_it_tells_people_what_they_need(name):
    provider = PROVIDERS[name]
    assert provider.name == name
    assert provider.label and provider.steps and provider.samples
    assert provider.retries.endswith(".")
    assert all(step.endswith(".") for step in provider.steps)
    assert len({sample.name for sample in provider.samples}) == len(provider.samples)
    assert all(path.startswith("$") for path in (*provider.names, *provider.money))
    if provider.signature:
        assert provider.secret_hint and provider.docs.startswith("https://")


@pytest.mark.parametrize("name", EVERY)
def test_money_in_minor_units_is_found_with_its_currency(name):
    provider = PROVIDERS[name]
    for sample in provider.samples if provider.money else ():
        payload = json.loads(sample.body)
        found = {path: at(payload, path) for path in provider.money}
        assert any(isinstance(amount, int) for amount in found.values())
        assert all(at(payload, provider.money[path]) for path in found if found[path] is not None)


def cases():
    return json.loads(shared("vectors.json").read_text())


@pytest.mark.parametrize("name", SIGNED)
def test_the_signatures_that_the_sender_publishes_verify(name):
    ours = [case for case in cases() if case["provider"] == name]
    for case in ours:
        body = _body(case)
        now = case.get("now", NOW)
        extra = {key: case[key] for key in ("url", "method") if key in case}
        scheme = signature(name)
        assert scheme.verify(case["headers"], body, [case["secret"]], now, **extra), case["case"]
        assert not scheme.verify(case["headers"], flipped(body), [case["secret"]], now, **extra)
    if not ours:
        pytest.skip(f"no published signature of {PROVIDERS[name].label}")


def _body(case):
    if "body_file" in case:
        return shared("payloads/" + case["body_file"]).read_bytes()
    return case["body"].encode()


def test_the_unknown_sender_comes_last():
    assert list(PROVIDERS.values())[-1] is UNKNOWN_SENDER
    assert UNKNOWN_SENDER.signature is None


def test_a_mistyped_name_is_answered_with_the_nearest():
    with pytest.raises(Invalid) as wrong:
        choose("strpe")
    assert wrong.value.message == "There is no provider 'strpe'."
    assert wrong.value.fix == "Did you mean 'stripe'?"
    with pytest.raises(Invalid) as wrong:
        choose("stripe").sample("xyz")
    assert "payment_succeeded" in wrong.value.fix


def test_fresh_leaves_the_written_sample_alone():
    sample = choose("stripe").sample("payment_succeeded")
    written = sample.body
    assert fresh(sample, NOW).body != written
    assert sample.body is written
