"""Room on the disk of the instance folder: how much there is, and how much there must be to take
anything in. The door, /readyz and doctor ask here, so that they say the same."""

from __future__ import annotations

import shutil

from rulebook.config import Config

MEGABYTE = 1024 * 1024


def free(config: Config) -> int:
    """Bytes that are free."""
    return shutil.disk_usage(config.instance).free


def floor(config: Config) -> int:
    """Bytes that must be free. Another database is on a disk that cannot be seen from here: 0."""
    here = config.database_url.startswith("sqlite")
    return config["DISK_FLOOR"] * MEGABYTE if here else 0
