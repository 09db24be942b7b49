"""The rule builder: one form whose buttons edit the draft, try it out, or save it.

Every answer is the whole form again. Without script the browser loads it as a page; htmx takes the
form out of that page and morphs it in place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from rulebook.actions import ACTIONS
from rulebook.domain import rules as verbs
from rulebook.domain import samples
from rulebook.domain.hooks import find_hook
from rulebook.domain.preview import Example, try_on
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.readings import per_month, read_over
from rulebook.domain.rules import find_rule
from rulebook.domain.weigh import weigh
from rulebook.errors import Conflict, Invalid, Problem
from rulebook.storage import db, events, hooks, rules
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule
from web import draft, edits, gaps, messages, panel, pills, steps
from web import rows as drawing
from web.draft import Document
from web.guard import actor, bell


@dataclass
class Desk:
    """One draft with all that is drawn around it."""

    hook: Hook
    document: Document
    rule: Rule | None = None
    mode: str = "live"
    version: int = 0  # the version that the draft began from
    event: Event | None = None
    query: str = ""
    into: str = "/when"  # the group that a clicked field goes to
    message: str = ""  # the box that a field is put into
    caret: int | None = None  # where in its template the next field goes
    expert: bool = False  # whether messages are shown as templates
    checked: bool = False  # whether one has tried to save, so that problems are told
    problems: Iterable[Problem] = ()
    conflict: Conflict | None = None
    tried: Example | None = None
    seen: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.document = draft.drawn(self.document)
        self.look_at(self.event.id if self.event else "")

    def look_at(self, event_id: str) -> None:
        """Choose a stored event of the hook; the newest where there is no such one."""
        chosen = events.event(self.hook.workspace_id, event_id) if event_id else None
        if chosen is None or chosen.hook_id != self.hook.id:
            chosen = next(iter(events.newest(self.hook.id, 1)), None)
        body = events.body_of(chosen.id) if chosen else None
        self.event = chosen
        self.seen = seen_by_rules(chosen, self.hook, body)[0] if chosen and body is not None else {}


def new() -> ResponseReturnValue:
    """A new rule, begun from an event where there is one."""
    actor().must("write")
    event = events.event(actor().workspace_id, request.args.get("event", ""))
    hook_id = request.args.get("hook") or (event.hook_id if event else "")
    known = hooks.hooks(actor().workspace_id)
    if not hook_id and len(known) != 1:
        return render_template("rules/choose.html", hooks=known)
    hook = find_hook(actor(), hook_id or known[0].id)
    if event is not None and event.hook_id != hook.id:
        event = None
    desk = Desk(hook, {}, event=event, query=request.args.get("q", ""))
    desk.document = panel.start(hook, desk.event, desk.seen)
    return _draw(desk)


def edit(rule_id: str) -> ResponseReturnValue:
    """A rule as it stands, to be changed."""
    rule = find_rule(actor(), rule_id)
    saved = rules.version(rule.id, rule.version)
    desk = Desk(find_hook(actor(), rule.hook_id), saved.document, rule, rule.mode, rule.version)
    desk.query = request.args.get("q", "")
    if request.args.get("event"):
        desk.look_at(request.args["event"])
    return _draw(desk)


def create() -> ResponseReturnValue:
    """A button of a new rule's form."""
    return _answer(_desk(None))


def save(rule_id: str) -> ResponseReturnValue:
    """A button of a rule's form."""
    return _answer(_desk(find_rule(actor(), rule_id)))


def preview() -> ResponseReturnValue:
    """The draft judged again, as somebody types; changes nothing."""
    rule_id = request.form.get("rule")
    desk = _desk(find_rule(actor(), rule_id) if rule_id else None)
    desk.problems = _problems(desk) if desk.checked else ()
    return _draw(desk)


def _desk(rule: Rule | None) -> Desk:
    """The draft of the posted form."""
    form = request.form
    hook = find_hook(actor(), rule.hook_id if rule else form.get("hook", ""))
    version = form.get("version", "")
    desk = Desk(
        hook, gaps.applied(draft.read(form), form), rule,
        mode=form.get("mode", "off"),
        version=int(version) if version.isdecimal() else 0,
        query=form.get("q", "").strip(),
        into=form.get("into") or "/when",
        message=form.get("message", ""),
        caret=messages.caret(form),
        expert=bool(form.get("expert")),
        checked=bool(form.get("checked")),
    )  # fmt: skip
    desk.look_at(form.get("event", ""))
    return desk


def _answer(desk: Desk) -> ResponseReturnValue:
    verb, _, rest = request.form.get("do", "save").partition(" ")
    if verb == "save":
        return _save(desk, over=rest == "over")
    actor().must("read" if verb in ("look", "event", "test") else "write")
    if verb == "test":
        return _test(desk)
    BUTTONS.get(verb, _edit)(desk, rest)
    desk.problems = _problems(desk) if desk.checked else ()
    return _draw(desk)


def _edit(desk: Desk, place: str) -> None:
    desk.document = edits.edit(desk.document, request.form["do"])


def _event(desk: Desk, event_id: str) -> None:
    desk.look_at(event_id)


def _field(desk: Desk, rest: str) -> None:
    """A condition on a clicked field, as this event has it."""
    part, path = messages.clicked(rest)
    kinds = panel.kinds(panel.rows(desk.hook, desk.seen))
    kind = kinds.get((part, panel.canonical(rest.partition(" ")[2])), "")
    condition = panel.condition_for(part, path, kind, desk.seen)
    desk.document = edits.add_condition(desk.document, desk.into, condition)


def _sample(desk: Desk, rest: str) -> None:
    """A sample event to build on; an untouched draft begins from it."""
    receipt = samples.send_sample(actor(), desk.hook.id)
    if receipt.judge:
        bell().event(receipt.judge)
    desk.look_at("")
    if not desk.document["then"] and not desk.document["when"].get("all"):
        desk.document = panel.start(desk.hook, desk.event, desk.seen)


BUTTONS = {
    "look": lambda desk, rest: None,
    "event": _event,
    "field": _field,
    "sample": _sample,
    **messages.BUTTONS,
}


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
        return _draw(desk, 422)
    return _draw(desk)


def _save(desk: Desk, over: bool) -> ResponseReturnValue:
    """A new rule, or a new version of one, in the chosen mode."""
    document, rule = draft.read(request.form), desk.rule
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
        return _draw(desk, 422)
    except Conflict as conflict:
        db.session.rollback()
        desk.conflict = conflict
        return _draw(desk, 409)
    flash(SAVED[rule.mode].format(rule.version), "ok")
    return _go(url_for("rules.edit", rule_id=rule.id))


SAVED = {
    "live": "Saved as version {}. It is live: new events are judged by it from now on.",
    "watch": "Saved as version {}. It watches: it says what it would have sent, and sends nothing.",
    "off": "Saved as version {}. It is off: nothing is judged by it.",
}


def _go(address: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _draw(desk: Desk, status: int = 200) -> ResponseReturnValue:
    """The builder's page."""
    document = desk.document
    saved = rules.version(desk.rule.id, desk.rule.version) if desk.rule else None
    weighed = weigh(
        actor(), desk.hook.id, document, desk.event, saved.document if saved else None
    )  # fmt: skip
    fields = panel.rows(desk.hook, desk.seen)
    payload = desk.seen.get("payload")
    known = drawing.Known(
        panel.kinds(fields),
        {(row.part, panel.canonical(row.path)): row.name for row in fields},
        weighed,
        lambda path, value: panel.money_hint(desk.hook.provider, payload, path, value),
    )
    whole = "/when" in weighed.hits
    met = [each.event for each in weighed.judged if each.met or not whole]
    around = pills.Around(
        messages.context(desk),
        lambda field: steps.named(known.names, field),
        lambda field: steps.kind_of(known.kinds, field),
        lambda field: panel.currency_of(desk.hook.provider, field, payload),
    )
    readings = read_over(actor(), desk.hook, document, met, desk.event)
    older, newer = events.neighbours(desk.event) if desk.event else (None, None)
    page = render_template(
        "rules/builder.html",
        desk=desk,
        tree=drawing.tree(document["when"], known),
        steps=steps.forms(actor().workspace_id, document["then"], readings, around, desk.expert),
        cases=steps.CASES,
        month=per_month(met, [each.event for each in weighed.judged]),
        weighed=weighed,
        beside=drawing.beside(desk.problems, document),
        fields=[row for row in fields if row.fits(desk.query)],
        most=panel.MOST_SHOWN,
        samples=samples.samples_for(desk.hook),
        actions=ACTIONS,
        older=older,
        newer=newer,
        changed=saved is None or draft.drawn(saved.document) != document,
        may_write=actor().may("write"),
    )
    return page, status
