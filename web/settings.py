"""Settings: the workspace, its people and tokens, what is in force here, who did what."""

from __future__ import annotations

import platform
import sqlite3
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from rulebook.config import SETTINGS, Setting
from rulebook.domain import tokens
from rulebook.domain.actor import SCOPES
from rulebook.domain.house import house
from rulebook.domain.workspaces import change_workspace
from rulebook.errors import Invalid
from rulebook.storage import audit, db, users, workspaces
from rulebook.storage.audit import AuditEntry
from web.accounts import zones
from web.guard import actor, who
from web.people import ROLE_WORDS

pages = Blueprint("settings", __name__)

ENTRIES = 50
SCOPE_WORDS = {
    "read": "Read events, rules, runs",
    "write": "Change hooks and rules",
    "send": "Send: retry, replay, settle",
    "people": "Invite, change and remove people, but no owners",
}
DEEDS = {
    "account.create": "made the account",
    "account.name": "changed their name",
    "account.zone": "chose the time zone of their pages",
    "account.email": "changed their e-mail address",
    "account.password": "changed their password",
    "account.phone": "confirmed a phone number of their own",
    "account.no_phone": "removed their phone number",
    "account.session": "signed out in one other place",
    "account.sessions": "signed out everywhere else",
    "alert.ways": "changed the ways of alerts",
    "attention.dismiss": "marked failures as dealt with",
    "attention.mute": "muted",
    "attention.unmute": "wants to hear again of a problem",
    "bulk.replay": "replayed many events at once",
    "bulk.retry": "retried many runs at once",
    "bulk.release": "let many held runs go on at once",
    "bulk.cancel": "cancelled many runs at once",
    "bulk.one_each": "had one held run for each person sent, and the others cancelled",
    "bulk.stop": "stopped what was done to many at once",
    "connection.create": "added the connection",
    "connection.change": "changed the connection",
    "connection.test": "tested a connection",
    "connection.delete": "deleted the connection",
    "event.pin": "pinned an event",
    "event.replay": "replayed an event",
    "event.unpin": "took the pin out of an event",
    "event.reveal": "read the exact bytes of an event, with what is hidden in them",
    "evidence.create": "made a link to show an event",
    "evidence.revoke": "revoked a link that shows an event",
    "person.invite": "invited",
    "person.uninvite": "revoked the invitation of",
    "person.join": "joined",
    "person.role": "changed a role",
    "person.remove": "removed",
    "person.leave": "left",
    "person.handover": "handed the workspace over to",
    "hook.create": "made the hook",
    "hook.change": "changed a hook",
    "hook.rotate": "gave a new address to",
    "hook.hide": "hid fields of a hook",
    "hook.show": "shows fields of a hook again",
    "hook.release": "let held events go on at",
    "hook.delete": "deleted the hook",
    "rule.create": "made the rule",
    "rule.save": "saved a rule",
    "rule.test": "sent a real test of a rule",
    "rule.switch": "switched a rule",
    "rule.move": "moved a rule",
    "rule.delete": "deleted the rule",
    "rule.release": "let held runs go on of",
    "rule.cancel": "cancelled held runs of",
    "run.retry": "retried a run",
    "run.hurry": "made a run due at once",
    "run.resolve": "settled a run",
    "run.cancel": "cancelled a run",
    "run.release": "let a held run go on",
    "target.on": "switched a target on again",
    "token.create": "made the token",
    "token.revoke": "revoked the token",
    "workspace.change": "changed the workspace to",
}
_IDS = (
    "run.retry",
    "evidence.create",
    "evidence.revoke",
    "event.reveal",
)  # their detail is an id, which says nothing to a reader


@pages.get("/settings")
def index() -> ResponseReturnValue:
    """Everything on one page."""
    return _page()


@pages.post("/settings/workspace")
def workspace() -> ResponseReturnValue:
    """Name and time zone."""
    try:
        change_workspace(actor(), request.form.get("workspace", ""), request.form.get("zone", ""))
    except Invalid as error:
        return _page(error=error)
    flash("Saved. Messages and pages use the zone, but for who chose one of their own.", "ok")
    return redirect(url_for("settings.index"), 303)


@pages.post("/settings/tokens")
def make_token() -> ResponseReturnValue:
    """A token for the API; its text is in this one answer and nowhere else."""
    actor().must("write")
    chosen = request.form.getlist("scope")
    try:
        if not chosen:
            raise Invalid.at("/scopes", "A token that may do nothing is of no use.", "Tick one.")
        token, text = tokens.make_token(actor(), request.form.get("name", ""), chosen)
    except Invalid as error:
        return _page(error=error)
    return _page(made=(token.name, text))


@pages.post("/settings/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """The token stops working at once."""
    tokens.revoke_token(actor(), token_id)
    flash("The token is revoked: it does not work any more.", "ok")
    return redirect(url_for("settings.index") + "#tokens", 303)


def _page(error: Invalid | None = None, made: tuple[str, str] | None = None) -> ResponseReturnValue:
    me = actor()
    people = workspaces.members(me.workspace_id)
    page = render_template(
        "settings.html",
        errors={p.pointer.lstrip("/"): p for p in error.problems} if error else {},
        given=MultiDict() if made else request.form,
        zones=zones(who().workspace.zone),
        people=people,
        role_words=ROLE_WORDS,
        tokens=users.tokens_of(me.workspace_id),
        emails={user.id: user.email for user, _ in people},
        scopes=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES if me.may(scope)],
        made=made,
        in_force=_in_force() if me.may("own") else [],
        entries=[(entry, _deed(entry)) for entry in audit.entries(me.workspace_id, ENTRIES)],
        about=_about(),
        may_own=me.may("own"),
        may_write=me.may("write"),
    )
    return page, 422 if error else 200


def _in_force() -> list[tuple[str, str, str]]:
    """Every setting: its variable, its value in words, what it does."""
    config = house().config
    return [(f"RULEBOOK_{s.name}", _value(s, config[s.name]), s.sentence) for s in SETTINGS]


def _value(setting: Setting, value: Any) -> str:
    if setting.secret:
        return "set, not shown" if value else "not set"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) if value != "" else "not set"


def _deed(entry: AuditEntry) -> str:
    words = DEEDS.get(entry.what, entry.what.replace(".", " "))
    return words if entry.what in _IDS or not entry.detail else f"{words}: {entry.detail}"


def _about() -> list[tuple[str, str]]:
    kind = db.engine.dialect.name
    database = f"SQLite {sqlite3.sqlite_version}" if kind == "sqlite" else "PostgreSQL"
    return [("Database", database), ("Python", platform.python_version())]
