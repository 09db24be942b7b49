"""Connections."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("connections", __name__)


@pages.get("/connections")
def index() -> ResponseReturnValue:
    """Connections."""
    return render_template("connections.html")
