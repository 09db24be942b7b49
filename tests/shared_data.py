"""Larger test data that lies beside the project, where there is any."""

import os
import pathlib

import pytest


def shared(path: str) -> pathlib.Path:
    """A file or folder of the shared data; the test is skipped where it is not there."""
    beside = pathlib.Path(__file__).parents[1].parent / "shared"
    found = pathlib.Path(os.environ.get("RULEBOOK_TEST_SHARED", beside)) / path
    if not found.exists():
        pytest.skip(f"needs shared test data: {path} (set RULEBOOK_TEST_SHARED)")
    return found
