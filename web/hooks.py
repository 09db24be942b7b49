"""Hooks."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("hooks", __name__)


@pages.get("/hooks")
def index() -> ResponseReturnValue:
    """Hooks."""
    return render_template("hooks.html")
