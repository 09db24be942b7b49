"""How a hook's sender signs: found from an event that came, or written down by hand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain import hooks as verbs
from rulebook.domain.find_scheme import find_scheme
from rulebook.domain.verify import scheme_of
from rulebook.errors import Invalid
from rulebook.providers import PROVIDERS
from rulebook.providers.schemes import describe
from web.guard import actor
from web.hooks import show_with

pages = Blueprint("ways", __name__)
BOXES = ("kind", "header", "prefix", "message", "algorithm", "encoding", "key", "timestamp_header",
         "unit", "id_header")  # fmt: skip


@pages.post("/hooks/<hook_id>/find")
def find(hook_id: str) -> ResponseReturnValue:
    """Look for the way of signing in an event that came, with the secret; keep both if found."""
    hook = verbs.find_hook(actor(), hook_id)
    secret = request.form.get("found_secret", "").strip()
    try:
        way = find_scheme(actor(), hook_id, request.form.get("event", ""), secret)
        if way is None:
            raise Invalid.at("/found_secret", "By no known way is the signature of this event "
                             "right with this secret.", "Is it this tool's secret, copied whole? "
                             "Else write the way down by hand.")  # fmt: skip
        if way.provider:
            verbs.change_hook(actor(), hook_id, provider=way.provider, secret=secret)
        else:
            verbs.change_hook(actor(), hook_id, settings={"scheme": way.scheme}, secret=secret)
    except Invalid as error:
        return show_with(hook, error), 422
    said = PROVIDERS[way.provider].label if way.provider else describe(_found(hook_id))
    flash(f"Found: {said}. From now on every event is checked.")
    return redirect(url_for("hooks.show", hook_id=hook_id) + "#check", 303)


def _found(hook_id: str) -> Any:
    return scheme_of(verbs.find_hook(actor(), hook_id))


@pages.post("/hooks/<hook_id>/scheme")
def write_down(hook_id: str) -> ResponseReturnValue:
    """Keep a way of signing as it was written down, and the secret; or take it away."""
    hook = verbs.find_hook(actor(), hook_id)
    actor().must("write")
    if "remove" in request.form:
        verbs.change_hook(actor(), hook_id, settings={"scheme": None}, secret="")
        flash("The way of signing is removed. Anyone with the web address can send to this hook.")
        return redirect(url_for("hooks.show", hook_id=hook_id) + "#check", 303)
    said = {name: request.form.get(name, "").strip() for name in BOXES}
    scheme: dict[str, Any] = {name: text for name, text in said.items() if text}
    secret = request.form.get("own_secret", "").strip()
    try:
        if not secret:
            raise Invalid.at("/own_secret", "The secret is empty.", "Paste it here.")
        verbs.change_hook(actor(), hook_id, settings={"scheme": scheme}, secret=secret)
    except Invalid as error:
        return show_with(hook, error), 422
    flash("Kept. From now on every event is checked this way.")
    return redirect(url_for("hooks.show", hook_id=hook_id) + "#check", 303)
