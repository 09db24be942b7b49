"""People of the workspace: who is here, who is invited, what each may do; and joining."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from rulebook.actions import Outcome
from rulebook.domain import accounts, people
from rulebook.domain.actor import Actor
from rulebook.domain.letters import NO_WAY, write_to
from rulebook.errors import Conflict, Invalid
from rulebook.storage import invites, users, utcnow, workspaces
from rulebook.storage.invites import Invite
from web.accounts import enter
from web.guard import actor, public_url, session_cookie, who

pages = Blueprint("people", __name__)

ROLE_WORDS = {
    "owner": "everything, people and connections too",
    "editor": "hooks, rules, sending",
    "viewer": "looking only",
}
LETTER = """{inviter} invites you to the workspace {workspace} in Rulebook, as {role}: {words}.

Open this link to join. It works once, until {until}:
{link}

If you do not know what this is about, do nothing.
"""


@pages.get("/settings/people")
def index() -> ResponseReturnValue:
    """Who is here and who is invited."""
    return _page()


@pages.post("/settings/people/invite")
def invite() -> ResponseReturnValue:
    """Invite somebody by e-mail; where none can be sent, the link is shown, this once."""
    me = actor()
    email, role = request.form.get("email", ""), request.form.get("role", "")
    try:
        made, token = people.invite(me, email, role)
    except Invalid as error:
        return _page(error)
    sent, link = send_invitation(me, made, token)
    if sent.kind == "yes":
        flash(f"An invitation is on its way to {made.email}. It works once, for 7 days.", "ok")
        return redirect(url_for("people.index"), 303)
    why = "" if sent is NO_WAY else f"The e-mail could not be sent. {sent.sentence}"
    return _page(made=(made.email, link, why or f"{sent.sentence} {sent.fix}"))


def send_invitation(me: Actor, made: Invite, token: str) -> tuple[Outcome, str]:
    """Send an invitation by e-mail and note that it went; what came of it, and the link."""
    link = f"{public_url()}{url_for('people.join', token=token)}"
    inviter, here = users.user_by_id(me.user_id or ""), workspaces.workspace(me.workspace_id).name
    letter = LETTER.format(
        inviter=inviter.email if inviter else "Somebody",
        workspace=here,
        role=made.role,
        words=ROLE_WORDS[made.role],
        until=f"{made.expires_at:%d %B %Y}",
        link=link,
    )
    sent = write_to(me.workspace_id, made.email, f"[{here}] You are invited", letter)
    if sent.kind == "yes":
        people.mailed(me, made.id)
    return sent, link


@pages.post("/settings/people/invites/<invite_id>/revoke")
def revoke(invite_id: str) -> ResponseReturnValue:
    """The invitation leads nowhere from now on."""
    found = people.revoke_invite(actor(), invite_id)
    flash(f"The invitation of {found.email} is revoked: its link leads nowhere any more.", "ok")
    return redirect(url_for("people.index"), 303)


@pages.post("/settings/people/<user_id>/role")
def role(user_id: str) -> ResponseReturnValue:
    """Another role for somebody."""
    chosen = request.form.get("role", "")
    try:
        user = people.change_role(actor(), user_id, chosen)
    except (Conflict, Invalid) as refused:
        return _refused(refused)
    flash(f"{user.email} is {chosen} now: {ROLE_WORDS[chosen]}.", "ok")
    return redirect(url_for("people.index"), 303)


@pages.post("/settings/people/<user_id>/remove")
def remove(user_id: str) -> ResponseReturnValue:
    """Somebody is no longer of the workspace."""
    try:
        user = people.remove(actor(), user_id)
    except Conflict as refused:
        return _refused(refused)
    flash(f"{user.email} is removed: signed out of here, tokens revoked. What they made stays.")
    return redirect(url_for("people.index"), 303)


@pages.post("/settings/people/<user_id>/owner")
def hand_over(user_id: str) -> ResponseReturnValue:
    """Somebody else owns the workspace; one is an editor then."""
    try:
        user = people.hand_over(actor(), user_id)
    except Conflict as refused:
        return _refused(refused)
    flash(f"{user.email} owns this workspace now. You are an editor.", "ok")
    return redirect(url_for("people.index"), 303)


@pages.post("/settings/people/leave")
def leave() -> ResponseReturnValue:
    """Leave the workspace; on in another of one's own, or out."""
    try:
        people.leave(actor())
    except Conflict as refused:
        return _refused(refused)
    return redirect(url_for("accounts.sign_in"), 303)


def _refused(refused: Conflict | Invalid) -> ResponseReturnValue:
    flash(f"Nothing was changed. {refused.message} {refused.fix}", "doubt")
    return redirect(url_for("people.index"), 303)


@pages.post("/workspaces/<workspace_id>")
def enter_workspace(workspace_id: str) -> ResponseReturnValue:
    """Go on in another workspace that one is in."""
    accounts.enter_workspace(request.cookies.get(session_cookie(), ""), workspace_id)
    return redirect(url_for("home.index"), 303)


@pages.route("/join/<token>", methods=["GET", "POST"])
def join(token: str) -> ResponseReturnValue:
    """Accept an invitation. Looking uses nothing up."""
    if request.method == "GET":
        return _join_page(accounts.invited(token))
    try:
        session = accounts.join(token, request.form.get("password", ""), request.remote_addr or "")
    except Invalid as error:
        return _join_page(accounts.invited(token), error)
    return enter(session, url_for("home.index"))


def _join_page(found: Invite, error: Invalid | None = None) -> ResponseReturnValue:
    inviter = users.user_by_id(found.made_by) if found.made_by else None
    page = render_template(
        "join.html",
        invite=found,
        inviter=inviter.email if inviter else "",
        into=workspaces.workspace(found.workspace_id).name,
        known=users.user_by_email(found.email) is not None,
        words=ROLE_WORDS[found.role],
        errors={p.pointer.lstrip("/"): p for p in error.problems} if error else {},
    )
    answer = make_response(page, 422 if error else 200)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _page(
    error: Invalid | None = None, made: tuple[str, str, str] | None = None
) -> ResponseReturnValue | Response:
    me = actor()
    found, now = workspaces.members(me.workspace_id), utcnow()
    asked = [(each, each.expires_at <= now) for each in invites.open_invites(me.workspace_id)]
    page = render_template(
        "people.html",
        people=found,
        owners=sum(each == "owner" for _, each in found),
        invites=asked,
        roles=[(name, f"{name.capitalize()}: {words}") for name, words in ROLE_WORDS.items()],
        role_words=ROLE_WORDS,
        others=[w for w in workspaces.workspaces_of(who().user.id) if w.id != me.workspace_id],
        errors={p.pointer.lstrip("/"): p for p in error.problems} if error else {},
        given=MultiDict() if made else request.form,
        made=made,
        may_own=me.may("people"),
    )  # fmt: skip
    return page, 422 if error else 200
