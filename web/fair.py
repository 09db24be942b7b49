"""Who gets how much of the door, and whose addresses are none: what is needed to refuse fairly,
kept in memory and bounded. It decides about refusals alone; where a request belongs is looked up
for every one that is let in.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

from rulebook.domain.delivery import NOT_HERE, Receipt

STRANGERS = ""  # in place of a workspace: addresses that nothing is known of
MOST_KNOWN = 10_000
MOST_STRANGERS = 1_000
LONGEST_TOKEN = 64  # ours are shorter
STRANGE_FOR = 5.0  # seconds; no address that led nowhere ever leads to a hook


class Shares:
    """How much of each workspace waits, and of each hook of it."""

    def __init__(self) -> None:
        self._of: dict[str, Counter[str]] = {}
        self._counts: Counter[str] = Counter()

    def enter(self, workspace: str, token: str) -> None:
        """One more waits."""
        if workspace not in self._of:
            self._of[workspace] = Counter()
        self._of[workspace][token] += 1
        self._counts[workspace] += 1

    def leave(self, workspace: str, token: str) -> None:
        """One waits no more."""
        tokens = self._of[workspace]
        tokens[token] -= 1
        self._counts[workspace] -= 1
        if not tokens[token]:
            del tokens[token]
        if not tokens:
            del self._of[workspace], self._counts[workspace]

    def is_busy(self, workspace: str) -> bool:
        """Whether no less of it waits than of a workspace on average."""
        return self._counts[workspace] * len(self._counts) >= self._counts.total()

    def is_busiest(self, workspace: str, token: str) -> bool:
        """Whether no less waits for this hook than for one of its workspace on average."""
        tokens = self._of.get(workspace, Counter())
        return tokens[token] * len(tokens) >= self._counts[workspace]


class Guests:
    """Whose address each is, as far as it was seen lately."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()
        self._strange: OrderedDict[str, float] = OrderedDict()

    def workspace_of(self, token: str) -> str:
        """The workspace; all addresses that are not known count as those of one."""
        return self._known.get(token, STRANGERS)

    def is_stranger(self, token: str, now: float) -> bool:
        """Whether it is certain that this address leads nowhere, without asking anybody."""
        return len(token) > LONGEST_TOKEN or self._strange.get(token, 0.0) > now

    def remember(self, token: str, receipt: Receipt, now: float) -> None:
        """What an answer showed of an address."""
        if receipt.workspace:
            self._known[token] = receipt.workspace
            self._known.move_to_end(token)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        elif receipt is NOT_HERE:
            self._known.pop(token, None)
            self._strange[token] = now + STRANGE_FOR
            self._strange.move_to_end(token)
            if len(self._strange) > MOST_STRANGERS:
                self._strange.popitem(last=False)
