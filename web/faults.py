"""Every error becomes an answer once, here: a page for people, a problem document for programs."""

from __future__ import annotations

import logging

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from rulebook.errors import Invalid, NotFound, NotSignedIn, RulebookError, TooMany, Unavailable
from rulebook.storage import db

log = logging.getLogger("rulebook.web")


def init_app(app: Flask) -> None:
    app.register_error_handler(RulebookError, _rulebook)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _surprise)


def _rulebook(error: RulebookError) -> ResponseReturnValue:
    db.session.rollback()
    if request.path.startswith("/api/"):
        return problem(error)
    page = render_template("fault.html", error=error, problems=getattr(error, "problems", ()))
    return page, error.status, _headers(error)


def problem(error: RulebookError) -> ResponseReturnValue:
    """An RFC 9457 problem document, with `fix`, and `pointer` where there is a place."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "fix": error.fix,
    }
    if isinstance(error, Invalid):
        document["pointer"] = error.problems[0].pointer
        document["errors"] = [
            {"pointer": p.pointer, "detail": p.message, "fix": p.fix} for p in error.problems
        ]
    answer = jsonify(document)
    answer.mimetype = "application/problem+json"
    return answer, error.status, _headers(error)


def _headers(error: RulebookError) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, _Plain) and error.allow:
        return {"Allow": error.allow}
    return {"Retry-After": "10"} if isinstance(error, Unavailable) else {}


class _Plain(RulebookError):
    """An error of the web server itself, in our words."""

    def __init__(self, status: int, title: str, message: str, fix: str, allow: str = "") -> None:
        super().__init__(message, fix)
        self.status, self.title, self.allow = status, title, allow


_WORDS = {
    400: ("This could not be read", "What was sent is not what this page takes.",
          "Go back and try again."),
    403: ("Not allowed", "This may not be done from where you are.",
          "Open the page again and repeat what you did."),
    405: ("Not this way", "This address does not take that method.", "Check the method."),
    413: ("Too large", "What was sent is larger than allowed.", "Send less at once."),
    415: ("Wrong kind", "This address takes another kind of content.", "Send JSON."),
}  # fmt: skip


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status in (301, 302, 303, 307, 308):
        return error.get_response()
    if status == 404:
        return _rulebook(NotFound())
    title, message, fix = _WORDS.get(
        status, (error.name, error.description or error.name, "Go back and try again.")
    )
    allow = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return _rulebook(_Plain(status, title, message, fix, allow))


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    return _rulebook(
        _Plain(400, "This form is too old", "The form was opened in another session.",
               "Go back, load the page again and repeat what you did. Nothing was changed.")
    )  # fmt: skip


def _database(error: OperationalError) -> ResponseReturnValue:
    log.error("The database did not answer: %s", error.orig)
    return _rulebook(
        Unavailable("The database does not answer just now.", "Nothing was changed. Try again.")
    )


def _surprise(error: Exception) -> ResponseReturnValue:
    log.exception("An error that nobody foresaw")
    return _rulebook(
        _Plain(500, "Something went wrong", "This is our mistake, not yours. It is in the log.",
               "Try again; if it happens again, show the log to who runs Rulebook.")
    )  # fmt: skip
