"""Looking far back with a draft: a part of the builder that asks for one stretch after the other.

All that is known so far travels in the form, with a mark of the conditions that it is about. So it
can be left at any moment, any process may answer, and an edit shows that it is about another draft.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue

from rulebook.domain.hiding import gist_shown
from rulebook.domain.lookback import FARTHEST, Sofar, look_back
from rulebook.domain.rules import find_rule
from rulebook.storage import events, hooks, reading, rules
from rulebook.storage.events import Event
from web import draft
from web.draft import Document
from web.guard import actor

FIRST, STRETCH = 0.2, 0.6  # seconds: of the press that begins it, and of each request after it


@dataclass(frozen=True)
class Far:
    """What the part shows. stale: it is about the draft as it was before the last edit."""

    sofar: Sofar
    stale: bool = False
    of: int = FARTHEST

    @property
    def running(self) -> bool:
        return not self.sofar.done and not self.stale

    @property
    def listed(self) -> list[tuple[str, list[tuple[Event, str]]]]:
        """The newest events that stop and that start matching."""
        mine = actor().workspace_id
        lists = (("stop", self.sofar.stopping), ("start", self.sofar.starting))
        found = [(title, events.events_by_id(mine, ids)) for title, ids in lists if ids]
        known = {hook.id: hook for hook in hooks.hooks(mine)}
        return [
            (title, [(event, gist_shown(known[event.hook_id], event)) for event in rows])
            for title, rows in found
        ]


def read(form: Mapping[str, str], document: Document) -> Far | None:
    """What a form says was found; None where nobody has looked yet."""
    try:
        found = json.loads(form.get("far", ""))
        about = found.pop("about")
        return Far(_sofar(found), about != mark(document))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _sofar(found: Mapping[str, Any]) -> Sofar:
    def count(name: str) -> int:
        return int(found[name])

    return Sofar(
        judged=count("judged"), met=count("met"), before=count("before"),
        stops=count("stops"), starts=count("starts"),
        stopping=tuple(map(str, found["stopping"])), starting=tuple(map(str, found["starting"])),
        cursor=str(found["cursor"]), done=bool(found["done"]),
    )  # fmt: skip


def written(far: Far, document: Document) -> str:
    """The same for the form."""
    about = "" if far.stale else mark(document)
    return json.dumps({**asdict(far.sofar), "about": about}, separators=(",", ":"))


def mark(document: Document) -> str:
    """What tells the conditions of one draft from those of another."""
    return hashlib.sha256(json.dumps(document.get("when")).encode()).hexdigest()[:16]


def further(hook_id: str, document: Document, saved: Document | None, far: Far | None) -> Far:
    """One stretch more; from the beginning where the last ones were about another draft."""
    begins = far is None or far.stale
    sofar = Sofar() if begins or far is None else far.sofar
    seconds = FIRST if begins else STRETCH
    return Far(look_back(actor(), hook_id, document, saved, sofar, seconds))


def poll() -> ResponseReturnValue:
    """The part alone, a stretch further."""
    rule_id = request.form.get("rule", "")
    with reading():
        rule = find_rule(actor(), rule_id) if rule_id else None
        hook_id = rule.hook_id if rule else request.form.get("hook", "")
        saved = rules.version(rule.id, rule.version).document if rule else None
        document = draft.drawn(draft.read(request.form))
        far = read(request.form, document)
        if far is None or far.running:
            far = further(hook_id, document, saved, far)
        # Without what stands round every page: the part is asked for again and again.
        part = current_app.jinja_env.get_template("rules/far.html")
        return part.render(far=far, said=written(far, document), edited=saved is not None)
