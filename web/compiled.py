"""Templates as the code that was made of them, kept in the instance folder: making it took a tenth
of a second of the first page after each start.

What is kept is found by a template's name and counts for its text, this version and Jinja's. No
other environment has it: the one of evidence links makes another code of the same text.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import jinja2
from flask import Flask
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from rulebook import __version__

FOLDER = "templates"


def init_app(app: Flask) -> None:
    """Let the app keep its templates' code. Python runs what lies in the folder, so it is nobody
    else's; where that cannot be, nothing is kept."""
    folder = Path(app.instance_path, FOLDER)
    try:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    except OSError:
        return
    app.jinja_env.bytecode_cache = _Kept(app.jinja_env, folder)


class _Kept(BytecodeCache):
    """The code of the templates of one environment. A disk that is full costs time only."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self.environment, self.folder = environment, folder

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return hashlib.sha256(name.encode()).hexdigest()

    def get_source_checksum(self, source: str) -> str:
        made_by = f"{__version__} {jinja2.__version__} {source}"
        return hashlib.sha256(made_by.encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.environment is not self.environment:
            return
        try:
            with (self.folder / bucket.key).open("rb") as file:
                bucket.load_bytecode(file)
        except Exception:  # a damaged file may say anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.environment is not self.environment:
            return
        part = self.folder / f"{bucket.key}.{os.getpid()}.{threading.get_ident()}"
        try:
            part.write_bytes(bucket.bytecode_to_string())
            part.replace(self.folder / bucket.key)
        except OSError:
            part.unlink(missing_ok=True)
