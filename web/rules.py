"""Rules."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("rules", __name__)


@pages.get("/rules")
def index() -> ResponseReturnValue:
    """Rules."""
    return render_template("rules.html")
