"""A page, or one part of it: what polls is a block of its own page, never a page of its own."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, request

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
