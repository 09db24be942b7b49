"""The blueprints, one for each noun; a page that is not listed here does not exist."""

from web import (
    accounts,
    connections,
    events,
    health,
    home,
    hooks,
    inbox,
    outbox,
    rules,
    runs,
    settings,
)

BLUEPRINTS = tuple(
    room.pages
    for room in (
        health,
        inbox,
        accounts,
        home,
        hooks,
        events,
        rules,
        runs,
        outbox,
        connections,
        settings,
    )
)
