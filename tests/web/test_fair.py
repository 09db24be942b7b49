"""The door refuses by shares: hooks, then workspaces, and who calls addresses that are none."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from rulebook.domain.delivery import NOT_HERE, Delivery, Receipt
from rulebook.domain.receive import receive_all
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from web import fair
from web import intake as intake_file
from web.fair import LONGEST_TOKEN, MOST_KNOWN, MOST_STRANGERS, STRANGE_FOR, Guests
from web.intake import ALL_SLOWER, SLOWER, Intake

MOST = 40  # that may wait, in these tests


@pytest.fixture
def tokens(app: Flask, ada: Person, cy: Person) -> tuple[list[str], str]:
    """Ten hooks of Ada's workspace, and one of Cy's."""
    with app.app_context():
        hers = [path_of(make_hook(ada)).removeprefix("/in/") for _ in range(10)]
        return hers, path_of(make_hook(cy)).removeprefix("/in/")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_file, "MOST_WAITING", MOST)


def told(app: Flask, first: Sequence[str], *then: str) -> list[Receipt]:
    """What the senders to these addresses are answered who come at one moment, where each of
    `first` had come before."""

    async def both() -> list[Receipt]:
        intake = Intake(app, app.extensions["bell"], 10_000)
        for token in first:
            await intake.take(Delivery(token, "POST", [], b"{}"))
        deliveries = [Delivery(token, "POST", [], b"{}") for token in then]
        return list(await asyncio.gather(*(intake.take(each) for each in deliveries)))

    return asyncio.run(both())


def test_the_busiest_workspace_slows_down_before_another_does(
    app: Flask, ada: Person, cy: Person, tokens: tuple[list[str], str], small: None
) -> None:
    hers, other = tokens
    busy = [token for token in hers[:7] for _ in range(3)]
    found = told(app, [*hers, other], *busy, hers[0], *[other] * 5, hers[7], hers[0])
    assert [each.status for each in found[: MOST // 2]] == [200] * (MOST // 2)
    first, *others, calm, last = found[-8:]
    assert (first, last) == (SLOWER, SLOWER)
    assert [each.status for each in others] == [200] * 5, "though it is the hook that waits most"
    assert calm.status == 200
    assert len(events_of(app, cy)) == 6


def test_beyond_three_quarters_a_busy_workspace_waits_whole(
    app: Flask, tokens: tuple[list[str], str], small: None
) -> None:
    [*many, calm], other = tokens
    half = [many[0]] * (MOST // 2)
    # Each hook that nothing waits for is let in beyond the half, until three quarters wait.
    few = [*many[1:], calm] + ["unknown"]
    found = told(app, [*many, calm, other], *half, *few, many[0])
    assert [each.status for each in found[:29]] == [200] * 29
    assert found[-1] == SLOWER
    strangers = [f"nowhere-{n}" for n in range(MOST // 2)]
    found = told(app, [*many, calm, other], *half[:15], *strangers[:15], calm, other)
    assert found[-2:] == [ALL_SLOWER, found[-1]] and found[-1].status == 200


def test_addresses_that_are_none_take_no_place_of_those_that_are(
    app: Flask, tokens: tuple[list[str], str], small: None
) -> None:
    _, other = tokens
    strangers = [f"nowhere-{n}" for n in range(MOST * 2)]
    found = told(app, [other], *strangers, *[other] * 5)
    assert found[: MOST * 3 // 4] == [NOT_HERE] * (MOST * 3 // 4)
    assert found[MOST * 3 // 4 : -5] == [ALL_SLOWER] * (MOST * 2 - MOST * 3 // 4)
    assert [each.status for each in found[-5:]] == [200] * 5


def test_an_address_that_led_nowhere_is_not_looked_up_again_at_once(
    app: Flask, tokens: tuple[list[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(deliveries: list[Delivery], max_body: int, **more: Any) -> list[Receipt]:
        asked.extend(each.token for each in deliveries)
        return receive_all(deliveries, max_body, **more)

    monkeypatch.setattr(intake_file, "receive_all", counted)
    long = "x" * (LONGEST_TOKEN + 1)
    assert told(app, ["nowhere", long], "nowhere", long, "elsewhere") == [NOT_HERE] * 3
    assert asked == ["nowhere", "elsewhere"]
    monkeypatch.setattr(fair, "STRANGE_FOR", -1.0)  # its time is over
    assert told(app, ["nowhere"], "nowhere") == [NOT_HERE]
    assert asked[2:] == ["nowhere", "nowhere"]


def test_what_is_remembered_is_bounded() -> None:
    guests = Guests()
    for n in range(MOST_KNOWN + 5):
        guests.remember(f"known-{n}", Receipt(200, workspace="ws"), 0)
        guests.remember(f"strange-{n}", NOT_HERE, 0)
    assert guests.workspace_of("known-4") == ""
    assert guests.workspace_of("known-5") == "ws"
    assert guests.is_stranger(f"strange-{MOST_KNOWN + 4}", STRANGE_FOR - 1)
    assert not guests.is_stranger(f"strange-{MOST_KNOWN + 4}", STRANGE_FOR + 1)
    assert not guests.is_stranger(f"strange-{MOST_KNOWN + 4 - MOST_STRANGERS}", 1)
    kept = [*guests._known.items(), *guests._strange.items()]
    assert sum(sys.getsizeof(each) for pair in kept for each in pair) < 2_000_000


def test_a_hook_that_is_deleted_is_a_stranger_at_once(
    app: Flask, ada: Person, tokens: tuple[list[str], str]
) -> None:
    guests = Guests()
    guests.remember("gone", Receipt(200, workspace="ws"), 0)
    guests.remember("gone", NOT_HERE, 0)
    assert guests.is_stranger("gone", 1) and guests.workspace_of("gone") == ""
