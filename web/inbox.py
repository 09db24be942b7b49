"""The address of a hook, as a plain Flask route: the same story as the front door's."""

from __future__ import annotations

from flask import Blueprint, Response, request

from rulebook.domain.house import house
from rulebook.domain.receive import METHODS, Delivery, Receipt, receive
from web.guard import bell, csrf

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
    delivery = Delivery(
        token=token,
        method=request.method,
        headers=list(request.headers.items()),
        body=request.get_data(cache=False, parse_form_data=False),
        query=request.query_string.decode("latin-1"),
        address=request.remote_addr or "",
    )
    receipt = receive(delivery, house().config["MAX_BODY"])
    if receipt.judge:
        bell().event(receipt.judge)
    return Response(receipt.text, receipt.status, reply_headers(receipt))


def reply_headers(receipt: Receipt) -> dict[str, str]:
    """The headers of an answer to a sender."""
    headers = {**_HEADERS, "Content-Type": f"{receipt.content_type}; charset=utf-8"}
    if receipt.status == 405:
        headers["Allow"] = ", ".join(METHODS)
    if receipt.status == 503:
        headers["Retry-After"] = "10"
    return headers
