"""The builder's desk: one draft, the events it is built on, and all that is drawn around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request

from rulebook.actions import ACTIONS
from rulebook.domain import past, samples
from rulebook.domain.called import ANY, shared
from rulebook.domain.fieldwatch import drifts_of
from rulebook.domain.likeness import Like, like_this
from rulebook.domain.past import Past
from rulebook.domain.phones import own_addresses
from rulebook.domain.preview import DEFAULT, Example
from rulebook.domain.readings import per_month, read_over
from rulebook.domain.weigh import Weighed, weigh
from rulebook.errors import Conflict, Problem
from rulebook.storage import event_lists, events, figures, rules, workspaces
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rules import parse
from web import draft, far, fieldlist, likes, messages, panel, pills, saying, steps, undo, versions
from web import rows as drawing
from web.changed import Changes, changes
from web.draft import Document
from web.explained import missed
from web.far import Far
from web.fieldlist import Fields
from web.guard import actor
from web.saying import Voice
from web.trial import Asked
from web.turns import turns
from web.undo import Deed

MOST_SHOWN = 12  # fields of a kind before "Show more"


@dataclass
class Desk:
    """One draft with all that is drawn around it."""

    hook: Hook
    document: Document
    rule: Rule | None = None
    mode: str = "live"
    version: int = 0  # the version that the draft began from
    back: int = 0  # an earlier version that one looks at, to go back to it
    event: Event | None = None
    query: str = ""
    into: str = "/when"  # the group that a clicked field goes to
    message: str = ""  # the box that a field is put into
    caret: int | None = None  # where in its template the next field goes
    expert: bool = False  # whether messages are shown as templates
    more: str = ""  # which list of events is shown in full
    far: Far | None = None  # what looking far back has found so far
    undo: list[Deed] = field(default_factory=list)  # what can be put back, the newest last
    told: str = ""  # what a press of a button has put back
    likes: list[Like] = field(default_factory=list)  # what sets the event of a new rule apart
    focus: str = ""  # the condition or group to go on with
    checked: bool = False  # whether one has tried to save, so that problems are told
    problems: Iterable[Problem] = ()
    conflict: Conflict | None = None
    tried: Example | None = None
    trial: Asked | None = None  # the panel of the real test, when it is open
    seen: dict[str, Any] = field(default_factory=dict)  # without what is hidden
    looked_at: Past | None = None  # the chosen event; None when what was sent is no longer kept

    def __post_init__(self) -> None:
        self.document = draft.drawn(self.document)
        self.zone = ZoneInfo(workspaces.workspace(self.hook.workspace_id).zone)
        saved = rules.version(self.rule.id, self.rule.version) if self.rule else None
        self.saved: Document | None = saved.document if saved else None
        self.past: list[Past] = past.newest(self.hook, DEFAULT)
        self.look_at(self.event.id if self.event else "")

    def look_at(self, event_id: str) -> None:
        """Choose a stored event of the hook; the newest where there is no such one."""
        chosen = events.event(self.hook.workspace_id, event_id) if event_id else None
        if chosen is None or chosen.hook_id != self.hook.id:
            chosen = next(iter(event_lists.newest(self.hook.id, 1)), None)
        self.event = chosen
        read = (each for each in self.past if chosen and each.event.id == chosen.id)
        self.looked_at = next(read, None)
        body = events.body_of(chosen.id) if chosen and not self.looked_at else None
        if chosen is not None and body is not None:
            self.looked_at = past.read(self.hook, chosen, body)
        self.seen = self.looked_at.hiding.seen(self.looked_at.seen) if self.looked_at else {}
        used = [path for _, version in rules.current(self.hook.workspace_id, self.hook.id)
                for path in draft.paths_of(version.document)]  # fmt: skip
        self.fields: Fields = fieldlist.fields(
            self.hook, self.event, self.seen, self.past, used, self.zone
        )

    @cached_property
    def mine(self) -> dict[str, str]:
        """Where the author is reached, by kind of field."""
        return own_addresses(actor())

    @property
    def voice(self) -> Voice:
        return saying.voice(self.hook, self.fields)

    def compare(self) -> None:
        """Work out what sets the chosen event apart from the others."""
        kind = panel.type_is(self.hook, self.event, self.seen) if self.event else None
        if self.looked_at:
            here, zone = self.looked_at, str(self.zone)
            seen = here.hiding.seen(here.seen, left_out=True)
            self.likes = like_this(here.event, seen, kind, self.past, zone)

    def begin(self) -> None:
        """A new rule from the chosen event: met by its like."""
        self.compare()
        self.document = panel.start(
            self.hook, self.event, self.seen, self.fields, self.likes, self.mine
        )

    def weighed(self) -> Weighed:
        """The draft judged as far as it is finished, and told without what is hidden."""
        rule_id, here = self.rule.id if self.rule else None, self.looked_at
        seen = here.seen if here else {}
        found = weigh(actor(), self.hook.id, self.document, self.past, seen, self.saved, rule_id)
        hiding = {each.event.id: each.hiding for each in self.past}
        judged = [
            replace(each, why=hiding[each.event.id].explanation(each.why)) if each.why else each
            for each in found.judged
        ]
        if here is None or found.verdict is None:
            return replace(found, judged=judged)
        told = {place: here.hiding.finding(one) for place, one in found.here.items()}
        verdict = here.hiding.explanation(found.verdict)
        return replace(found, judged=judged, verdict=verdict, here=told)

    def changes(self) -> Changes:
        """What the draft has changed of the rule as it was saved."""
        return changes(self.saved, self.document)

    @property
    def earlier(self) -> RuleVersion | None:
        """The version that one goes back to, while the draft is what it was."""
        if self.rule is None or not 1 <= self.back < self.rule.version:
            return None
        found = rules.version(self.rule.id, self.back)
        return found if draft.drawn(found.document) == self.document else None

    @property
    def changed(self) -> bool:
        return self.saved is None or draft.drawn(self.saved) != self.document


@dataclass(frozen=True)
class Frame:
    """What every row of the conditions is drawn with. of: events judged; focus: the row to go on
    with; lists: fields that an items group can look into."""

    of: int
    beside: dict[str, list[Problem]]
    may_write: bool
    fields: Fields = field(default_factory=lambda: Fields([]))
    focus: str = ""
    version: int = 0

    @property
    def lists(self) -> list[fieldlist.Row]:
        return [row for row in self.fields.rows if row.kind == "list"]

    def choices(self, base: str) -> list[tuple[str, list[tuple[str, str]]]]:
        """Titles, each with (part and path, name) of its fields; in a list also its item's."""
        of_item = shared(base)
        inside = of_item if of_item.endswith(ANY) else of_item + ANY
        groups: dict[str, list[tuple[str, str]]] = {
            "Of the item": [], "Used often": [], "Everything else": [],
            "In other kinds of event": [], "About the request itself": [],
        }  # fmt: skip
        for row in self.fields.rows:
            if of_item and row.path.startswith(inside):
                own = f"@{row.path[len(inside) :]}"
                groups["Of the item"].append((f"{row.part} {own}", row.name))
            groups[row.group].append((f"{row.part} {row.path}", row.name))
        return list(groups.items())


def _watched(desk: Desk) -> int | None:
    """For how many events a rule that only watches would have sent something."""
    if desk.rule is None or desk.rule.mode != "watch":
        return None
    version = rules.version(desk.rule.id, desk.rule.version)
    return figures.watched_by([version.id])[version.id]


def _versions(desk: Desk) -> list[versions.Told]:
    """The newest versions, which stand beside the form: an answer that is taken into the page
    without what stands round it does not need them."""
    if desk.rule is None or request.headers.get("HX-Request"):
        return []
    return versions.told(desk.rule, desk.hook, versions.FEW)


def _met(weighed: Weighed) -> list[Event]:
    """The events whose messages are shown: those that are met, and while nothing is asked all."""
    return [each.event for each in weighed.judged if each.met or weighed.rule is None]


def _steps(desk: Desk, weighed: Weighed) -> list[steps.StepForm]:
    names = {key: row.name for key, row in desk.fields.known.items()}
    kinds = {key: row.kind for key, row in desk.fields.known.items()}
    around = pills.Around(
        messages.context(desk),
        lambda name: steps.named(names, name),
        lambda name: steps.kind_of(kinds, name),
        lambda name: panel.currency_of(desk.hook.provider, name, desk.seen.get("payload")),
    )
    met = {each.id for each in _met(weighed)}
    over = [each for each in desk.past if each.event.id in met]
    readings = read_over(actor(), desk.hook, desk.document, over, desk.looked_at)
    return steps.forms(actor().workspace_id, desk.document["then"], readings, around, desk.expert)


def draw(desk: Desk, status: int = 200) -> tuple[str, int]:
    """The builder's page."""
    weighed, document, made = desk.weighed(), desk.document, desk.changes()
    voice = desk.voice
    known = drawing.Known(voice, weighed, made, desk.rule.version if desk.rule else 0)
    older, newer = event_lists.neighbours(desk.event) if desk.event else (None, None)
    saved = draft.parsed_when(desk.saved) if desk.saved else None
    beside = drawing.beside(desk.problems, document)
    frame = Frame(len(weighed.judged), beside, actor().may("write"), desk.fields, desk.focus,
                    known.version)  # fmt: skip
    page = render_template(
        "rules/builder.html",
        desk=desk,
        tree=drawing.tree(document["when"], known),
        steps=_steps(desk, weighed),
        cases=steps.CASES,
        month=per_month(_met(weighed), [each.event for each in weighed.judged]),
        weighed=weighed,
        turns=turns(weighed, voice, saved),
        told=voice.draft(weighed, document),
        tried_words=_tried(desk, voice),
        lint={place: drawing.notes_at(place, known) for place in ("/when", "/then", "/options")},
        gone=[drawing.words_of(node, voice) for node in made.gone],
        gone_steps=[undo.step_words(step) for _, step in made.gone_steps],
        undone=undo.written(desk.undo),
        edits=made.count,
        beside=beside,
        frame=frame,
        fields=[row for row in desk.fields.rows if row.fits(desk.query)],
        most=MOST_SHOWN,
        samples=samples.samples_for(desk.hook),
        actions=ACTIONS,
        ticks=likes.ticks(desk.likes, document, voice),
        likes=likes.written(desk.likes, document),
        far=desk.far,
        far_said=far.written(desk.far, document) if desk.far else "",
        may_look_far=len(weighed.judged) >= DEFAULT,
        older=older,
        newer=newer,
        changed=desk.changed,
        drifts=drifts_of(desk.rule) if desk.rule else [],
        watched=_watched(desk),
        earlier=desk.earlier,
        versions=_versions(desk),
        may_write=actor().may("write"),
        may_send=actor().may("send"),
    )
    return page, status


def _tried(desk: Desk, voice: Voice) -> str:
    """How the test went, in words."""
    if desk.tried is None:
        return ""
    verdict = desk.tried.explanation
    if verdict.met:
        return "This event matches."
    return "{}{}".format(*missed(parse(desk.document), verdict, voice))
