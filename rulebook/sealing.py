"""Secrets at rest: sealed with a key that is never in the database or in a backup.

Each sealed text names its owner (a row's id) inside and is only opened for that owner: a sealed
secret that was copied into another row stays shut. The key is RULEBOOK_SECRET_KEY, or a file in
the instance folder that is made once.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rulebook.errors import ConfigError

KEY_FILE = "secret.key"
SHORTEST = 32
_MAKE_ONE = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


class Sealer:
    """Seals and opens. keys: texts of 32 characters or more; the first seals, all of them open."""

    def __init__(self, keys: Sequence[str]) -> None:
        for key in keys or ("",):
            if len(key) < SHORTEST:
                raise ConfigError(
                    f"The secret key is shorter than {SHORTEST} characters.", _MAKE_ONE
                )
        made = [base64.urlsafe_b64encode(derived(key, "sealing")) for key in keys]
        self._fernet = MultiFernet([Fernet(key) for key in made])

    def seal(self, value: Any, owner: str) -> str:
        """The value (whatever JSON can hold) sealed for its owner, as ASCII text."""
        plain = json.dumps({"owner": owner, "value": value}, separators=(",", ":"),
                           ensure_ascii=False)  # fmt: skip
        return self._fernet.encrypt(plain.encode("utf-8", "surrogatepass")).decode()

    def open(self, token: str | bytes, owner: str) -> Any:
        """The value sealed for this owner. Raises ConfigError for a wrong key or owner."""
        found = json.loads(self._decrypt(token))
        if found["owner"] != owner:
            raise ConfigError(
                "A stored secret belongs to something else and was not opened.",
                "Enter the secret again. Somebody may have changed the database by hand.",
            )
        return found["value"]

    def rotate(self, token: str | bytes) -> str:
        """The same secret, sealed with the first key."""
        self._decrypt(token)
        return self._fernet.rotate(token).decode()

    def _decrypt(self, token: str | bytes) -> bytes:
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise ConfigError(
                "A stored secret cannot be opened with the present key.",
                f"Put the former key back ({KEY_FILE} in the instance folder, or "
                "RULEBOOK_SECRET_KEY, where several may stand, separated by commas), "
                "or enter the secret again.",
            ) from None


def sealer(settings: Mapping[str, Any]) -> Sealer:
    """The sealer with the keys in force."""
    return Sealer(keys(settings))


def keys(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys in force, first the one that seals; makes the key file where there is no key."""
    given = [part.strip() for part in str(settings["SECRET_KEY"]).split(",")]
    found = tuple(part for part in given if part)
    return found or (_file_key(Path(settings["INSTANCE"]) / KEY_FILE),)


def derived(key: str, purpose: str) -> bytes:
    """32 bytes for one purpose, from which neither the key nor another purpose's can be told."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"rulebook {purpose}".encode())
    return kdf.derive(key.encode())


def _file_key(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"Others may read {path}.", f"Run: chmod 600 {path}")
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"The key file {path} cannot be used: {problem}.",
            "Check the folder's permissions, or set RULEBOOK_SECRET_KEY.",
        ) from None


def _make(path: Path) -> None:
    """Write a new key, unless another process was faster: a link appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        _sync(path.parent)
    except FileExistsError:
        pass  # the other's key is read
    finally:
        os.unlink(draft)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
