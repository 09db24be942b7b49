"""Alerts: what is told to whom and by which way, what was told, what goes wrong with telling."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from rulebook.actions import ACTIONS
from rulebook.domain import alerts as telling
from rulebook.domain.house import house
from rulebook.domain.told import alerts_told, problems_told
from rulebook.errors import ConfigError, Invalid
from rulebook.storage import alerts, connections
from web.guard import actor

pages = Blueprint("alerts", __name__)

NEWEST = 30
# State of an alert -> (kind of mark, word, icon).
WORDS = {
    "planned": ("wait", "Waiting", "wait"),
    "sending": ("wait", "Sending", "send"),
    "sent": ("ok", "Sent", "ok"),
    "failed": ("bad", "Failed", "fail"),
    "unknown": ("doubt", "May have been sent", "doubt"),
    "kept": ("off", "Not sent: no way", "outbox"),
}


@pages.get("/alerts")
def index() -> ResponseReturnValue:
    """Choices above, then what was told."""
    return _page()


@pages.post("/alerts/mine")
def mine() -> ResponseReturnValue:
    """What the signed-in person wants to be told of."""
    telling.choose_kinds(actor(), request.form.getlist("kind"), "endings" in request.form)
    flash("Saved. This is for you alone.", "ok")
    return redirect(url_for("alerts.index"), 303)


@pages.post("/alerts/try")
def try_mail() -> ResponseReturnValue:
    """Whether the mail server in the settings lets us in; no message is sent."""
    tried = telling.try_mail(actor())
    if tried.kind == "yes":
        flash(tried.sentence, "ok")
    else:
        flash(f"No mail can leave by the mail server in the settings. {tried.sentence} {tried.fix}",
              "bad")  # fmt: skip
    return redirect(url_for("alerts.index") + "#ways", 303)


@pages.post("/alerts/ways")
def ways() -> ResponseReturnValue:
    """By which ways the workspace's alerts go."""
    action, _, connection = request.form.get("other", "").partition(" ")
    to = request.form.get("to", "") if action else ""
    try:
        telling.choose_ways(actor(), request.form.get("mail"), action, connection or None, to)
    except Invalid as error:
        return _page(error)
    flash("Saved. The next alert goes this way.", "ok")
    return redirect(url_for("alerts.index"), 303)


def _page(error: Invalid | None = None) -> ResponseReturnValue:
    me = actor()
    way = alerts.way_of(me.workspace_id)
    choice = alerts.choices(me.workspace_id).get(me.user_id or "")
    chosen = f"{way.other_action} {way.other_connection or ''}".strip()
    told = alerts_told(me.workspace_id, NEWEST)
    page = render_template(
        "alerts.html",
        kinds=[(kind, words[0]) for kind, words in telling.KINDS.items()],
        wanted=telling.wants(choice, me.role),
        endings=choice.endings if choice else True,
        way=way,
        by=by_mail(me.workspace_id),
        mails=_mails(me.workspace_id),
        others=_others(me.workspace_id),
        chosen=chosen,
        given=request.form if error else MultiDict(),
        errors={p.pointer.lstrip("/"): p for p in error.problems} if error else {},
        problems=problems_told(me.workspace_id, NEWEST),
        told=told,
        reached={each for alert in told if alert.state != "kept" for each in alert.notices},
        kept={each for alert in told if alert.state == "kept" for each in alert.notices},
        words=WORDS,
        may_own=me.may("own"),
        own=bool(house().config["MAIL_URL"]),
    )
    return page, 422 if error else 200


def by_mail(workspace_id: str) -> str:
    """By what e-mail to the people goes, in words; empty where there is no way."""
    try:
        way = telling.mail_way(workspace_id)
    except ConfigError:
        return ""
    if way is None:
        return ""
    found = connections.connection(workspace_id, way.connection_id) if way.connection_id else None
    return found.name if found else "the mail server in the settings"


def _mails(workspace_id: str) -> list[tuple[str, str]]:
    able = _able(workspace_id, "person")
    own = "the mail server in the settings" if house().config["MAIL_URL"] else "the first there is"
    return [("", f"Whatever is there: {own}"), *((each, name) for _, each, name in able)]


def _others(workspace_id: str) -> list[tuple[str, str]]:
    """Each other way as the value of an option: action and connection."""
    plain = [(name, action.label) for name, action in ACTIONS.items()
             if action.alerts == "one" and not action.practice]  # fmt: skip
    through = [(f"{action} {each}", f"{ACTIONS[action].label}: {name}")
               for action, each, name in _able(workspace_id, "one")]  # fmt: skip
    return [("", "No other way"), *through, *plain]


def _able(workspace_id: str, alerts_to: str) -> list[tuple[str, str, str]]:
    """Action, connection and its name, for each connection by which such alerts can go."""
    return [
        (name, each.id, each.name)
        for name, action in ACTIONS.items()
        if action.alerts == alerts_to
        for each in connections.connections(workspace_id)
        if each.kind in [kind.name for kind in action.connections]
    ]
