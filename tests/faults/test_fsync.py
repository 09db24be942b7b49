"""Each acknowledgement waits for the sync of its event, and the check fails where none does."""

from __future__ import annotations

import pytest

from bench.syncs import Syncs
from tests.faults.fsync import proof


def seen(count: int, connections: int, syncs: bool = True) -> Syncs:
    try:
        found = proof(count, connections, syncs)
    except RuntimeError as problem:
        if "ptrace" in str(problem) or "not permitted" in str(problem):
            pytest.skip(f"strace may not look at processes here: {problem}")
        raise
    if found is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    return found


@pytest.mark.parametrize("connections, count", [(1, 100), (16, 200)])
def test_every_acknowledgement_has_its_sync(connections: int, count: int) -> None:
    found = seen(count, connections)
    assert (found.answers, found.early) == (count, 0)


def test_without_syncs_every_acknowledgement_is_early() -> None:
    found = seen(20, 1, syncs=False)
    assert (found.answers, found.early) == (20, 20)
