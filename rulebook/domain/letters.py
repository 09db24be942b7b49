"""A letter to one person, or a text, sent at once: by the way that the workspace's alerts go."""

from __future__ import annotations

import logging
from typing import Any

from rulebook.actions import ACTIONS, Call, Outcome
from rulebook.domain.alerts import Way, mail_way
from rulebook.domain.connections import open_connection
from rulebook.domain.house import house
from rulebook.domain.own_mail import own_mail
from rulebook.errors import ConfigError
from rulebook.storage import db, new_id, utcnow

log = logging.getLogger("rulebook.letters")
DEADLINE = 15.0
NO_WAY = Outcome("not_sent", "There is no mail server.", "Connect one under Connections.")


def write_to(workspace_id: str, to: str, subject: str, text: str) -> Outcome:
    """Send it, outside of any transaction: what is not committed yet is given up. Never raises."""
    try:
        way = mail_way(workspace_id)
    except ConfigError as error:
        return Outcome("not_sent", error.message, error.fix)
    finally:
        db.session.rollback()
    return send_by(workspace_id, way, to, subject, text) if way else NO_WAY


def send_by(workspace_id: str, way: Way, to: str, subject: str, text: str = "") -> Outcome:
    """Send a message by one way, outside of any transaction. Never raises."""
    try:
        credentials = _credentials(workspace_id, way)
    except ConfigError as error:
        return Outcome("not_sent", error.message, error.fix)
    finally:
        db.session.rollback()
    now, action = utcnow(), ACTIONS[way.action]
    call = Call(new_id("letter"), 1, DEADLINE, None, now, now)
    try:
        config = action.alert(to, subject, text)
        return action.run(config, credentials, call, house().egress, house().config)
    except Exception:
        log.exception("A letter could not be sent")
        return Outcome("ambiguous", "The program failed in the middle; it may have been sent.")


def _credentials(workspace_id: str, way: Way) -> dict[str, Any] | None:
    if way.connection_id:
        return open_connection(workspace_id, way.connection_id)
    own = own_mail(house().config)
    return own[1] if own else None
