"""What is wrong with a rule document: where, what, and the remedy."""

from __future__ import annotations


class RuleError(Exception):
    """One thing wrong at `pointer` (a JSON pointer); `others` are found in the same reading."""

    def __init__(
        self, pointer: str, message: str, fix: str = "", others: tuple[RuleError, ...] = ()
    ) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message
        self.fix = fix
        self.others = others
