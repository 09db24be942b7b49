"""Every provider sits this exam, unasked: being in the folder is enough."""

import base64
import json
import re
from dataclasses import replace
from functools import lru_cache
from random import Random

import pytest

from rulebook.domain.hidden import hidden_on
from rulebook.domain.hiding import Hiding
from rulebook.errors import Invalid
from rulebook.providers import (
    PROVIDERS,
    UNKNOWN_SENDER,
    Asked,
    Request,
    choose,
    deliver,
    fetching,
    fresh,
    likely_sender,
    read_event,
)
from rulebook.providers.contract import at
from rulebook.providers.schemes import tolerating
from rulebook.storage.hooks import HookSeen
from tests.shared_data import shared

NOW = 1_800_000_000
URL = "https://hooks.linden.example/in/k3Jx"
EVERY = sorted(PROVIDERS)
SIGNED = [name for name in EVERY if PROVIDERS[name].signature]
SAMPLES = [(name, sample.name) for name in EVERY for sample in PROVIDERS[name].samples]
SIGNED_SAMPLES = [pair for pair in SAMPLES if pair[0] in SIGNED]
HANDSHAKES = [(name, n) for name in EVERY for n in range(len(PROVIDERS[name].handshakes))]


def scheme(name):
    found = PROVIDERS[name].signature
    assert found is not None
    return found


def covering(what):
    """The samples whose signature notices a change of this."""
    return [pair for pair in SIGNED_SAMPLES if what in scheme(pair[0]).covers]


@lru_cache
def secrets(name, seed=1):
    return scheme(name).example(Random(seed))


def sent(name, event=None, secret="", now=NOW, seed=1):
    provider = PROVIDERS[name]
    sample = provider.sample(event) if event else provider.samples[0]
    certificate = getattr(provider.signature, "certificate", None)
    if secret and certificate:
        fetching.keep(*certificate(secret))
    return deliver(provider, sample, secret, now, Random(seed), url=URL)


def opened(name, request):
    """What rules see: of a batch its first event."""
    provider = PROVIDERS[name]
    payload = provider.opened(request.payload)
    return (provider.parts(payload) or [payload])[0]


def told(name, request):
    return read_event(PROVIDERS[name], request.about(opened(name, request)))


def checked(name, request, *saved, now=NOW):
    return scheme(name).verify(request, saved, now)


def flipped(request):
    """One bit of the body, in the middle of a word so that it stays what it is."""
    word = re.search(rb"[a-z]{3}", request.body)
    assert word
    n = word.start() + 1
    body = request.body[:n] + bytes([request.body[n] ^ 1]) + request.body[n + 1 :]
    return Request(request.headers, body, request.url, request.method)


@pytest.mark.parametrize(("name", "event"), SIGNED_SAMPLES)
def test_a_signed_sample_verifies(name, event):
    sign, check = secrets(name)
    verified = checked(name, sent(name, event, sign), check)
    assert verified and verified.ok, verified.reason
    assert verified.reason.startswith(("The signature is correct", "The secret is the right one"))


@pytest.mark.parametrize(("name", "event"), SIGNED_SAMPLES)
def test_a_secret_that_is_shown_instead_of_signing_is_hidden(name, event):
    sign, _check = secrets(name)
    request = sent(name, event, sign)
    query = request.url.partition("?")[2]
    payload = opened(name, request)
    hiding = Hiding(
        HookSeen("hook", name, {}, None), request.headers.items(), query, payload, request.body
    )
    shown = json.dumps([hiding.payload, hiding.headers, hiding.query])
    assert sign not in shown and base64.b64encode(sign.encode()).decode() not in shown


@pytest.mark.parametrize("name", [name for name in EVERY if PROVIDERS[name].hides])
def test_what_a_sender_hides_can_be_found(name):
    assert hidden_on(name, {}).paths or hidden_on(name, {}).headers
    for path in hidden_on(name, {}).paths:
        assert not path.searches and path.segments


@pytest.mark.parametrize("name", SIGNED)
def test_while_a_secret_is_replaced_both_count(name):
    sign, check = secrets(name)
    request = sent(name, secret=sign)
    other = secrets(name, seed=2).check
    assert checked(name, request, other, check)
    assert checked(name, request, check, other)


@pytest.mark.parametrize(("name", "event"), covering("body"))
def test_one_changed_byte_is_refused(name, event):
    sign, check = secrets(name)
    refused = checked(name, flipped(sent(name, event, sign)), check)
    assert not refused
    assert refused.reason.startswith("The signature") and refused.fix


@pytest.mark.parametrize(("name", "event"), covering("url"))
def test_another_address_is_refused_where_it_is_signed(name, event):
    sign, check = secrets(name)
    request = replace(sent(name, event, sign), url=URL + "/other")
    refused = checked(name, request, check)
    assert not refused and "RULEBOOK_PUBLIC_URL" in refused.fix


@pytest.mark.parametrize("name", SIGNED)
def test_another_secret_is_refused(name):
    refused = checked(name, sent(name, secret=secrets(name).sign), secrets(name, seed=2).check)
    assert not refused and refused.reason and refused.fix


@pytest.mark.parametrize("name", SIGNED)
def test_a_request_without_signature_is_refused(name):
    refused = checked(name, sent(name), secrets(name).check)
    assert not refused and refused.reason and refused.fix


@pytest.mark.parametrize("saved", [[], [""]])
@pytest.mark.parametrize("name", SIGNED)
def test_without_a_secret_nothing_is_taken_for_true(name, saved):
    refused = checked(name, sent(name, secret=secrets(name).sign), *saved)
    assert not refused and refused.reason.startswith("No secret is saved here")


@pytest.mark.parametrize("name", SIGNED)
def test_whatever_stands_in_the_signature_is_refused_in_words(name):
    sign, check = secrets(name)
    request = sent(name, secret=sign)
    for header in request.headers.keys() - sent(name).headers.keys():
        for odd in ("x", "=", ",", "t=", "t=1,v1=é", "sha256=", "\x00", "é" * 999, "v1,", "a.b.c",
                    "t=" + "9" * 9999, "Basic x", "Basic w6k6"):  # fmt: skip
            refused = checked(name, request.with_header(header, odd), check)
            assert not refused and refused.reason and refused.fix, (header, odd)


@pytest.mark.parametrize("name", SIGNED)
def test_an_old_request_is_refused_where_the_sender_signs_the_time(name):
    own = scheme(name)
    sign, check = secrets(name)
    late = checked(name, sent(name, secret=sign), check, now=NOW + 24 * 3600)
    if "time" in own.covers and getattr(own, "tolerance", 300) is not None:
        assert not late and late.reason.startswith("The timestamp is 1 day old")
    else:
        assert late, "where no time is signed, age cannot count"


@pytest.mark.parametrize("name", SIGNED)
def test_a_hook_may_allow_more_time_wherever_time_is_judged(name):
    sign, check = secrets(name)
    patient = tolerating(scheme(name), 48 * 3600)
    late = patient.verify(sent(name, secret=sign), [check], NOW + 24 * 3600)
    assert late, late.reason


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_can_be_read(name, event):
    provider = PROVIDERS[name]
    found = told(name, sent(name, event))
    if not provider.fallback:  # of an unknown sender, a type is hoped for and not promised
        assert bool(found.type) == bool(provider.event_type)
    assert bool(found.id) == bool(provider.event_id)
    if found.type:
        assert provider.types[found.type], "each sample's type has its words"


@pytest.mark.parametrize("name", EVERY)
def test_a_sample_tells_its_time_where_the_sender_states_one(name):
    provider = PROVIDERS[name]
    requests = [sent(name, sample.name) for sample in provider.samples]
    if provider.event_time:
        assert any(
            source.read(request.about(opened(name, request)))
            for request in requests
            for source in provider.event_time
        )


@pytest.mark.parametrize("name", EVERY)
def test_the_friendly_names_fit_the_samples(name):
    provider = PROVIDERS[name]
    plain = [path for path in provider.names if "*" not in path]
    for sample in provider.samples:
        payload = opened(name, sent(name, sample.name))
        assert sum(at(payload, path) is not None for path in plain) >= min(3, len(plain))


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_sent_twice_is_two_events(name, event):
    first, second = sent(name, event, seed=1), sent(name, event, seed=2)
    assert (first.body, dict(first.headers)) != (second.body, dict(second.headers))
    if PROVIDERS[name].event_id:
        assert told(name, first).id != told(name, second).id


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_moves_with_the_clock(name, event):
    request = sent(name, event)
    everything = request.body.decode() + json.dumps(dict(request.headers))
    assert not re.search(r"2026-1[01]-\d\d(?=T|\")|\b1793[56]\d{5}\b", everything)
    assert not re.search(r"(?<=\w)(@|%40)(?![\w.-]*\.example)(?=\w)", everything), (
        "invented addresses only"
    )


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
    assert not provider.switches_off or provider.switches_off.endswith(".")
    assert all(step.endswith(".") for step in provider.steps)
    assert len({sample.name for sample in provider.samples}) == len(provider.samples)
    assert all(path.startswith("$") for path in (*provider.names, *provider.money))
    if not provider.fallback:
        assert provider.docs.startswith("https://")
    if provider.signature:
        assert provider.secret_hint.endswith(".")


@pytest.mark.parametrize("name", EVERY)
def test_money_in_minor_units_is_found_with_its_currency(name):
    provider = PROVIDERS[name]
    found = set()
    for sample in provider.samples if provider.money else ():
        payload = opened(name, sent(name, sample.name))
        here = [path for path in provider.money if at(payload, path) is not None]
        assert all(re.fullmatch(r"\d+", str(at(payload, path))) for path in here)
        assert all(at(payload, provider.money[path]) for path in here)
        found |= set(here)
    assert bool(found) == bool(provider.money)


@pytest.mark.parametrize("name", EVERY)
def test_its_samples_are_recognised_by_what_only_it_sends(name):
    provider = PROVIDERS[name]
    if not provider.detect:
        return
    secret = secrets(name).sign if provider.signature else ""
    for sample in provider.samples:
        found = likely_sender(sent(name, sample.name, secret))
        assert found is not None
        assert found is provider or (provider.broad and not found.fallback), found.label


@pytest.mark.parametrize(("name", "number"), HANDSHAKES)
def test_its_handshakes_are_answered(name, number):
    provider = PROVIDERS[name]
    shake = provider.handshakes[number]
    found = provider.handshake(shake.example)
    assert found is not None and found[0] is shake
    asked = Asked(shake.example, found[1], ("the secret",), "the word")
    reply = shake.answer(asked)
    assert 200 <= reply.status < 300 or reply.status == 403  # where the word is another
    assert shake.words[0].isupper() and not shake.words.endswith(".")


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_no_event_is_taken_for_a_handshake(name, event):
    assert PROVIDERS[name].handshake(sent(name, event)) is None


def cases():
    return json.loads(shared("vectors.json").read_text())


def test_the_signatures_that_senders_publish_verify():
    for case in cases():
        body = _body(case)
        now = case.get("now", NOW)
        headers = {name.lower(): value for name, value in case["headers"].items()}
        request = Request(headers, body, case.get("url", ""), case.get("method", "POST"))
        if case["provider"] == "adyen" and "notificationItems" not in case["body"]:
            item = {"NotificationRequestItem": json.loads(case["body"])}
            request = Request(headers, json.dumps({"notificationItems": [item]}).encode())
        name, about = case["provider"], f"{case['provider']}: {case['case']}"
        assert checked(name, request, case["secret"], now=now), about
        assert not checked(name, request, case["secret"][:-2] + "00", now=now), about
        if "body" in scheme(name).covers:
            assert not checked(name, flipped(request), case["secret"], now=now), about


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
