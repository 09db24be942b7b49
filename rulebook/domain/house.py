"""What verbs work with besides the database: the settings, the sealer of secrets, the way out."""

from __future__ import annotations

import os
from dataclasses import dataclass

from flask import Flask, current_app

from rulebook import storage
from rulebook.config import Config
from rulebook.domain.own_mail import own_mail
from rulebook.egress import Egress
from rulebook.errors import ConfigError
from rulebook.sealing import Sealer, sealer


@dataclass(frozen=True)
class House:
    """One process's settings, sealer and egress."""

    config: Config
    sealer: Sealer
    egress: Egress


def furnish(app: Flask, config: Config) -> House:
    """Give the app its database and its house; every process does this once. Raises ConfigError."""
    own_mail(config)  # a wrong one is told of now, and not when the first letter has to go
    os.umask(0o077)  # what is kept here is for nobody else on this machine
    try:
        config.instance.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigError(
            f"The instance folder {config.instance} cannot be made: {problem.strerror}.",
            "Set RULEBOOK_INSTANCE to a folder of your own.",
        ) from None
    storage.open_database(app, config)
    storage.search.open_search(app)
    house = House(config, sealer(config), Egress(config["EGRESS_ALLOW"]))
    app.extensions["rulebook"] = house
    return house


def house() -> House:
    """The house of the current app."""
    found: House = current_app.extensions["rulebook"]
    return found
