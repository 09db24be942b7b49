"""The blueprints, one for each noun; a page that is not listed here does not exist."""

from web import (
    accounts,
    api,
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
        api,
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
