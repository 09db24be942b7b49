"""The first account, signing in and out, setting a password, light or dark."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zoneinfo import available_timezones

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain import accounts
from rulebook.domain.house import house
from rulebook.errors import Invalid, NotFound
from rulebook.storage import users
from web.fresh import before_words, given_at
from web.guard import own_page, session_cookie, who

_PARTS = frozenset(
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()
)

pages = Blueprint("accounts", __name__)


@pages.route("/setup/<token>", methods=["GET", "POST"])
def setup(token: str) -> ResponseReturnValue:
    """The first account, reached by the link that the start prints. Looking uses nothing up."""
    if users.anyone() or not accounts.link_works(token, "setup"):
        raise NotFound("link")
    return _make_account(partial(accounts.create_first_account, token), first=True)


@pages.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    """An account for anyone, where the settings allow that."""
    if not sign_up_is_open():
        raise NotFound()
    return _make_account(accounts.sign_up, first=False)


def sign_up_is_open() -> bool:
    """Whether strangers may make accounts here; the first one always takes the one-time link."""
    return house().config["SIGNUP"] == "open" and users.anyone()


def _make_account(make: Callable[..., str], first: bool) -> ResponseReturnValue:
    if request.method == "GET":
        return _form("setup.html", zones=zones(), first=first)
    given = [request.form.get(name, "") for name in ("email", "password", "workspace", "zone")]
    try:
        session = make(*given, request.remote_addr or "")
    except Invalid as error:
        return _form("setup.html", error, zones=zones(), first=first)
    return enter(session, url_for("home.index"))


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in."""
    there = own_page(request.values.get("next"))
    if request.method == "GET":
        return _form("sign_in.html", there=there, first=not users.anyone(), open=sign_up_is_open())
    try:
        session = accounts.sign_in(
            request.form.get("email", ""),
            request.form.get("password", ""),
            request.remote_addr or "",
        )
    except Invalid as error:
        return _form("sign_in.html", error, there=there, open=sign_up_is_open())
    return enter(session, there)


@pages.route("/prove", methods=["GET", "POST"])
def prove() -> ResponseReturnValue:
    """The password again, and then on to what was asked for."""
    there = own_page(request.values.get("next"))
    words = {"there": there, "before": before_words(there), "since": given_at(),
             "action": url_for("accounts.prove"), "held": ""}  # fmt: skip
    if request.method == "GET":
        return _form("prove.html", **words)
    token = request.cookies.get(session_cookie(), "")
    try:
        accounts.prove(token, request.form.get("password", ""), request.remote_addr or "")
    except Invalid as error:
        return _form("prove.html", error, **words)
    return redirect(there, 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session, here and in the table."""
    who()
    accounts.sign_out(request.cookies.get(session_cookie(), ""))
    answer = make_response(redirect(url_for("accounts.sign_in")))
    answer.delete_cookie(session_cookie(), secure=current_app.config["SECURE_COOKIES"])
    return answer


@pages.route("/password/<token>", methods=["GET", "POST"])
def password(token: str) -> ResponseReturnValue:
    """Set the password that a one-time link is for."""
    if not accounts.link_works(token, "password"):
        raise NotFound("link")
    if request.method == "GET":
        return _form("password.html")
    try:
        session = accounts.set_password(
            token, request.form.get("password", ""), request.remote_addr or ""
        )
    except Invalid as error:
        return _form("password.html", error)
    return enter(session, url_for("home.index"))


@pages.post("/theme")
def theme() -> ResponseReturnValue:
    """Light, dark, or as the system has it."""
    chosen = request.form.get("theme", "")
    answer = make_response(redirect(own_page(request.form.get("next"))))
    if chosen in ("light", "dark", "system"):
        answer.set_cookie("theme", chosen, max_age=31536000, samesite="Lax", httponly=True,
                          secure=current_app.config["SECURE_COOKIES"])  # fmt: skip
    return answer


def _form(template: str, error: Invalid | None = None, **more: object) -> ResponseReturnValue:
    errors = {p.pointer.lstrip("/"): p for p in error.problems} if error else {}
    page = render_template(template, errors=errors, given=request.form, **more)
    return page, 422 if error else 200


def enter(session: str, there: str) -> ResponseReturnValue:
    """On to a page, signed in with this session."""
    accounts.note_browser(session, request.headers.get("User-Agent", ""))
    answer = make_response(redirect(there, 303))
    answer.set_cookie(
        session_cookie(),
        session,
        max_age=int(accounts.LONGEST.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
    )
    return answer


def zones(chosen: str | None = None) -> list[tuple[str, str]]:
    """The time zones by continent and ocean, and the one that was chosen, as pairs for a select;
    their many other names are left out."""
    known = {name for name in available_timezones() if name.partition("/")[0] in _PARTS}
    return [(name, name.replace("_", " ")) for name in sorted(known | {"UTC", chosen or "UTC"})]
