"""Parts that poll are told nothing when there is nothing new.

A poll brings along what it was drawn by (`SEEN`): the mark of all that was stored then, and a hash
of what it was given. Where the mark still holds, nothing is looked up and nothing drawn; where only
the hash does, because something else changed, nothing is sent. Both are answered 204, which leaves
the page as it is. Times like "6 minutes ago" go on in the browser (`static/js/ago.js`); whatever
else turns with the clock turns within a minute, and at midnight at once.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from flask import Response, current_app, g, request
from flask_wtf.csrf import generate_csrf

from rulebook.storage import changed, reading, utcnow

SEEN = "Rulebook-Seen"
# What differs from answer to answer and means the same: ages, the foot of whole pages.
_MOVES = re.compile(r"(<time data-ago [^>]*>)[^<]*|<footer\b.*?</footer>", re.S)


def begin() -> None:
    """Take the mark, before the request begins to read. Only of a request that polls."""
    g.seen = request.headers.get(SEEN, "")
    if g.seen and request.method == "GET":
        with reading():
            g.mark = _hash(current_app.config["VERSION"], request.full_path, changed.mark(),
                           f"{utcnow():%Y-%m-%d %H:%M}")  # fmt: skip


def nothing_new() -> Response | None:
    """The answer to a poll since whose last one nothing at all was stored."""
    if "mark" not in g or g.seen.partition(".")[0] != g.mark:
        return None
    return Response(status=204, headers={SEEN: g.seen})


def end(response: Response) -> None:
    """Mark what a poll was given; where that is what it has, take it back."""
    if "mark" not in g or response.status_code != 200 or response.is_streamed:
        return
    drawn = response.get_data(as_text=True).replace(generate_csrf(), "")
    drawn = _hash(_MOVES.sub(r"\1", drawn))
    response.headers[SEEN] = f"{g.mark}.{drawn}"
    if g.seen.partition(".")[2] == drawn:
        response.status_code = 204
        response.set_data(b"")


def _hash(*parts: str) -> str:
    return blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
