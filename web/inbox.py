"""The address of a hook, as a plain Flask route: the same story as the front door's."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from rulebook.domain.delivery import NOT_STORED, Delivery, Receipt, too_large
from rulebook.domain.house import house
from rulebook.domain.receive import METHODS, receive
from rulebook.providers import fetch
from rulebook.storage import db
from web.guard import bell, csrf

log = logging.getLogger("rulebook.inbox")
pages = Blueprint("inbox", __name__)
csrf.exempt(pages)
_ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# A hook's reply is never a page on our origin.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}


@pages.route("/in/<token>", methods=_ALL, provide_automatic_options=False)
def take(token: str) -> Response:
    """Take one request for a hook; the bell rings after it is on disk."""
    most = house().config["MAX_BODY"]
    try:
        delivery = _delivery(token)
        receipt = receive(delivery, most)
        if receipt.fetch and fetch(receipt.fetch, house().egress):
            receipt = receive(delivery, most)
    except RequestEntityTooLarge:
        receipt = too_large(most)
    except Exception:
        # Our own trouble is never the sender's: with 503 it tries again.
        log.exception("A request for a hook could not be stored; it was answered 503.")
        db.session.rollback()
        receipt = NOT_STORED
    if receipt.judge:
        bell().event(receipt.judge)
    return Response(receipt.text, receipt.status, reply_headers(receipt))


def _delivery(token: str) -> Delivery:
    return Delivery(
        token=token,
        method=request.method,
        headers=list(request.headers.items()),
        body=request.get_data(cache=False, parse_form_data=False),
        query=request.query_string.decode("latin-1"),
        address=request.remote_addr or "",
    )


def reply_headers(receipt: Receipt) -> dict[str, str]:
    """The headers of an answer to a sender."""
    headers = {
        **receipt.headers,
        **_HEADERS,
        "Content-Type": f"{receipt.content_type}; charset=utf-8",
    }
    if receipt.status == 405:
        headers["Allow"] = ", ".join(METHODS)
    if receipt.status in (429, 503):
        headers["Retry-After"] = "10"
    return headers
