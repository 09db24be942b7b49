"""Who is doing something, what they may do, and the note that they did it."""

from __future__ import annotations

from dataclasses import dataclass

from rulebook.errors import NotAllowed
from rulebook.storage import db, workspaces
from rulebook.storage.audit import AuditEntry

# What a token may be given; the first three unless more is asked for.
SCOPES = ("read", "write", "send", "people")
USUAL = SCOPES[:3]
_ROLE_MAY = {
    "viewer": {"read"},
    "editor": {"read", "write", "send"},
    "owner": {"read", "write", "send", "own", "people"},
}
ROLES = tuple(_ROLE_MAY)
_WORDS = {
    "read": "look at this",
    "write": "change this",
    "send": "send anything",
    "own": "change this; only an owner may",
    "people": "change who is here; only an owner may",
}


@dataclass(frozen=True)
class Actor:
    """A person, or a token in their name, within one workspace."""

    workspace_id: str
    user_id: str | None
    role: str
    address: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)

    def may(self, right: str) -> bool:
        """Whether role and token both reach as far as `right`: read, write, send, own or people."""
        scope = "write" if right == "own" else right
        return right in _ROLE_MAY.get(self.role, ()) and scope in self.scopes

    def must(self, right: str) -> None:
        """Raise NotAllowed unless `may`."""
        if self.may(right):
            return
        if right in _ROLE_MAY.get(self.role, ()):
            raise NotAllowed(
                f"This token may not {_WORDS[right].split(';')[0]}.",
                f"Make a token with the scope '{'write' if right == 'own' else right}'.",
            )
        raise NotAllowed(
            f"As {self.role} you may not {_WORDS[right]}.", "Ask an owner of this workspace."
        )

    def note(self, what: str, thing: str = "", detail: str = "") -> None:
        """Add to the audit, in the transaction of the change itself."""
        db.session.add(
            AuditEntry(
                workspace_id=self.workspace_id,
                user_id=self.user_id,
                address=self.address,
                what=what,
                thing=thing,
                detail=detail,
            )
        )


def note_everywhere(user_id: str, address: str, what: str, detail: str = "") -> None:
    """Note what somebody did to their own account in every workspace that they are in."""
    for each in workspaces.workspaces_of(user_id):
        entry = AuditEntry(workspace_id=each.id, user_id=user_id, address=address, what=what,
                           thing=user_id, detail=detail)  # fmt: skip
        db.session.add(entry)
