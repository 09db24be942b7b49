"""The REST API under /api/v1: Bearer tokens, JSON in and out, errors as problem documents.

No cookie is looked at here, so there is nothing that another site could forge. Each noun has its
file; the table of calls (`calls.py`) makes the routes and the OpenAPI document alike.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from importlib import import_module

from flask import Blueprint, g, request

from rulebook.domain.tokens import bearer, note_use
from rulebook.errors import NotFound, NotSignedIn
from rulebook.storage import db, reading
from web.api.calls import CALLS, answer
from web.api.shapes import storable
from web.guard import csrf

NOUNS = (
    "hooks", "rules", "events", "runs", "connections", "targets", "problems", "fields", "tokens",
    "filters", "bulks", "people", "openapi",
)  # fmt: skip
for noun in NOUNS:
    import_module(f"{__name__}.{noun}")

pages = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(pages)
_BY_ENDPOINT = {f"api.{each.name}": each for each in CALLS}


def route_of(path: str) -> str:
    """A path of the table as Flask writes it: /hooks/{id} is /hooks/<id>."""
    return path.replace("{", "<").replace("}", ">")


for each in CALLS:
    pages.add_url_rule(
        route_of(each.path),
        each.name,
        partial(answer, each),
        methods=[each.method],
        provide_automatic_options=False,
    )


@pages.before_request
def _let_in() -> None:
    call = _BY_ENDPOINT[request.endpoint or ""]
    if call.right is None:
        return
    _recognise()
    if not all(storable(text) for text in (request.view_args or {}).values()):
        raise NotFound("thing")
    if call.reads:
        g.only_reads = ExitStack()
        g.only_reads.enter_context(reading())


def _recognise() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn(
            "This call needs a token.",
            "Send the header 'Authorization: Bearer TOKEN'; tokens are made under Settings.",
        )
    with reading():
        found = bearer(token, request.remote_addr or "")
        db.session.rollback()
    if found is None:
        raise NotSignedIn(
            "This token is not known, or not any more.", "Make a new one under Settings."
        )
    if found.stale:
        note_use(token)
    g.actor = found.actor
