"""Passwords are hashed and compared: a tenth of a second each, on purpose.

Never within a transaction: on SQLite all that writes would wait for it, senders among them. Read,
end the transaction, reckon here, and look again at what may have changed when writing.
"""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_hashing = threading.Semaphore(4)  # 64 MiB each
_nobody = _hasher.hash(secrets.token_hex())


def hashed(password: str) -> str:
    """What is stored of a password."""
    with _hashing:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. Without one the answer is no, and takes as long."""
    try:
        with _hashing:
            return _hasher.verify(stored or _nobody, password) and stored is not None
    except VerificationError:
        return False


def outdated(stored: str) -> bool:
    """Whether it was hashed by other measures than today's."""
    return _hasher.check_needs_rehash(stored)
