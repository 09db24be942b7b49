"""Fetch the files of others that the pages load; this table is their lock file.

Run it from the project's root: `python -m tools.vendor`. It asks `npm pack` for each package,
checks the sha256 written here, and puts file and licence under web/static/vendor/NAME@VERSION/;
what only tests load goes to tests/browser/vendor/ and is not shipped.
To take a newer version: change version and sha256, run it, change the path in
web/templates/base.html, run the tests.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ROOT = PROJECT / "web" / "static" / "vendor"
FOR_TESTS = PROJECT / "tests" / "browser" / "vendor"


@dataclass(frozen=True)
class Vendored:
    """One file out of one published package; sha256 (hex) is the file's, licence an SPDX name."""

    package: str
    version: str
    member: str
    sha256: str
    licence: str
    licence_member: str = "package/LICENSE"
    root: Path = ROOT

    @property
    def folder(self) -> Path:
        return self.root / f"{self.package}@{self.version}"

    @property
    def path(self) -> Path:
        return self.folder / Path(self.member).name


VENDORED = (
    Vendored(
        "htmx.org",
        "4.0.1",
        "package/dist/htmx.min.js",
        "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
        "0BSD",
    ),
)

AXE = Vendored(
    "axe-core",
    "4.14.1",
    "package/axe.min.js",
    "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
    "MPL-2.0",
    root=FOR_TESTS,
)
ONLY_FOR_TESTS = (AXE,)


def fetch(item: Vendored) -> Path:
    """Write one file and its licence; SystemExit when the bytes are not the recorded ones."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{item.package}@{item.version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            content = read(archive, item.member)
            licence = read(archive, item.licence_member)
    found = hashlib.sha256(content).hexdigest()
    if found != item.sha256:
        sys.exit(f"{item.package}@{item.version}: sha256 is {found}, the table says {item.sha256}.")
    item.folder.mkdir(parents=True, exist_ok=True)
    item.path.write_bytes(content)
    (item.folder / "LICENSE").write_bytes(licence)
    return item.path


def read(archive: tarfile.TarFile, member: str) -> bytes:
    """The bytes of one member; SystemExit when the package does not hold it."""
    stream = archive.extractfile(member)
    if stream is None:
        sys.exit(f"The package holds no file {member}.")
    return stream.read()


if __name__ == "__main__":
    for each in (*VENDORED, *ONLY_FOR_TESTS):
        print(fetch(each).relative_to(PROJECT))
