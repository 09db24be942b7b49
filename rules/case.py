"""Whether capitals alone keep a condition from being met."""

from __future__ import annotations

import dataclasses
from typing import Any

from rules.families.row import Env, Unfit
from rules.nodes import Condition
from rules.operand import prepared
from rules.scene import Scene
from rules.weighing import outcome, tally

LOOKED_AT = 1_000


def only_case(node: Condition, values: list[Any], env: Env, scene: Scene) -> bool:
    """True if a condition that is not met by these values would be, were capitals ignored."""
    if not node.match_case or node.other or len(values) > LOOKED_AT:
        return False
    loose = dataclasses.replace(node, match_case=False)
    env = Env(env.zone, match_case=False)
    operand = prepared(loose.operator.wants, loose.value, env)
    if isinstance(operand, Unfit):
        return False
    return tally(loose, [outcome(loose, value, operand, env, scene) for value in values])
