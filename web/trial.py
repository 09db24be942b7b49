"""The builder's real test: what can be tried, for whom, and the press that sends it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request

from rulebook.domain.trials import Trial, send_test, trials
from rulebook.errors import Conflict, Invalid, TooMany
from rulebook.storage import db, rules
from rulebook.storage.runs import Run
from web.guard import actor, bell

if TYPE_CHECKING:
    from web.desk import Desk


@dataclass(frozen=True)
class Asked:
    """What the panel shows. steps: none while the draft is not saved; key: of this panel's presses;
    wrong: why nothing was sent."""

    steps: list[Trial]
    key: str
    wrong: str = ""


def ask(desk: Desk, wrong: str = "") -> Asked:
    """The panel for a draft: a test sends what is saved, so that has to be first."""
    actor().must("send")
    key = request.form.get("trial-key") or secrets.token_urlsafe(12)
    if desk.rule is None or desk.changed:
        return Asked([], key, wrong)
    return Asked(trials(actor(), rules.version(desk.rule.id, desk.rule.version)), key, wrong)


def send(desk: Desk, step_id: str) -> Run | Asked:
    """Send the test, or say why not."""
    if desk.rule is None or desk.event is None or desk.changed:
        return ask(desk)
    form = request.form
    try:
        run = send_test(
            actor(), desk.rule.id, desk.event.id, step_id,
            to=form.get(f"trial-to {step_id}", ""),
            vouched=bool(form.get(f"trial-sure {step_id}")),
            key=form.get("trial-key", ""),
        )  # fmt: skip
    except Invalid as error:
        db.session.rollback()
        return ask(desk, " ".join(f"{each.message} {each.fix}" for each in error.problems))
    except (Conflict, TooMany) as error:
        db.session.rollback()
        return ask(desk, f"{error.message} {error.fix}".strip())
    if run.state == "queued":
        bell().runs([run.id])
    return run
