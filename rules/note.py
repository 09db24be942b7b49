"""What lint has to say: the place, the kind, a sentence, the fix, and the change that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.change import Change

KINDS = {
    "never": "no event can meet the rule",
    "never_part": "no event can meet this part",
    "doubtful": "only a list of several values could meet this",
    "always": "every event meets the rule",
    "useless": "without this part the verdicts are the same",
    "repeated": "the same condition stands here twice",
    "same_rule": "another rule has the same conditions",
    "shadowed": "a rule above, which stops, is met whenever this one is",
    "overlap": "another rule meets the same events and writes to the same person",
    "unknown_field": "no event so far has had this field",
    "unknown_in_text": "a message names a field that no event so far has had",
    "wrong_kind": "the field has never held what the operator reads",
    "never_seen": "the field has never had this value",
    "only_case": "the field has had this value in other capitals only",
}


@dataclass(frozen=True)
class Note:
    """What to look at, and the fix. A note never stops a rule from being saved.

    kind: one of KINDS. change: what `rules.change.changed` takes to make the fix, or None where
    only the author can say what is meant.
    """

    pointer: str
    kind: str
    message: str
    fix: str
    change: Change | None = field(default=None, hash=False)
