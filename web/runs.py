"""Runs."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

pages = Blueprint("runs", __name__)


@pages.get("/runs")
def index() -> ResponseReturnValue:
    """Runs."""
    return render_template("runs.html")
