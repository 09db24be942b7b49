"""The page behind an evidence link: one event, masked, for somebody without an account."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, current_app, g
from flask.typing import ResponseReturnValue
from jinja2 import Environment, Undefined, pass_context
from markupsafe import Markup

from rulebook.domain import evidence
from rulebook.domain.masking import Masking
from rulebook.domain.trace import trace
from rulebook.storage import workspaces
from web.eventlist import CHECKED, title, type_words
from web.explained import canonical
from web.headline import headline
from web.said import said_by
from web.story import spoken, story
from web.tracing import money_hints, steps, took

pages = Blueprint("evidence", __name__)

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# Ids of ours, which anchors need; everything else that is written on the page is masked first.
_OWN_ID = re.compile(r"(?:[a-z]+-)?(?:rule|run)-?_?[a-z]*_?[0-9a-f]{32}(?:-[a-z0-9]+)*")


@pages.get("/evidence/<token>")
def show(token: str) -> ResponseReturnValue:
    """What happened to one event, read-only and masked; 404 once the link has ended."""
    link, event = evidence.shown_by(token)
    g.signed_in = None  # whoever looks sees what everyone with the link sees
    workspace = workspaces.workspace(event.workspace_id)
    g.zone = ZoneInfo(workspace.zone)
    g.masking = masking = Masking()
    traced = trace(event)
    masking.hide(*traced.hiding.texts)
    payload = masking.value(traced.payload.value) if traced.payload else None
    headers = masking.pairs(traced.hiding.headers)
    query = masking.pairs(parse_qsl(traced.hiding.query, keep_blank_values=True))
    hints = money_hints(traced)
    told = story(traced, spoken(traced))
    way = steps(traced, told)
    return _drawn(
        "evidence.html",
        link=link,
        shown_by=workspace.name,
        zone=workspace.zone,
        event=event,
        hook=traced.hook,
        trace=traced,
        story=told,
        left_out=len(traced.judged) - len(told) + traced.unexplained,
        headline=headline(traced),
        steps=way,
        took=took(traced, way),
        title=title(event, traced.hook),
        type_words=type_words(event, traced.hook),
        checked=CHECKED[event.verification],
        said=said_by(traced.hook.provider),
        path_of=canonical,
        marked=set().union(*(each.looked for each in told if each.matched)),
        hints=hints,
        payload=payload,
        headers=headers,
        query=query,
    )


@pages.after_request
def _say_nothing(response: Response) -> Response:
    """Neither caches nor search engines nor the pages that one goes on to learn the address."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Content-Security-Policy"] = CSP
    return response


def _drawn(template: str, **context: Any) -> str:
    """The template with every text that it writes masked."""
    app = current_app
    current_app.update_template_context(context)
    return _environment(app).get_template(template).render(context)


def _environment(app: Flask) -> Environment:
    """The templates once more, so that nothing can be written on this page unmasked."""
    found: Environment | None = app.extensions.get("masked_templates")
    if found is None:
        found = app.extensions["masked_templates"] = app.jinja_env.overlay(finalize=_masked)
    return found


@pass_context
def _masked(_context: Any, value: Any) -> Any:
    """What an expression of a template writes. Markup is what a macro has written this way."""
    if value is None or isinstance(value, (Markup, Undefined, bool)):
        return value
    text = str(value)
    return text if _OWN_ID.fullmatch(text) else g.masking.text(text)
