"""Events: the list, which `finder.py` finds, and one event, which `event.py` tells."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web import event, finder

pages = Blueprint("events", __name__)
pages.add_url_rule("/events/<event_id>", "show", event.show)
pages.add_url_rule("/events/<event_id>/replay", "replay", event.replay, methods=["GET", "POST"])
pages.add_url_rule("/events/<event_id>/try", "try_today", event.try_today)
pages.add_url_rule("/events/<event_id>/body", "body", event.body)
pages.add_url_rule("/events/<event_id>/reveal", "reveal", event.reveal, methods=["POST"])
pages.add_url_rule("/events/<event_id>/hide", "hide", event.hide, methods=["POST"])
pages.add_url_rule("/events/<event_id>/pin", "pin", event.pin, methods=["POST"])
pages.add_url_rule("/events/<event_id>/share", "share", event.share, methods=["GET", "POST"])
pages.add_url_rule(
    "/events/<event_id>/share/<evidence_id>", "revoke", event.revoke, methods=["POST"]
)


@pages.get("/events")
def index() -> ResponseReturnValue:
    """The events that fit the filter, newest first; the filter lives in the address."""
    return finder.events_page()
