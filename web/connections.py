"""Connections: accounts elsewhere. Secrets go in and never come out again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.actions import CONNECTION_KINDS, ConnectionKind, Field, Outcome
from rulebook.domain import connections, targets
from rulebook.errors import Conflict, Invalid, NotFound
from rulebook.storage import connections as stored
from web.guard import actor, bell, own_page

pages = Blueprint("connections", __name__)
MOST_RUNG = 500  # the sweeper rings the others


@pages.get("/connections")
def index() -> ResponseReturnValue:
    """Every connection, what it is for, how it is doing; and the kinds one can add."""
    me = actor()
    found = stored.connections(me.workspace_id)
    return render_template(
        "connections.html",
        connections=found,
        accounts={each.id: connections.account_of(each) for each in found},
        users={each.id: connections.rules_using(me.workspace_id, each.id) for each in found},
        kinds=CONNECTION_KINDS,
        troubles=targets.troubles(me),
        kept=stored.count_messages(me.workspace_id),
        may_own=me.may("own"),
        may_send=me.may("send"),
    )


@pages.route("/connections/new/<kind>", methods=["GET", "POST"])
def new(kind: str) -> ResponseReturnValue:
    """A form drawn from the kind's own fields; saving tests at once."""
    me = actor()
    me.must("own")
    found = _kind(kind)
    if request.method == "GET":
        return _form(found)
    try:
        made = connections.make_connection(me, kind, request.form.get("name", ""), _given(found))
    except Invalid as error:
        return _form(found, error=error)
    return _test(made.id)


@pages.route("/connections/<connection_id>", methods=["GET", "POST"])
def edit(connection_id: str) -> ResponseReturnValue:
    """Another name, other fields; an empty secret stays as it is."""
    me = actor()
    me.must("own")
    connection = connections.find_connection(me, connection_id)
    found = _kind(connection.kind)
    if request.method == "GET":
        return _form(found, connection)
    given = _given(found)
    changes = {f.name: given.get(f.name, "") for f in found.fields if not f.hidden} | given
    try:
        connections.change_connection(me, connection_id, request.form.get("name", ""), changes)
    except Invalid as error:
        return _form(found, connection, error)
    return _test(connection_id)


@pages.post("/connections/<connection_id>/test")
def test(connection_id: str) -> ResponseReturnValue:
    """Ask the other side whether the credentials are good."""
    return _test(connection_id)


@pages.post("/connections/<connection_id>/delete")
def delete(connection_id: str) -> ResponseReturnValue:
    """Forget the credentials, unless a rule needs them."""
    me = actor()
    name = connections.find_connection(me, connection_id).name
    try:
        connections.delete_connection(me, connection_id)
    except Invalid as error:
        flash(f"Not deleted. {error.message} {error.fix}", "doubt")
    else:
        flash(f"{name} is deleted; its secrets are gone.", "ok")
    return redirect(url_for("connections.index"), 303)


@pages.post("/connections/targets/on")
def switch_on() -> ResponseReturnValue:
    """Send to a target again that was switched off; what was held is sent or cancelled."""
    name = request.form.get("name", "")
    try:
        done = targets.switch_on(actor(), name, request.form.get("held", ""))
    except (Conflict, Invalid) as refused:
        flash(f"Nothing was changed. {refused.message} {refused.fix}", "doubt")
    else:
        bell().runs(done.due[:MOST_RUNG])
        flash(f"It is switched on again. {_became(done)}".strip(), "ok")
    return redirect(url_for("connections.index"), 303)


def _became(done: targets.SwitchedOn) -> str:
    count = len(done.due) or done.cancelled
    if not count:
        return ""
    runs = "One held run is" if count == 1 else f"{count} held runs are"
    return f"{runs} {'due now' if done.due else 'cancelled'}."


def _kind(kind: str) -> ConnectionKind:
    if kind not in CONNECTION_KINDS:
        raise NotFound("kind of connection")
    return CONNECTION_KINDS[kind]


def _test(connection_id: str) -> ResponseReturnValue:
    """Test, say how it went, go on to the list; what does not work yet stays saved."""
    outcome = connections.test_connection(actor(), connection_id)
    tried = connections.find_connection(actor(), connection_id).test_ok is not None
    flash(*(_said(outcome) if tried else (outcome.sentence, "ok")))
    return redirect(own_page(request.values.get("next"), url_for("connections.index")), 303)


def _said(outcome: Outcome) -> tuple[str, str]:
    if outcome.kind == "yes":
        return f"It works. {outcome.sentence}", "ok"
    return f"It is saved, but the test failed. {outcome.sentence} {outcome.fix}", "doubt"


def _given(kind: ConnectionKind) -> dict[str, Any]:
    """What the form says, without empty boxes."""
    found = {field.name: _read(field, request.form.get(field.name, "")) for field in kind.fields}
    return {name: value for name, value in found.items() if value != ""}


def _read(field: Field, text: str) -> Any:
    if field.kind == "yesno":
        return bool(text)
    # A secret may begin with a blank; whoever pastes a secret rarely means the blank.
    text = text.strip()
    if field.kind == "number" and text:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text
    return text


def _form(
    kind: ConnectionKind, connection: stored.Connection | None = None, error: Invalid | None = None
) -> ResponseReturnValue:
    values: Any = connection.config if connection else {}
    name = connection.name if connection else kind.label
    if request.method == "POST":
        values, name = request.form, request.form.get("name", "")
    errors = {p.pointer.removeprefix("/config"): p for p in error.problems} if error else {}
    page = render_template(
        "connection.html", kind=kind, connection=connection, values=values, name=name,
        errors=errors, stored=connections.secrets_of(connection) if connection else (),
        users=connections.rules_using(connection.workspace_id, connection.id) if connection else (),
        there=request.values.get("next", ""),
    )  # fmt: skip
    return page, 422 if error else 200
