"""Who may come in, and what every answer carries. Deny unless allowed: every page asks for a
signed-in person except those listed in PUBLIC."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from rulebook.domain import accounts
from rulebook.domain.accounts import SignedIn
from rulebook.domain.actor import Actor
from rulebook.domain.house import house
from rulebook.jobs.queue import Bell
from rulebook.storage import db, reading, utcnow
from web import polling
from web.fresh import ask_again

PUBLIC = {
    "static",
    "health.healthz", "health.readyz", "health.metrics",
    "inbox.take",
    "evidence.show",
    "accounts.setup", "accounts.sign_up", "accounts.sign_in", "accounts.password", "accounts.theme",
    "people.join",
}  # fmt: skip
# Blueprints that carry no cookie and check their own callers.
OWN_DOOR = ("inbox", "callbacks", "api")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    proxies = house_of(app)["TRUSTED_PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies)  # type: ignore[method-assign]
    app.before_request(_let_in)
    app.after_request(_dress)
    app.teardown_request(_leave)


def house_of(app: Flask):
    """The settings of an app outside of a request."""
    return app.extensions["rulebook"].config


def bell() -> Bell:
    """The doorbell of the current app."""
    found: Bell = current_app.extensions["bell"]
    return found


def session_cookie() -> str:
    """The name of the session's cookie: tied to the host where https makes that possible."""
    secure = current_app.config["SECURE_COOKIES"]
    return "__Host-rulebook_session" if secure else "rulebook_session"


def who() -> SignedIn:
    """The signed-in person of this request."""
    found: SignedIn = g.signed_in
    return found


def actor() -> Actor:
    """The signed-in person as someone who does things."""
    here = who()
    return Actor(here.workspace.id, here.user.id, here.role, request.remote_addr or "")


def _let_in() -> ResponseReturnValue | None:
    g.signed_in = None
    if request.blueprint in OWN_DOOR or request.endpoint == "static":
        return None
    reads = request.method in ("GET", "HEAD")
    if reads:
        polling.begin()
    if not reads and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)
    _recognise(go_on=reads)
    if reads:
        g.only_reads = ExitStack()
        g.only_reads.enter_context(reading())
    if g.signed_in:
        return ask_again(request.cookies.get(session_cookie(), "")) or polling.nothing_new()
    if request.endpoint is None or request.endpoint in PUBLIC:
        return None
    return _ask_to_sign_in()


def _recognise(go_on: bool) -> None:
    """Who asks. go_on: what follows only reads as well, in the same transaction."""
    token = request.cookies.get(session_cookie())
    if not token:
        return
    with reading():
        g.signed_in = accounts.signed_in(token)
        stale = g.signed_in and g.signed_in.session.seen_at + accounts.SEEN_EVERY < utcnow()
        if stale or not go_on:
            db.session.rollback()
    if stale:
        accounts.seen(token)


def _ask_to_sign_in() -> ResponseReturnValue:
    there = request.full_path.rstrip("?") if request.method == "GET" else None
    target = url_for("accounts.sign_in", next=there if there != "/" else None)
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _leave(error: BaseException | None) -> None:
    only_reads = g.pop("only_reads", None)
    if only_reads is not None:
        only_reads.close()


def _dress(response: Response) -> Response:
    """The headers that every answer carries."""
    polling.end(response)
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    if current_app.config["SECURE_COOKIES"]:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def own_page(there: str | None, otherwise: str | None = None) -> str:
    """A path of ours to go on to; what might lead elsewhere becomes `otherwise`, or Home."""
    given = there or ""
    home = otherwise or url_for("home.index")
    try:
        parts = urlsplit(given.replace("\\", "/"))
    except ValueError:
        return home
    ours = parts.path.startswith("/") and not parts.path.startswith("//")
    if parts.scheme or parts.netloc or not ours or any(c <= " " for c in given):
        return home
    return given


def public_url() -> str:
    """Where links lead; never taken from a request's Host."""
    return house().config.public_url
