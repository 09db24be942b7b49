"""The rule builder: one form whose buttons edit the draft, try it out, or save it.

Every answer is the whole form again. Without script the browser loads it as a page; htmx takes the
form out of that page and morphs it in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from rulebook.domain import past, samples
from rulebook.domain import rules as verbs
from rulebook.domain.hooks import find_hook
from rulebook.domain.preview import DEFAULT, try_on
from rulebook.domain.rules import find_rule
from rulebook.errors import Conflict, Invalid, NotFound, Problem
from rulebook.providers import PROVIDERS
from rulebook.storage import db, events, hooks, reading, rules
from rulebook.storage.rules import Rule
from rules import RuleError
from rules.change import changed
from rules.document import LONGEST_NAME
from web import draft, edits, far, gaps, likes, messages, panel, trial, undo
from web.desk import Desk, draw
from web.fieldlist import Row
from web.guard import actor, bell
from web.panel import Pick

COPY = " (copy)"


def new() -> ResponseReturnValue:
    """A new rule, begun from an event where there is one, or from another rule."""
    actor().must("write")
    if like := request.args.get("copy"):
        return draw(_copy(find_rule(actor(), like)))
    event = events.event(actor().workspace_id, request.args.get("event", ""))
    hook_id = request.args.get("hook") or (event.hook_id if event else "")
    known = hooks.hooks(actor().workspace_id)
    if not hook_id and len(known) != 1:
        return render_template("rules/choose.html", hooks=known, providers=PROVIDERS)
    hook = find_hook(actor(), hook_id or known[0].id)
    if event is not None and event.hook_id != hook.id:
        event = None
    desk = Desk(hook, {}, event=event, query=request.args.get("q", ""))
    desk.begin()
    return draw(desk)


def _copy(rule: Rule) -> Desk:
    """A draft like the rule, under a name of its own; off, so that nothing is sent twice."""
    like = rules.version(rule.id, rule.version).document
    name = f"{rule.name[: LONGEST_NAME - len(COPY)]}{COPY}"
    return Desk(find_hook(actor(), rule.hook_id), {**like, "name": name}, mode="off")


def edit(rule_id: str) -> ResponseReturnValue:
    """A rule as it stands, to be changed."""
    rule = find_rule(actor(), rule_id)
    asked = request.args.get("version", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 9 else rule.version
    if not 1 <= number <= rule.version:
        raise NotFound("version")
    shown = rules.version(rule.id, number)
    desk = Desk(find_hook(actor(), rule.hook_id), shown.document, rule, rule.mode, rule.version)
    desk.back = number if number < rule.version else 0
    desk.query = request.args.get("q", "")
    if request.args.get("event"):
        desk.look_at(request.args["event"])
    if request.args.get("trial"):
        desk.trial = trial.ask(desk)
    return draw(desk)


def create() -> ResponseReturnValue:
    """A button of a new rule's form."""
    return _pressed(None)


def save(rule_id: str) -> ResponseReturnValue:
    """A button of a rule's form."""
    return _pressed(rule_id)


def _pressed(rule_id: str | None) -> ResponseReturnValue:
    """Only what changes the draft alone is known to need no turn among the writers."""
    only_reads = request.form.get("do", "save").partition(" ")[0] in READS
    with reading() if only_reads else nullcontext():
        return _answer(_desk(find_rule(actor(), rule_id) if rule_id else None))


def preview() -> ResponseReturnValue:
    """The draft judged again, as somebody types; changes nothing."""
    rule_id = request.form.get("rule")
    with reading():
        desk = _desk(find_rule(actor(), rule_id) if rule_id else None)
        desk.problems = _problems(desk) if desk.checked else ()
        return draw(desk)


def _desk(rule: Rule | None) -> Desk:
    """The draft of the posted form."""
    form = request.form
    hook = find_hook(actor(), rule.hook_id if rule else form.get("hook", ""))
    version, back = form.get("version", ""), form.get("back", "")
    desk = Desk(
        hook, gaps.applied(draft.read(form), form), rule,
        mode=form.get("mode", "off"),
        version=int(version) if version.isdecimal() else 0,
        back=int(back) if back.isdecimal() else 0,
        event=events.event(actor().workspace_id, form.get("event", "")),
        query=form.get("q", "").strip(),
        into=form.get("into") or "/when",
        message=form.get("message", ""),
        caret=messages.caret(form),
        expert=bool(form.get("expert")),
        more=form.get("more", ""),
        checked=bool(form.get("checked")),
    )  # fmt: skip
    for made in panel.complete(desk.document["when"], desk.fields, desk.seen):
        desk.focus = edits.place_of(made, desk.document["when"])
    desk.undo = [*undo.read(form), *undo.kinds_chosen(form, desk.document)]
    desk.focus = desk.focus or _list_chosen(form)
    desk.likes = likes.read(form)
    desk.document = likes.applied(desk.document, form, desk.likes)
    desk.far = far.read(form, desk.document)
    return desk


def _list_chosen(form: Mapping[str, str]) -> str:
    """Where one goes on once the list of an item group is chosen: its first condition."""
    for name, chosen in form.items():
        place, _, box = name.partition("/items:")
        if box == "list" and chosen and not form.get(f"{place}/items"):
            return f"{place}/where/all/0"
    return ""


def _answer(desk: Desk) -> ResponseReturnValue:
    verb, _, rest = request.form.get("do", "save").partition(" ")
    if verb == "save":
        return _save(desk, rest)
    if verb in ("trial", "try"):
        return _trial(desk, verb, rest)
    actor().must("read" if verb in ("look", "event", "test", "more", "far") else "write")
    if verb == "test":
        return _test(desk)
    before = desk.document
    BUTTONS.get(verb, _edit)(desk, rest)
    if verb != "undo" and desk.document != before:
        deed = undo.done(request.form["do"], before, desk.document, desk.focus, desk.voice)
        desk.undo = [*desk.undo, deed] if deed else []
    desk.problems = _problems(desk) if desk.checked else ()
    return draw(desk)


def _edit(desk: Desk, place: str) -> None:
    desk.document, desk.focus = edits.edited(desk.document, request.form["do"])


def _undo(desk: Desk, rest: str) -> None:
    """The last deed put back."""
    if desk.undo:
        deed = desk.undo.pop()
        desk.document = undo.put_back(desk.document, deed)
        desk.focus, desk.told = deed.place, "It is as it was before."


def _event(desk: Desk, event_id: str) -> None:
    desk.look_at(event_id)
    if desk.rule is None:
        desk.compare()


def _more(desk: Desk, name: str) -> None:
    desk.more = name


def _far(desk: Desk, rest: str) -> None:
    """Look at many more events; or leave it."""
    desk.far = None
    if rest != "stop":
        found = far.read(request.form, desk.document)
        desk.far = far.further(desk.hook.id, desk.document, desk.saved, found)


def _fix(desk: Desk, rest: str) -> None:
    """What a warning proposes; nothing, where the warning is not given any more."""
    at, _, told = rest.partition(" ")
    notes = desk.weighed().notes
    note = notes[int(at)] if at.isdecimal() and int(at) < len(notes) else None
    if note is None or note.change is None or told != f"{note.kind} {note.pointer}":
        return
    try:
        desk.document = draft.drawn(changed(desk.document, note.change))
    except RuleError:
        return
    desk.focus = note.pointer


def _back(desk: Desk, place: str) -> None:
    """A condition as it is in the saved version."""
    made = desk.changes()
    step = place.partition("step ")[2]
    if step.isdecimal() and int(step) < len(made.gone_steps):
        steps, (at, gone) = desk.document["then"], made.gone_steps[int(step)]
        desk.document = {**desk.document, "then": [*steps[:at], gone, *steps[at:]]}
    elif place in made.was:
        desk.document = edits.put(desk.document, place, made.was[place])
        desk.focus = place
    elif place.isdecimal() and int(place) < len(made.gone):
        desk.document = edits.add_condition(desk.document, "/when", made.gone[int(place)])


def _field(desk: Desk, rest: str) -> None:
    """A condition on a clicked field, as this event has it."""
    row = _row(desk, rest)
    if row is None:
        return
    round_it = edits.items_round(desk.document, desk.into)
    made = panel.for_item(row, round_it, desk.fields, desk.seen) if round_it else None
    made = made or panel.clicked(row, _pick(rest), desk.fields, desk.seen)
    desk.document = edits.add_condition(desk.document, desk.into, made)
    desk.focus = edits.place_of(made, desk.document["when"])


def _row(desk: Desk, rest: str) -> Row | None:
    part, _, path = rest.partition(" ")
    return next((row for row in desk.fields.rows if (row.part, row.path) == (part, path)), None)


def _pick(rest: str) -> Pick:
    """Which item of a list was meant."""
    form = request.form
    return Pick(*[form.get(f"{box} {rest}", "") for box in ("pick", "key", "of")])


def _sample(desk: Desk, rest: str) -> None:
    """A sample event to build on; an untouched draft begins from it."""
    receipt = samples.send_sample(actor(), desk.hook.id)
    if receipt.judge:
        bell().event(receipt.judge)
    desk.past = past.newest(desk.hook, DEFAULT)
    desk.look_at("")
    if not desk.document["then"] and not desk.document["when"].get("all"):
        desk.begin()


def _turn_on(desk: Desk, rest: str) -> None:
    """The rule as it is saved goes live; the draft stays a draft."""
    if desk.rule is not None:
        verbs.switch_rule(actor(), desk.rule.id, "live")
        desk.mode = "live"


BUTTONS = {
    "turn": _turn_on,
    "look": lambda desk, rest: None,
    "event": _event,
    "more": _more,
    "far": _far,
    "fix": _fix,
    "back": _back,
    "undo": _undo,
    "field": _field,
    "sample": _sample,
    **messages.BUTTONS,
}


READS = {"look", "event", "more", "far", "fix", "back", "undo", "field", *edits.EDITS}


def _problems(desk: Desk) -> Iterable[Problem]:
    try:
        verbs.check_document(actor(), desk.document)
    except Invalid as error:
        return error.problems
    return ()


def _test(desk: Desk) -> ResponseReturnValue:
    """What would be sent for the chosen event; sends nothing."""
    desk.checked = True
    try:
        if desk.event:
            desk.tried = try_on(actor(), desk.hook.id, desk.document, desk.event.id)
    except Invalid as error:
        desk.problems = error.problems
        return draw(desk, 422)
    return draw(desk)


def _trial(desk: Desk, verb: str, step_id: str) -> ResponseReturnValue:
    """A real test of a step: first asked for, then sent."""
    found = trial.ask(desk) if verb == "trial" else trial.send(desk, step_id)
    if isinstance(found, trial.Asked):
        desk.trial = found
        return draw(desk, 422 if found.wrong else 200)
    return _go(url_for("runs.show", run_id=found.id))


def _save(desk: Desk, how: str) -> ResponseReturnValue:
    """A new rule, or a new version of one, in the chosen mode; for a trial a new one is off."""
    document = gaps.applied(draft.read(request.form), request.form)
    rule, over = desk.rule, how == "over"
    if how == "trial" and rule is None:
        desk.mode = "off"
    document = likes.applied(document, request.form, desk.likes)
    panel.complete(document["when"], desk.fields, desk.seen)
    earlier = desk.earlier
    try:
        if rule is None:
            rule = verbs.write_rule(actor(), desk.hook.id, document, desk.mode)
        else:
            rule = verbs.save_rule(actor(), rule.id, document, None if over else desk.version)
            if rule.mode != desk.mode:
                verbs.switch_rule(actor(), rule.id, desk.mode)
    except Invalid as error:
        db.session.rollback()
        desk.problems, desk.checked = error.problems, True
        return draw(desk, 422)
    except Conflict as conflict:
        db.session.rollback()
        desk.conflict = conflict
        return draw(desk, 409)
    again = f"The rule is again as it was in version {earlier.number}. " if earlier else ""
    flash(again + SAVED[rule.mode].format(rule.version), "ok")
    on = f"?trial=1&event={desk.event.id}#trial" if how == "trial" and desk.event else ""
    return _go(url_for("rules.edit", rule_id=rule.id) + on)


SAVED = {
    "live": "Saved as version {}. It is live: new events are judged by it from now on.",
    "watch": "Saved as version {}. It watches: it says what it would have sent, and sends nothing.",
    "off": "Saved as version {}. It is off: nothing is judged by it.",
}


def _go(address: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)
