"""Saved filters: links above a list, and the forms that keep, rename, share and delete them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain import saved
from rulebook.errors import Conflict, Invalid
from web.guard import actor

pages = Blueprint("saved", __name__)
_LISTS = {"events": "events.index", "runs": "runs.index"}


@pages.post("/filters")
def save() -> ResponseReturnValue:
    """Keep the filter that a list is narrowed by."""
    of, query = request.form.get("of", ""), request.form.get("query", "")
    name, shared = request.form.get("name", ""), request.form.get("shared") == "yes"
    try:
        kept = saved.save_filter(actor(), of, name, urlencode(parse_qsl(query)), shared)
        flash(f"Saved as “{kept.name}”.", "ok")
    except (Invalid, Conflict) as refused:
        flash(_words(refused), "doubt")
    return redirect(_back(of, query), 303)


@pages.post("/filters/<filter_id>")
def change(filter_id: str) -> ResponseReturnValue:
    """Rename, share or delete a filter of one's own."""
    of, query = request.form.get("of", ""), request.form.get("query", "")
    try:
        if request.form.get("do") == "delete":
            saved.delete_filter(actor(), filter_id)
            flash("The filter is deleted; nothing else is.", "ok")
        else:
            shared = request.form.get("shared") == "yes"
            kept = saved.change_filter(actor(), filter_id, request.form.get("name", ""), shared)
            flash(f"Saved as “{kept.name}”.", "ok")
    except Invalid as refused:
        flash(_words(refused), "doubt")
    return redirect(_back(of, query), 303)


def _words(refused: Invalid | Conflict) -> str:
    if isinstance(refused, Invalid):
        return " ".join(f"{each.message} {each.fix}" for each in refused.problems)
    return f"{refused.message} {refused.fix}"


def _back(of: str, query: str) -> str:
    there = url_for(_LISTS.get(of, "events.index"))
    return f"{there}?{urlencode(parse_qsl(query))}" if query else there
