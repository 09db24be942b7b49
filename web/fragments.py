"""A page, or one part of it: what polls is a block of its own page, never a page of its own."""

from __future__ import annotations

from typing import Any

from flask import current_app, get_flashed_messages, render_template, request

from rulebook.errors import NotFound


def page(template: str, **context: Any) -> str:
    """The page; with ?part=name only its block `part_name`, which imports its own macros."""
    part = request.args.get("part")
    if part is None:
        return render_template(template, **context)
    found = current_app.jinja_env.get_template(template)
    block = found.blocks.get(f"part_{part}")
    if block is None:
        raise NotFound("part")
    current_app.update_template_context(context)
    return "".join(block(found.new_context(context)))


def flashes() -> list[Any]:
    """What is said once, with its kind. Not to a script, which takes a part out of the page (a poll
    every few seconds) and throws the rest away: it is kept for a page that a person sees."""
    if request.headers.get("HX-Request"):
        return []
    return list(get_flashed_messages(with_categories=True))
