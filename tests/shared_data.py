"""Outside test data that is not kept in the project; tests that want it are skipped without."""

import os
import pathlib

import pytest

_ROOT = pathlib.Path(__file__).parent.parent


def shared(path: str) -> pathlib.Path:
    """A file in the folder of shared data, or a skipped test."""
    folder = os.environ.get("RULEBOOK_TEST_SHARED") or _ROOT.parent / "shared"
    file = pathlib.Path(folder) / path
    if not file.exists():
        pytest.skip(f"needs {path} of the shared test data (RULEBOOK_TEST_SHARED names its folder)")
    return file
