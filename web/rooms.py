"""The blueprints, one for each noun; a page that is not listed here does not exist."""

from web import (
    account,
    accounts,
    alerts,
    api,
    bulk,
    callbacks,
    connections,
    events,
    evidence,
    health,
    home,
    hooks,
    inbox,
    outbox,
    people,
    recipes,
    rules,
    runs,
    saved,
    settings,
    taking,
    ways,
)

BLUEPRINTS = tuple(
    room.pages
    for room in (
        health,
        inbox,
        callbacks,
        api,
        accounts,
        account,
        home,
        hooks,
        ways,
        taking,
        events,
        evidence,
        recipes,
        rules,
        runs,
        bulk,
        saved,
        outbox,
        connections,
        alerts,
        settings,
        people,
    )
)
