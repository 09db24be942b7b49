"""What to say about templates that cannot be used, in the words of those who wrote them."""

from __future__ import annotations

import re

from jinja2 import TemplateSyntaxError, nodes

NO_SETTING = ("Values cannot be set in a template.", "Use the field itself where it is needed.")
NO_OTHER = ("Other files cannot be used here.", "Write the text out.")
NO_SUM = (
    "Templates do not calculate.",
    "Use a filter such as round or money. A name with a dash is written headers['x-name'].",
)

REFUSED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Call: ("Nothing can be called with ( ) in a template.", "Use a filter: {{ x | upper }}."),
    nodes.Concat: ("'~' is not part of the language.", "Write {{ a }}{{ b }} side by side."),
    nodes.Test: ("'is' is not part of the language.", "Write {% if payload.field %}."),
    nodes.BinExpr: NO_SUM,
    nodes.UnaryExpr: NO_SUM,
    nodes.Slice: ("Parts with ':' cannot be taken.", "Use truncate, first or last."),
    nodes.List: ("A list in [ ] stands only after 'in'.", "Write {% if x in ['a', 'b'] %}."),
    nodes.Tuple: ("A list in ( ) cannot be used.", "Write ['a', 'b'], after 'in'."),
    nodes.Dict: ("A group in { } cannot be used here.", "Write the text with {{ }} in it."),
    nodes.Assign: NO_SETTING,
    nodes.AssignBlock: NO_SETTING,
    nodes.With: NO_SETTING,
    nodes.Macro: ("Macros are not part of the language.", "Write the text out."),
    nodes.CallBlock: ("Macros are not part of the language.", "Write the text out."),
    nodes.FilterBlock: ("A filter stands inside {{ }} only.", "Write {{ x | upper }}."),
    nodes.Include: NO_OTHER,
    nodes.Import: NO_OTHER,
    nodes.FromImport: NO_OTHER,
    nodes.Extends: NO_OTHER,
    nodes.Block: NO_OTHER,
}

_UNCLOSED = re.compile(r"looking for the following tags: .*'(end\w+)'|innermost block .* '(\w+)'")
_TAG = re.compile(r"unknown tag '([^']{1,40})'")
_SHAPE = (
    "A field looks like {{ payload.name }}, a choice like {% if payload.name %} ... {% endif %}."
)


class Refused(Exception):
    """A template that is not in the language: the line, what, and the remedy."""

    def __init__(self, line: int | None, message: str, fix: str) -> None:
        super().__init__(message)
        self.line, self.message, self.fix = line or 1, message, fix


def unreadable(error: TemplateSyntaxError) -> Refused:
    """What to say when a template cannot be read at all."""
    told = error.message or ""
    if tag := _TAG.search(told):
        if tag[1].startswith(("end", "el")):
            return Refused(error.lineno, f"There is nothing for {{% {tag[1]} %}} to end.", _SHAPE)
        return Refused(
            error.lineno, f"There is no {{% {tag[1]} %}}.", "There are {% if %} and {% for %}."
        )
    if found := _UNCLOSED.search(told):
        end = found[1] or f"end{found[2]}"
        return Refused(error.lineno, f"{{% {end} %}} is missing.", f"Add {{% {end} %}}.")
    if "end of template" in told or "missing end" in told.lower():
        return Refused(error.lineno, "Something is opened and never closed.", _SHAPE)
    return Refused(error.lineno, "What stands in {{ }} or {% %} cannot be read.", _SHAPE)
