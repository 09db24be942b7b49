"""The engine: rules read, judged, explained and put into words. Pure: no clock, no I/O.

rule    = parse(document)                          RuleError says what is wrong, and where
ruleset = compile_rules([(rule_id, rule)], zone)   immutable
met     = ruleset.match(event)                     rule ids in order
verdict = explain(rule, event, zone)               the same verdict, with its reasons
"""

from rules.document import parse
from rules.errors import RuleError
from rules.explain import explain
from rules.lint import lint
from rules.operators import OPERATORS
from rules.ruleset import compile_rules
from rules.sentence import sentence

__all__ = ["OPERATORS", "RuleError", "compile_rules", "explain", "lint", "parse", "sentence"]
