"""The blueprints, one for each noun; a page that is not listed here does not exist."""

from web import accounts, health, inbox

BLUEPRINTS = (health.pages, inbox.pages, accounts.pages)
