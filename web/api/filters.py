"""Saved filters: what a list of events or runs is narrowed by, kept under a name."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from rulebook.domain import saved as verbs
from rulebook.errors import Invalid
from rulebook.storage.saved import SavedFilter
from rules.errors import did_you_mean
from web import finder, runlist
from web.api.calls import Ask, call
from web.api.paging import part
from web.api.shapes import Shape, Want, moment

FILTER = Shape("SavedFilter", "A filter as it stands in the address of the list's page. `mine`: "
               "the caller made it; `shared`: everyone in the workspace sees it; `changeable`: the "
               "caller may change and delete it.", {
    "id": "text", "of": "text", "name": "text", "query": "text", "shared": "yes/no",
    "mine": "yes/no", "changeable": "yes/no", "created_at": "time",
})  # fmt: skip
_OF = Want("of", "text", "Which list it narrows.", choices=verbs.LISTS)
_NAMES = {"events": finder.ASKED, "runs": runlist.ASKED}


@call("GET", "/filters", gives=FILTER, listed=True, query=(_OF,))
def index(ask: Ask) -> Any:
    """List the caller's own saved filters and those that others share."""
    lists = [ask.query["of"]] if "of" in ask.query else verbs.LISTS
    found = [each for of in lists for each in verbs.saved_filters(ask.actor, of)]
    return part(found, ask, lambda each: each.id, lambda each: _shown(ask, each))


@call("POST", "/filters", gives=FILTER, status=201, body=(
    Want("of", "text", "Which list it narrows.", required=True, choices=verbs.LISTS),
    Want("name", "text", "What it is called, in at most 60 letters.", required=True),
    Want("query", "text", "The filter as it stands in the address of the list's page, such as "
         "state=failed&in=7d.", required=True),
    Want("shared", "yes/no", "Everyone in the workspace sees it; that needs the right to write."),
))  # fmt: skip
def save(ask: Ask) -> Any:
    """Save a filter in the caller's name."""
    given = ask.body
    query = _read(given["of"], given["query"])
    kept = verbs.save_filter(
        ask.actor, given["of"], given["name"], query, given.get("shared", False)
    )
    return _shown(ask, kept)


@call("PATCH", "/filters/{id}", gives=FILTER, body=(
    Want("name", "text", "What it is called."),
    Want("shared", "yes/no", "Everyone in the workspace sees it; that needs the right to write."),
))  # fmt: skip
def change(ask: Ask, id: str) -> Any:
    """Rename one of the caller's own filters, share it, or share it no more; for owners, one that
    others share, too. What is shared is changed with the right to write alone."""
    kept = verbs.filter_to_change(ask.actor, id)
    name, shared = ask.body.get("name", kept.name), ask.body.get("shared", kept.shared)
    return _shown(ask, verbs.change_filter(ask.actor, id, name, shared))


@call("DELETE", "/filters/{id}", status=204)
def delete(ask: Ask, id: str) -> None:
    """Delete one of the caller's own filters, or as an owner one that others share; nothing else is
    deleted."""
    verbs.delete_filter(ask.actor, id)


def _read(of: str, query: str) -> str:
    """The query, tidied. Raises Invalid for what the list does not know."""
    asked, known = dict(parse_qsl(query)), _NAMES[of]
    for name in asked:
        if name not in known:
            raise Invalid.at("/query", f"The list of {of} is not narrowed by {name!r}.",
                             did_you_mean(name, known, f"By: {', '.join(known)}."))  # fmt: skip
    return urlencode(asked)


def _shown(ask: Ask, kept: SavedFilter) -> dict[str, Any]:
    return {
        "id": kept.id,
        "of": kept.of,
        "name": kept.name,
        "query": kept.query,
        "shared": kept.shared,
        "mine": kept.user_id == ask.actor.user_id,
        "changeable": verbs.may_change(ask.actor, kept),
        "created_at": moment(kept.created_at),
    }
