"""Payloads as real services send them: stored byte for byte, judged, and answered by a rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from rulebook.providers import PROVIDERS, Request
from rulebook.storage import events, fields
from rules.catalog import walk
from rules.paths import path_from
from rules.payload import read_payload
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.shared_data import shared
from tests.stories import events_of, path_of, runs_of, send
from tests.work import work

LEAST_FILES = 40
CONTENT_TYPE = "application/json"


def samples(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.json") if not p.name.endswith(".headers.json"))


def headers_of(path: Path) -> dict[str, str]:
    """The headers that were captured with it, without those of the connection."""
    beside = path.with_name(path.name.removesuffix(".json") + ".headers.json")
    if not beside.exists():
        return {}
    told = json.loads(beside.read_text())
    hop = {
        "host",
        "content-length",
        "connection",
        "content-type",
        "accept-encoding",
        "content-encoding",
    }
    return {name: str(value) for name, value in told.items() if name.lower() not in hop}


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """The path and value of each text and number in a payload."""
    for segments, _key, found, _depth in walk(value):
        if isinstance(found, str | int | float) and not isinstance(found, bool):
            yield path_from(segments), found


def telling(value: Any) -> dict[str, Any]:
    """A condition on a text or number that tells this payload from others."""
    found = sorted(leaves(value), key=lambda leaf: -min(len(str(leaf[1])), 40))
    for path, leaf in found:
        if isinstance(leaf, str) and leaf.strip() and len(leaf) < 400:
            return {"path": path, "test": "text.is", "value": leaf}
    path, leaf = found[0]
    return {"path": path, "test": "number.is", "value": leaf}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_every_real_payload_fires_its_rule(app: Flask, ada: Person) -> None:
    folder = shared("payloads")
    files = samples(folder)
    assert len(files) >= LEAST_FILES
    with Sink() as sink:
        for path in files:
            sink.forget()
            body = path.read_bytes()
            provider = path.parent.name if path.parent.name in PROVIDERS else "generic"
            if PROVIDERS[provider].handshake(Request({"content-type": CONTENT_TYPE}, body)):
                continue  # a question and no event
            value = PROVIDERS[provider].opened(read_payload(body, CONTENT_TYPE).value)
            parts = PROVIDERS[provider].parts(value) or [value]
            condition = telling(parts[0])
            about = f"{path.relative_to(folder)}: {condition}"
            with app.app_context():
                hook = make_hook(ada, name=path.parent.name, provider=provider)
                step: dict[str, Any] = {"id": "call", "action": "http", "config": {
                    "url": f"{sink.url}/{path.parent.name}", "method": "POST",
                    "body": f'{{"about": "{{{{ payload{condition["path"][1:]} }}}}"}}',
                }}  # fmt: skip
                if "[*]" in condition["path"] or "['" in condition["path"]:
                    step["config"]["body"] = '{"about": "{{ event.id }}"}'
                make_rule(ada, hook, when={"all": [condition]}, then=[step])
                make_rule(ada, hook, when={"none": [condition]}, then=[step])
                address = path_of(hook)
            answer = send(app, address, body, content_type=CONTENT_TYPE, headers=headers_of(path))
            assert answer.status_code == 200, about
            work(app)
            taken = events_of(app, ada, hook_id=hook.id)
            told = [event for event in taken if event.state != "duplicate"]  # of a batch
            for event in told:
                assert (event.state, event.matched, event.judged) == ("done", 1, 2), about
                assert event.gist, about
            runs = runs_of(app, ada, hook_id=hook.id)
            assert {run.state for run in runs} == {"succeeded"}, f"{about}: {runs[0].sentence}"
            assert len(told) == len(runs) == len(sink.requests) and len(taken) == len(parts), about
            assert any(call.json["about"] for call in sink.requests), about
            with app.app_context():
                assert all(events.body_of(event.id) == body for event in told), about
                assert fields.fields(hook.id), about
