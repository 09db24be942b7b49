"""Where providers report what became of a run; each address is signed, and so is each report."""

from __future__ import annotations

from flask import Blueprint, Response, request

from rulebook.domain import settle
from rulebook.errors import RulebookError
from rulebook.storage import db
from web.guard import bell, csrf

pages = Blueprint("callbacks", __name__)
csrf.exempt(pages)
MOST = 64 * 1024  # bytes of one report


@pages.post("/callbacks/<run_id>/<int:attempt>/<signature>")
def hear(run_id: str, attempt: int, signature: str) -> Response:
    """Take one report; one that is repeated or late is answered like any other."""
    request.max_content_length = MOST
    form = request.form.to_dict()
    try:
        due = settle.hear(run_id, attempt, signature, dict(request.headers), form)
    except RulebookError as refused:
        db.session.rollback()
        return Response(f"{refused.message}\n", refused.status, mimetype="text/plain")
    bell().runs(due)
    return Response(status=204)
