"""The workspace itself: its name and its time zone."""

from __future__ import annotations

from zoneinfo import available_timezones

from rulebook.domain.actor import Actor
from rulebook.errors import Invalid, Problem
from rulebook.storage import db, workspaces
from rulebook.storage.workspaces import Workspace


def change_workspace(actor: Actor, name: str, zone: str) -> Workspace:
    """Another name, another time zone for every date and time. Raises Invalid."""
    actor.must("own")
    problems = [*name_problems(name), *zone_problems(zone)]
    if problems:
        raise Invalid(problems)
    workspace = workspaces.workspace(actor.workspace_id)
    workspace.name, workspace.zone = name.strip(), zone
    actor.note("workspace.change", workspace.id, f"{workspace.name}, {zone}")
    db.session.commit()
    return workspace


def name_problems(name: str) -> list[Problem]:
    """What is wrong with a workspace's name."""
    if 1 <= len(name.strip()) <= 100:
        return []
    return [Problem("/workspace", "The workspace needs a name.", "Your shop's name, for example.")]


def zone_problems(zone: str) -> list[Problem]:
    """What is wrong with a time zone."""
    if zone in available_timezones():
        return []
    return [Problem("/zone", f"There is no time zone {zone!r}.", "Choose one from the list.")]
