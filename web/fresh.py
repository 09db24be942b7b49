"""What is dangerous asks for the password again, once it was given more than half an hour ago.

A form that was sent meanwhile is not lost: it waits in the page that asks, sealed, so that a secret
that stood in it is in no page, and is taken as it was once the password is right.
"""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from rulebook.domain import accounts
from rulebook.domain.house import house
from rulebook.errors import ConfigError, Invalid
from rulebook.storage.users import Session

# Endpoint -> what it is, after "before".
ASKS = {
    "taking.take_events": "events are exported",
    "taking.take_runs": "runs are exported",
    "events.reveal": "something hidden is shown",
    "hooks.show_again": "a hidden field is shown again",
    "people.invite": "somebody is invited",
    "people.role": "a role is changed",
    "people.remove": "somebody is removed",
    "people.hand_over": "the workspace is handed over",
    "people.leave": "you leave the workspace",
    "account.email": "your e-mail address is changed",
    "settings.make_token": "a token is made",
    "hooks.change": "a signing secret is changed",
    "hooks.rotate": "a hook gets a new address",
    "hooks.delete": "a hook is deleted",
    "ways.find": "a signing secret is changed",
    "ways.write_down": "a signing secret is changed",
    "connections.new": "a connection is made",
    "connections.edit": "a connection is changed",
    "connections.delete": "a connection is deleted",
}
# These do harmless things as well: they ask only where a form has one of these boxes.
ONLY_WITH = {"hooks.change": ("secret", "remove_secret", "provider")}
# What is taken away by looking; elsewhere looking is free, and doing is asked about.
BY_LOOKING = {"taking.take_events", "taking.take_runs"}
HELD = "held_form"


def ask_again(token: str) -> ResponseReturnValue | None:
    """The page that asks for the password, where it has to be given before this request; None
    where the request may go on. A form that waited is put in its place."""
    endpoint = request.endpoint or ""
    if not _dangerous(endpoint) or g.signed_in.fresh():
        return None
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("accounts.prove", next=request.full_path.rstrip("?")))
    if HELD not in request.form:
        return _page(endpoint, held=_seal(request.form))
    try:
        accounts.prove(token, request.form.get("password", ""), request.remote_addr or "")
    except Invalid as error:
        return _page(endpoint, error, request.form[HELD])
    request.form = _open(request.form[HELD])
    return None


def _dangerous(endpoint: str) -> bool:
    if endpoint not in ASKS:
        return False
    if request.method in ("GET", "HEAD"):
        return endpoint in BY_LOOKING
    boxes = ONLY_WITH.get(endpoint)
    return boxes is None or HELD in request.form or any(box in request.form for box in boxes)


def before_words(there: str) -> str:
    """What the page at an address of ours does, after "before"."""
    for endpoint in BY_LOOKING:
        if there.startswith(url_for(endpoint, kind="")):
            return ASKS[endpoint]
    return "you go on"


def _page(endpoint: str, error: Invalid | None = None, held: str = "") -> ResponseReturnValue:
    errors = {p.pointer.lstrip("/"): p for p in error.problems} if error else {}
    page = render_template("prove.html", before=ASKS[endpoint], held=held, errors=errors,
                           action=request.full_path.rstrip("?"), since=given_at())  # fmt: skip
    return page, 422 if error else 403


def given_at() -> Any:
    """When this session's password was last given."""
    session: Session = g.signed_in.session
    return session.proved_at or session.created_at


def _owner() -> str:
    """A waiting form is for this session and this address alone."""
    return f"{g.signed_in.session.id_hash} {request.path}"


def _seal(form: Any) -> str:
    pairs = [pair for pair in form.items(multi=True) if pair[0] != "csrf_token"]
    return house().sealer.seal(pairs, _owner())


def _open(held: str) -> ImmutableMultiDict[str, str]:
    try:
        pairs = house().sealer.open(held, _owner())
    except ConfigError:
        raise Invalid.at(
            "", "The form that waited cannot be read.", "Nothing was changed. Fill it in again."
        ) from None
    return ImmutableMultiDict([(name, value) for name, value in pairs])
