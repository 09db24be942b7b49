"""Trying a node on some events, for warnings and suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rules.compiler import judge_of
from rules.nodes import Node
from rules.scene import Scene
from rules.zones import zone_of


def scenes_of(events: Iterable[Mapping[str, Any]], zone: str = "UTC") -> list[Scene]:
    """The events, ready to be judged by many nodes."""
    place = zone_of(zone)
    return [Scene(dict(event), place) for event in events]


def met_by(node: Node, scenes: list[Scene]) -> list[bool]:
    """Whether each event meets the node."""
    if not scenes:
        return []
    judge = judge_of(node, scenes[0].zone)
    return [judge.met(scene) for scene in scenes]
