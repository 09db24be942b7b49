"""Rules to start from: rule documents with blanks, one file each in the folder `recipes`.

A file is named provider.name.json and holds `label` (what it does, in words), `sample` (the sample
event of that provider which meets it), `blanks` (JSON pointer into the document -> what to fill in,
as a question) and `document`, in which the blanks are empty texts or a first guess.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Recipe:
    """One rule to start from, made for the events of one provider."""

    provider: str
    name: str
    label: str
    sample: str
    document: dict[str, Any]
    blanks: dict[str, str]

    @property
    def id(self) -> str:
        """Provider and name, as in addresses."""
        return f"{self.provider}.{self.name}"


def recipes_in(provider: str) -> list[Recipe]:
    """The provider's recipes, by name."""
    return [_read(provider, path) for path in sorted(_FOLDER.glob(f"{provider}.*.json"))]


def _read(provider: str, path: Path) -> Recipe:
    said = json.loads(path.read_text(encoding="utf-8"))
    name = path.name.removeprefix(f"{provider}.").removesuffix(".json")
    return Recipe(
        provider, name, said["label"], said["sample"], said["document"], said.get("blanks", {})
    )
