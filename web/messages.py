"""The builder's buttons that change what a rule says: fields put into messages, and their pills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import request

from rulebook.actions import ACTIONS
from rulebook.domain.readings import read_over
from rulebook.domain.rendering import context_of
from rulebook.storage import workspaces
from rules.pills import pills as pills_of
from web import draft, edits, gaps, panel, pills, wording
from web.guard import actor

if TYPE_CHECKING:
    from web.desk import Desk


def context(desk: Desk) -> dict[str, Any]:
    """The chosen event as messages see it."""
    zone = workspaces.workspace(desk.hook.workspace_id).zone
    return context_of(desk.seen, str(desk.document.get("name") or ""), desk.hook, zone)


def caret(form: Mapping[str, str]) -> int | None:
    """Where the next field goes in its template: where the hand was, else behind the last one."""
    hand, caret, box = form.get("hand", ""), form.get("caret", ""), form.get("message", "")
    if not hand.isdecimal():
        return int(caret) if caret.isdecimal() else None
    words = draft.words_of(form, box)
    return wording.place_in_source(form.get(box, "").replace("\r\n", "\n"), int(hand), words)


def clicked(rest: str) -> tuple[str, str]:
    part, _, path = rest.partition(" ")
    return part, panel.picked(path, request.form.get(f"pick {rest}", "any"))


def _insert(desk: Desk, rest: str) -> None:
    """A clicked field put into a message, where the caret was last."""
    part, path = clicked(rest)
    place = desk.message if desk.message.startswith("/then/") else ""
    for at, step in enumerate(desk.document["then"]):
        action = ACTIONS.get(step["action"])
        box = panel.message_field(action) if action else None
        place = place or (f"/then/{at}/config/{box}" if box else "")
    if not place:
        starter = next(action.name for action in ACTIONS.values() if action.starter)
        place = f"/then/{len(desk.document['then'])}/config/{panel.message_field(ACTIONS[starter])}"
        desk.document = edits.edit(desk.document, f"act {starter}")
        panel.to_me(desk.document["then"][-1], desk.mine)
    text = panel.insertion(part, path, desk.hook.provider)
    place = place.partition(":")[0]
    try:
        desk.document, desk.caret = edits.insert(
            desk.document, place, desk.caret if desk.message else None, text
        )
        _skip_without_receiver(desk, place, text)
    except (LookupError, ValueError):
        desk.message = ""


def _skip_without_receiver(desk: Desk, place: str, text: str) -> None:
    """Where a field says who gets the message, a missing one skips it, unless more was said. Other
    fields that are sometimes missing are left blank then, as before."""
    step, name = pills.step_and_field(desk.document, place)
    field = next((each for each in ACTIONS[step["action"]].fields if each.name == name), None)
    if field is None or not field.receiver or "if_missing" in step:
        return
    kind = desk.event.event_type if desk.event else None
    alike = [each for each in desk.past if each.event.event_type == kind]
    read = read_over(actor(), desk.hook, desk.document, alike, desk.looked_at)
    reading = read[desk.document["then"].index(step)]
    for pill in pills_of(text):
        gaps.choose(step, pill.field, "skip", others=reading.missing if reading else ())


def _me(desk: Desk, place: str) -> None:
    """The author's own address or number as the receiver."""
    try:
        step, name = pills.step_and_field(desk.document, place)
    except (LookupError, ValueError):
        return
    field = next((each for each in ACTIONS[step["action"]].fields if each.name == name), None)
    own = desk.mine.get(field.kind) if field and field.receiver else None
    if own:
        step["config"][name] = own


def _into(desk: Desk, place: str) -> None:
    """Fields go into this box from now on."""
    desk.message, desk.caret = place, None


def _pill(verb: str) -> Callable[[Desk, str], None]:
    def press(desk: Desk, rest: str) -> None:
        typed = request.form.get
        desk.document = pills.press(desk.document, verb, rest, lambda box: typed(box, ""))

    return press


def _plain(desk: Desk, rest: str) -> None:
    """Plain letters in a message for those that cost extra, also in the fields that bring them."""
    place, _, event_id = rest.partition(" ")
    was = desk.event.id if desk.event else ""
    desk.look_at(event_id)
    desk.document = pills.with_plain(desk.document, place, context(desk))
    desk.look_at(was)


def _expert(desk: Desk, rest: str) -> None:
    desk.expert = not desk.expert


BUTTONS: dict[str, Callable[[Desk, str], None]] = {
    "insert": _insert,
    "into": _into,
    "me": _me,
    "plain": _plain,
    "expert": _expert,
    **{verb: _pill(verb) for verb in sorted(pills.VERBS)},
}
