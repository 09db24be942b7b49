"""Outbox."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("outbox", __name__)


@pages.get("/outbox")
def index() -> ResponseReturnValue:
    """Outbox."""
    return render_template("outbox.html")
