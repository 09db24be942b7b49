"""Where type and id of an event are read, and how samples are renewed."""

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from rulebook.providers import PROVIDERS, Provider, Request, Sample, fresh, read_event
from rulebook.providers.contract import Body, Header, Joined, at
from rulebook.providers.sending import WRITTEN


def a(headers, payload):
    """A request with these headers and this payload."""
    return Request({name.lower(): value for name, value in headers.items()}).about(payload)


PAYLOAD = {"event-data": {"id": 7}, "list": [{"name": "cup"}], "yes": True, "blank": " "}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$['event-data'].id", 7),
        ("$.list[0].name", "cup"),
        ("$.list[1].name", None),
        ("$.list.name", None),
        ("$.none.id", None),
        ("$", PAYLOAD),
    ],
)
def test_plain_paths(path, found):
    assert at(PAYLOAD, path) == found


@pytest.mark.parametrize("payload", [None, [], "text", 7, {"yes": {"id": 1}}])
def test_no_body_is_too_odd(payload):
    assert Body("$.yes").read(a({}, payload)) is None


def test_only_texts_and_numbers_are_ids():
    assert Body("$['event-data'].id").read(a({}, PAYLOAD)) == "7"
    assert Body("$.yes").read(a({}, PAYLOAD)) is None
    assert Body("$.blank").read(a({}, PAYLOAD)) is None


def test_places_are_tried_in_order_and_headers_in_any_case():
    provider = Provider("Acme", (), event_type=(Header("x-topic"), Header("topic"), Body("$.t")))
    assert read_event(provider, a({"Topic": "paid"}, {"t": "other"}))[0] == "paid"
    assert read_event(provider, a({}, {"t": "other"}))[0] == "other"
    assert read_event(provider, a({}, None)) == (None, None)


def test_joined_places_need_the_first():
    both = Joined((Header("x-kind"), Body("$.action")))
    assert both.read(a({"x-kind": "issues"}, {"action": "opened"})) == "issues.opened"
    assert both.read(a({"x-kind": "push"}, {})) == "push"
    assert both.read(a({}, {"action": "opened"})) is None


def test_a_pull_request_is_named_with_its_action():
    kind, key = read_event(
        PROVIDERS["github"],
        a({"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "5a1e"}, {"action": "opened"}),
    )
    assert (kind, key) == ("pull_request.opened", "5a1e")


def test_long_and_odd_ids_stay_distinct_and_storable():
    provider = Provider("Acme", (), event_id=(Body("$.id"),), event_type=(Body("$.id"),))
    for odd in ("a" * 300, "a" * 301, "nul\x00", "\ud800"):
        kind, key = read_event(provider, a({}, {"id": odd}))
        assert kind and key
        assert key.startswith("sha256:") and len(key) < 80
        assert len(kind) <= 200
        assert kind.isprintable() and kind.encode()
    assert read_event(provider, a({}, {"id": "a" * 300})) != read_event(
        provider, a({}, {"id": "a" * 301})
    )


UUID = "5a1e6f70-b6d2-4c0e-9f37-2d8c41a90b63"
BODY: dict[str, Any] = {
    "id": "evt_1AbC",
    "uuid": UUID,
    "at": "2026-11-02T11:15:00+01:00",
    "due": "2026-11-09",
    "unix": 1793614500,
    "milliseconds": 1793614500123,
    "born": "1990-04-02",
    "for_ever": "9999-12-31T00:00:00Z",
    "version": "2026-09-30.clover",
    "cents": 12900,
    "more_cents": 129000,
    "whole": "129.00",
    "phone": "+12025550143",
    "digits": 70411836,
    "link": "https://acme.example/e/evt_1AbC?x=1",
}
SAMPLE = Sample(
    "paid",
    "Paid",
    json.dumps(BODY).encode(),
    headers={"x-id": UUID},
    ids=("evt_1AbC", UUID, "70411836"),
    amounts=("12900", "129.00"),
)


def test_a_fresh_sample_is_of_now_and_keeps_its_shape():
    now = datetime(2027, 11, 2, 10, 15, tzinfo=UTC)
    sample = fresh(SAMPLE, now.timestamp(), Random(3))
    new = json.loads(sample.body)
    assert new["at"] == "2027-11-02T11:15:00+01:00"
    assert new["due"] == "2027-11-09"
    assert new["unix"] == int(now.timestamp())
    assert new["milliseconds"] == int(now.timestamp()) * 1000 + 123
    for same in ("born", "for_ever", "version", "phone", "more_cents"):
        assert new[same] == BODY[same]
    assert new["id"].startswith("evt_") and len(new["id"]) == len(BODY["id"])
    assert new["id"] != BODY["id"] and new["link"].endswith(f"/{new['id']}?x=1")
    assert new["uuid"] != UUID and sample.headers["x-id"] == new["uuid"]
    assert isinstance(new["digits"], int) and new["digits"] != BODY["digits"]


def test_amounts_move_together_by_less_than_one():
    new = json.loads(fresh(SAMPLE, WRITTEN.timestamp(), Random(3)).body)
    assert 12900 < new["cents"] < 13000
    assert new["whole"] == f"{new['cents'] / 100:.2f}"


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({}, {"type": "paid", "event": {"id": 1}}),
        ({}, {"event": "paid"}),
        ({}, {"event": {"name": "other"}, "event_type": "paid"}),
        ({}, {"eventType": "paid"}),
        ({}, {"topic": "paid"}),
        ({"X-Event-Type": "paid"}, None),
        ({"CE-Type": "paid"}, {"type": "something in the data"}),
    ],
)
def test_an_unknown_senders_type_is_read_where_many_put_it(headers, payload):
    assert read_event(PROVIDERS["generic"], a(headers, payload)) == ("paid", None)


def test_one_sample_leads_among_those_of_all_senders():
    leading = [(p.name, s.name) for p in PROVIDERS.values() for s in p.samples if s.lead]
    assert leading == [("generic", "payment")]
