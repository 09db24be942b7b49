"""Your account: name and time zone, e-mail address, password, and where you are signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.actions import Outcome
from rulebook.domain import accounts, oneself, phones
from rulebook.domain.letters import NO_WAY, write_to
from rulebook.errors import Conflict, Invalid, NotFound
from rulebook.storage import utcnow
from rulebook.storage.confirmations import Confirmation
from web.accounts import enter, zones
from web.alerts import by_mail
from web.guard import actor, public_url, session_cookie, who
from web.shown import stamp, zone

pages = Blueprint("account", __name__)

TO_THE_NEW = """{old} asked in Rulebook to be {new} from now on.

Open this link where you are signed in as {old}, and it is done. It works once, until {until}:
{link}

If you do not know what this is about, do nothing: then nothing is changed.
"""
TO_THE_OLD = """Your account in Rulebook has another e-mail address: {new} instead of {old}.
It was changed {when}, from {address}. You sign in with the new one, and no more mail comes here.

If that was not you, tell whoever runs Rulebook at once: `rulebook user password {new}` gives them a
link that sets a new password and ends every session.
"""
PASSWORD_CHANGED = """The password of your account in Rulebook was changed: {email}.
It was changed {when}, from {address}. Every other session has ended.

If that was not you, tell whoever runs Rulebook at once: `rulebook user password {email}` gives them
a link that sets a new one.
"""
BY_COMMAND = "whoever runs Rulebook change it: `rulebook user email OLD NEW`."
# What stands in a browser's name for itself, the more special first -> how people call it.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
            ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("Chrome/", "Chrome"),
            ("CriOS", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
           ("Windows", "Windows"), ("Mac OS X", "a Mac"), ("Linux", "Linux"))  # fmt: skip


@pages.get("/account")
def index() -> ResponseReturnValue:
    """All of it on one page."""
    return _page()


@pages.post("/account")
def change() -> ResponseReturnValue:
    """Name and time zone."""
    form = request.form
    try:
        oneself.change_words(actor(), form.get("name", ""), form.get("zone", ""))
    except Invalid as error:
        return _page(error)
    flash("Saved.", "ok")
    return redirect(url_for("account.index"), 303)


@pages.post("/account/email")
def email() -> ResponseReturnValue:
    """Send a link to a new address; nothing is changed before it is opened."""
    me = actor()
    old = who().user.email
    try:
        new, token = oneself.ask_for_email(me, request.form.get("email", ""))
    except Invalid as error:
        return _page(error)
    until = f"{stamp(utcnow() + oneself.LINK_LASTS)} ({zone().key})"
    link = f"{public_url()}{url_for('account.confirm', token=token)}"
    letter = TO_THE_NEW.format(old=old, new=new, until=until, link=link)
    sent = write_to(me.workspace_id, new, "[Rulebook] Is this your address?", letter)
    if sent.kind in ("yes", "ambiguous"):
        return redirect(url_for("account.index") + "#email", 303)
    oneself.forget_email(me)
    fix = f"{sent.fix} Or have {BY_COMMAND}" if sent is NO_WAY else sent.fix
    return _page(Invalid.at("/email", f"Nothing was changed: {_why_not(sent)}", fix))


@pages.post("/account/email/forget")
def forget() -> ResponseReturnValue:
    """Keep the address that there is."""
    oneself.forget_email(actor())
    flash("Your address stays as it is: the link that was sent leads nowhere any more.", "ok")
    return redirect(url_for("account.index"), 303)


@pages.route("/account/new-email/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """The new address is one's own. Looking uses nothing up."""
    me = actor()
    asked = oneself.asked_for(me, token)
    if request.method == "GET":
        return render_template("new_email.html", new=asked.value)
    try:
        old, new = oneself.confirm_email(me, token)
    except Conflict as refused:
        flash(f"{refused.message} {refused.fix}", "doubt")
        return redirect(url_for("account.index"), 303)
    letter = TO_THE_OLD.format(old=old, new=new, **_when_and_where())
    told = _notice(old, "[Rulebook] Your address was changed", letter)
    flash(f"You sign in as {new} from now on. {told}", "ok")
    return redirect(url_for("account.index"), 303)


@pages.post("/account/password")
def password() -> ResponseReturnValue:
    """Another password; whoever is signed in elsewhere is signed out."""
    form, mine = request.form, who().user.email
    token = request.cookies.get(session_cookie(), "")
    try:
        session = accounts.change_password(
            token, form.get("present", ""), form.get("password", ""), request.remote_addr or ""
        )
    except Invalid as error:
        return _page(error)
    letter = PASSWORD_CHANGED.format(email=mine, **_when_and_where())
    told = _notice(mine, "[Rulebook] Your password was changed", letter)
    flash(f"Your password is changed, and every other session has ended. {told}", "ok")
    return enter(session, url_for("account.index"))


@pages.post("/account/sessions/end")
def end_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    ended = oneself.end_other_sessions(actor(), request.cookies.get(session_cookie(), ""))
    many = f"{ended} other session{'s have' if ended != 1 else ' has'} ended."
    flash(many if ended else "There was no other session.", "ok")
    return redirect(url_for("account.index") + "#sessions", 303)


@pages.post("/account/sessions/end-one")
def end_one() -> ResponseReturnValue:
    """Sign out in one other place."""
    try:
        ended = oneself.end_session(actor(), request.form.get("session", ""))
    except NotFound:
        flash("That session had ended already.", "ok")
    else:
        flash(f"{browser_words(ended.agent)} is signed out.", "ok")
    return redirect(url_for("account.index") + "#sessions", 303)


@pages.post("/account/phone")
def phone() -> ResponseReturnValue:
    """Send a code to a number; it is one's own once the code is typed in."""
    try:
        sent = phones.ask_for_phone(actor(), request.form.get("phone", ""))
    except Invalid as error:
        return _page(error)
    if sent.kind not in ("yes", "ambiguous"):
        why = f"Nothing was changed. {sent.sentence}"
        return _page(Invalid.at("/phone", why, sent.fix))
    return redirect(url_for("account.index") + "#phone", 303)


@pages.post("/account/phone/code")
def code() -> ResponseReturnValue:
    """The code that came: the number is one's own."""
    try:
        user = phones.confirm_phone(actor(), request.form.get("code", ""))
    except Invalid as error:
        return _page(error)
    except Conflict as refused:
        flash(f"Nothing was changed. {refused.message} {refused.fix}", "doubt")
    else:
        flash(f"{phones.readable(user.phone)} is your number now.", "ok")
    return redirect(url_for("account.index") + "#phone", 303)


@pages.post("/account/phone/remove")
def remove_phone() -> ResponseReturnValue:
    """No number is one's own."""
    phones.remove_phone(actor())
    flash("No number is yours any more. Rules that name it go on as they are.", "ok")
    return redirect(url_for("account.index") + "#phone", 303)


def _when_and_where() -> dict[str, str]:
    return {"when": f"on {stamp(utcnow())} ({zone().key})",
            "address": request.remote_addr or "an unknown address"}  # fmt: skip


def _notice(to: str, subject: str, text: str) -> str:
    """Tell an address what happened; what came of that, as a sentence."""
    sent = write_to(actor().workspace_id, to, subject, text)
    if sent.kind == "yes":
        return f"A notice went to {to}."
    return f"No notice could be sent to {to}: {_why_not(sent)}"


def _why_not(sent: Outcome) -> str:
    return "there is no mail server." if sent is NO_WAY else sent.sentence


def browser_words(agent: str) -> str:
    """What a browser calls itself, in words: "Firefox on Windows"."""
    browser = next((word for mark, word in BROWSERS if mark in agent), "")
    system = next((word for mark, word in SYSTEMS if mark in agent), "")
    if not browser and not system:
        return "A browser"
    return f"{browser or 'A browser'} on {system}" if system else browser


def _page(error: Invalid | None = None) -> ResponseReturnValue:
    me, here = actor(), who().session.id_hash
    waits: Confirmation | None = oneself.waiting_email(me)
    page = render_template(
        "account.html",
        errors={p.pointer.lstrip("/"): p for p in error.problems} if error else {},
        given=request.form,
        zones=[("", f"As the workspace: {who().workspace.zone}"), *zones(who().user.zone)],
        waits=waits,
        rings=phones.waiting_phone(me),
        texts=phones.text_way(me.workspace_id) is not None,
        may_send=me.may("send"),
        may_own=me.may("own"),
        mails=bool(by_mail(me.workspace_id)),
        sessions=sorted(oneself.my_sessions(me), key=lambda each: each.id_hash != here),
        here=here,
        browser_words=browser_words,
        session_name=oneself.session_name,
    )
    return page, 422 if error else 200
