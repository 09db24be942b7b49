"""Events."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("events", __name__)


@pages.get("/events")
def index() -> ResponseReturnValue:
    """Events."""
    return render_template("events.html")
