"""Dates as events write them; what is ambiguous is refused."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.dates import Unreadable, read_moment
from tests.rules.make import condition, event, judged, met
from tests.shared_data import shared

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31 12:00:00+00:00",
        "2026-01-31T13:00:00.000+0100", "20260131T120000Z", "2026-01-31T12:00Z",
        "Sat, 31 Jan 2026 12:00:00 +0000", "31 Jan 2026 12:00 GMT", "2026-01-31T13:00:00",
        1769860800, 1769860800.0, "1769860800", 1769860800000, 1769860800000000,
    ],
)  # fmt: skip
def test_forms_that_are_understood(written):
    assert read_moment(written, BERLIN).instant == NOON


@pytest.mark.parametrize("written", ["2026-01-31", "20260131", "31 Jan 2026"])
def test_a_day_has_no_time(written):
    moment = read_moment(written, BERLIN)
    assert (moment.day.isoformat(), moment.instant) == ("2026-01-31", None)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("03/04/2026", "cannot tell day from month"), ("3.4.26", "cannot tell day from month"),
        ("2026-02-30", "exists"), ("2026-01-31T25:00:00Z", "exists"), ("soon", "not a date"),
        ("", "not a date"), (True, "not a date"), ([], "not a date"), (10**18, "too large"),
        ("Fri, 31 Jan 2026 12:00:00 GMT", "weekday"), ("2026-01-31T12:00:60Z", "exists"),
        ("31 Jan 2026 12:00 QQQ", "zone"), ("0000-01-01", "exists"), (float("nan"), "not a date"),
    ],
)  # fmt: skip
def test_forms_that_are_refused(written, reason):
    with pytest.raises(Unreadable, match=reason):
        read_moment(written, BERLIN)


def test_rfc_3339_forms_of_the_shared_suite():
    cases = json.loads(shared("rules-data/jsonschema_formats/date-time.json").read_text())
    valid = [test for case in cases for test in case["tests"] if test["valid"]]
    for test in valid:
        if isinstance(test["data"], str):
            read_moment(test["data"], BERLIN)


def test_days_are_days_in_the_workspace():
    late = "2026-01-31T23:30:00Z"
    assert met("date.is_on", "2026-01-31", late)
    assert met("date.is_on", "2026-02-01", late, zone="Europe/Berlin")
    assert met("date.weekday_is", ["sun"], late, zone="Europe/Berlin")
    assert met("date.time_between", ["00:00", "01:00"], late, zone="Europe/Berlin")


def test_a_time_without_a_zone_is_the_workspaces():
    assert met("date.before", "2026-01-31T12:00:00", "2026-01-31T11:30:00Z")
    assert not met(
        "date.before", "2026-01-31T12:00:00", "2026-01-31T11:30:00Z", zone="Europe/Berlin"
    )


def test_the_same_hour_twice_in_autumn_keeps_its_order():
    first, second = "2026-10-25T02:30:00+02:00", "2026-10-25T02:10:00+01:00"
    assert met("date.after", first, second, zone="Europe/Berlin")


def test_the_last_days_count_from_the_arrival_so_that_a_replay_agrees():
    when = condition("date.in_the_last", "7d")
    happened = {"x": "2026-01-10T12:00:00Z"}
    assert judged(when, event(happened, received_at="2026-01-17T12:00:00Z")).met
    assert not judged(when, event(happened, received_at="2026-01-17T12:00:01Z")).met


def test_without_an_arrival_there_is_nothing_to_count_from():
    verdict = judged(
        condition("date.in_the_last", "7d"), event({"x": "2026-01-10"}, received_at="")
    )
    assert "no time of arrival" in verdict.summary


def test_a_date_that_the_workspaces_zone_cannot_hold_is_never_met():
    when = condition("date.before", "9999-12-31T23:59:59Z")
    assert judged(when, event({"x": "2026-01-01"})).met
    assert not judged(when, event({"x": "2026-01-01"}), "Asia/Tokyo").met
