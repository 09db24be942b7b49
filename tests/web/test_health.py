"""What monitors are told."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
from flask import Flask

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "free", "status"),
    [
        ({}, 499, 503),
        ({}, 500, 200),
        ({"RULEBOOK_DISK_FLOOR": "20"}, 19, 503),
        ({"RULEBOOK_DISK_FLOOR": "20"}, 20, 200),
        ({"RULEBOOK_DISK_FLOOR": "0"}, 0, 200),
    ],
)
def test_it_is_ready_as_long_as_hooks_take_something(
    app: Flask, monkeypatch: pytest.MonkeyPatch, free: int, status: int
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free * MEGABYTE))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["status"] == ("ok" if status == 200 else "full")
    assert answer.json["free_disk_bytes"] == free * MEGABYTE
