"""Help: what the words of these pages mean, how to begin, and what the keyboard does."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("help", __name__)


@pages.get("/help")
def index() -> ResponseReturnValue:
    """The same page for everybody."""
    return render_template("help.html")
