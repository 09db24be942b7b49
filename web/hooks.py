"""Hooks: the list, and one hook with its address, its first event, its rules and settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.domain import hidden_fields
from rulebook.domain import hooks as verbs
from rulebook.domain.samples import samples_for, send_sample
from rulebook.domain.voice import voice_of
from rulebook.egress.addresses import reached_by_strangers
from rulebook.errors import Invalid
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.providers.contract import Body
from rulebook.storage import event_lists, events, fields, hooks, rules
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.hooks import Hook
from rules.paths import name_of, parse_path
from rules.words import Names, sentence_case
from web.coach import coach, refusing
from web.eventlist import lines
from web.explained import friendly_names
from web.fragments import page
from web.guard import actor, bell
from web.seen import fields_seen
from web.shown import zone
from web.signing import CHOICES, event_choices, signing

pages = Blueprint("hooks", __name__)
NEWEST = 8
LOOKED_BACK = 50
USUAL_REPLY = {"status": 200, "type": "text/plain", "text": ""}
OVERLAPS = (
    (24, "for 24 hours"), (1, "for an hour"), (168, "for a week"), (0, "not at all"),
)  # fmt: skip


@pages.get("/hooks")
def index() -> ResponseReturnValue:
    """The hooks, and a form to make one."""
    return _index()


@pages.post("/hooks")
def create() -> ResponseReturnValue:
    """Make a hook and show its address."""
    form = request.form
    try:
        hook = verbs.make_hook(
            actor(), form.get("name", ""), form.get("provider", UNKNOWN_SENDER.name)
        )
    except Invalid as error:
        return _index(error), 422
    flash("Made. Copy its web address and paste it where events come from.")
    return redirect(url_for("hooks.show", hook_id=hook.id), 303)


@pages.get("/hooks/<hook_id>")
def show(hook_id: str) -> ResponseReturnValue:
    """One hook."""
    return _show(verbs.find_hook(actor(), hook_id))


@pages.post("/hooks/<hook_id>")
def change(hook_id: str) -> ResponseReturnValue:
    """Change name, provider and reply; or, from its own form, the signing secret."""
    hook = verbs.find_hook(actor(), hook_id)
    try:
        verbs.change_hook(actor(), hook_id, **_changes())
    except Invalid as error:
        return _show(hook, error), 422
    flash(_changed_words())
    return redirect(url_for("hooks.show", hook_id=hook_id), 303)


@pages.post("/hooks/<hook_id>/pause")
def pause(hook_id: str) -> ResponseReturnValue:
    """Keep events without judging them, or judge new ones again."""
    paused = request.form.get("paused") == "yes"
    verbs.change_hook(actor(), hook_id, paused=paused)
    flash(
        "Paused. Events are kept and held; nothing is judged or sent."
        if paused
        else "Going again: new events are judged."
    )
    return redirect(url_for("hooks.show", hook_id=hook_id), 303)


@pages.post("/hooks/<hook_id>/release")
def release(hook_id: str) -> ResponseReturnValue:
    """Judge the events that came while the hook was paused."""
    released = verbs.release_hook(actor(), hook_id)
    bell().events(released)
    count = len(released)
    flash(
        f"{count} held event{' is' if count == 1 else 's are'} being judged."
        if released
        else "No event is held, or the hook is still paused. Nothing was done."
    )
    return redirect(url_for("hooks.show", hook_id=hook_id), 303)


@pages.route("/hooks/<hook_id>/rotate", methods=["GET", "POST"])
def rotate(hook_id: str) -> ResponseReturnValue:
    """A new address, after asking how long the old one is to live on."""
    hook = verbs.find_hook(actor(), hook_id)
    actor().must("write")
    if request.method == "GET":
        return render_template("hooks/rotate.html", hook=hook, overlaps=OVERLAPS)
    known = {str(hours): hours for hours, _ in OVERLAPS}
    hours = known.get(request.form.get("overlap", ""), OVERLAPS[0][0])
    verbs.rotate_hook(actor(), hook_id, timedelta(hours=hours))
    flash("This hook has a new web address. Paste it where the old one stands.")
    return redirect(url_for("hooks.show", hook_id=hook_id), 303)


@pages.route("/hooks/<hook_id>/delete", methods=["GET", "POST"])
def delete(hook_id: str) -> ResponseReturnValue:
    """Delete a hook, after saying what that means."""
    hook = verbs.find_hook(actor(), hook_id)
    actor().must("write")
    if request.method == "GET":
        count = len(rules.rules(hook.workspace_id, hook.id))
        return render_template("hooks/delete.html", hook=hook, rules=count)
    verbs.delete_hook(actor(), hook_id)
    flash(f"{hook.name} is deleted. Its events and history are kept until their time is over.")
    return redirect(url_for("hooks.index"), 303)


@pages.post("/hooks/<hook_id>/show-again")
def show_again(hook_id: str) -> ResponseReturnValue:
    """Show a field again that somebody hid."""
    hidden_fields.show_field(actor(), hook_id, request.form.get("path", ""))
    flash("It is shown again, on pages that are opened from now on.", "ok")
    return redirect(url_for("hooks.show", hook_id=hook_id), 303)


@pages.post("/hooks/<hook_id>/sample")
def sample(hook_id: str) -> ResponseReturnValue:
    """Send a sample event through the same door that senders use, and show what became of it."""
    receipt = send_sample(actor(), hook_id, request.form.get("sample", ""))
    if receipt.judge:
        bell().event(receipt.judge)
    if receipt.event_id is None:
        flash(f"The sample was not taken: {receipt.text.strip()}", "bad")
        return redirect(url_for("hooks.show", hook_id=hook_id), 303)
    flash("A sample event was sent to this hook.")
    return redirect(url_for("events.show", event_id=receipt.event_id), 303)


def _changes() -> dict[str, Any]:
    form = request.form
    if "remove_secret" in form:
        return {"secret": ""}
    if "secret" in form:
        secret = form["secret"].strip()
        if not secret:
            raise Invalid.at("/secret", "The secret is empty.", "Paste it here.")
        return {"secret": secret}
    changes: dict[str, Any] = {"name": form["name"]} if "name" in form else {}
    if form.get("provider"):
        changes["provider"] = form["provider"]
    if "reply_status" in form:
        status = form["reply_status"].strip()
        reply = {
            "status": _number(status),
            "type": form.get("reply_type", "text/plain"),
            "text": form.get("reply_text", ""),
        }
        tolerance = form.get("tolerance", "").strip()
        changes["settings"] = {
            "reply": None if reply == USUAL_REPLY else reply,
            "tolerance": _number(tolerance) if tolerance else None,
            "id_header": form.get("id_header", "").strip() or None,
            "keep_refused": None if form.get("keep_refused") == "yes" else False,
            "allow_unverified": form.get("allow_unverified") == "yes",
        }
    return changes


def _number(text: str) -> int | str:
    """The number that was typed; what is none is left for the check to refuse."""
    return int(text) if text.isdecimal() and len(text) < 8 else text


def _changed_words() -> str:
    if "remove_secret" in request.form:
        return "The signing secret is removed. Anyone with the web address can send to this hook."
    if "secret" in request.form:
        return "The signing secret is kept, encrypted. From now on every event is checked."
    return "Saved."


def _index(error: Invalid | None = None) -> str:
    here = actor()
    found = hooks.hooks(here.workspace_id)
    counts: dict[str, int] = {}
    for rule in rules.rules(here.workspace_id):
        counts[rule.hook_id] = counts.get(rule.hook_id, 0) + 1
    return page(
        "hooks/index.html",
        hooks=found,
        last=event_lists.last_received([hook.id for hook in found]),
        counts=counts,
        providers=PROVIDERS,
        choices=[(p.name, p.label) for p in PROVIDERS.values()],
        unknown=UNKNOWN_SENDER.name,
        given=request.form,
        errors=_boxes(error),
        may_write=here.may("write"),
    )


def show_with(hook: Hook, error: Invalid) -> str:
    """The hook's page with what was wrong in one of its forms."""
    return _show(hook, error)


def _show(hook: Hook, error: Invalid | None = None) -> str:
    here = actor()
    newest = event_lists.page_of_events(
        here.workspace_id, EventFilter(hook_id=hook.id), LOOKED_BACK
    )
    names, voice = friendly_names(hook.provider), voice_of(hook)
    signed = signing(hook, newest)
    return page(
        "hooks/show.html",
        hook=hook,
        url=verbs.hook_url(hook),
        inner=not reached_by_strangers(verbs.hook_url(hook)),
        provider=PROVIDERS.get(hook.provider, UNKNOWN_SENDER),
        secrets=len(verbs.secrets_of(hook)),
        signing=signed,
        boxes=CHOICES,
        tried=event_choices(newest),
        coach=coach(hook, newest, bool(hook.secrets_sealed), signed),
        newest=newest,
        held=events.count_held(hook.id),
        refusing=refusing(newest, signed.why),
        lines=lines(newest[:NEWEST], [hook]),
        rules=[
            (rule, voice.read_back(version.document))
            for rule, version in rules.current(here.workspace_id, hook.id)
        ],
        fields=fields_seen(fields.fields(hook.id), names, voice.currencies, zone()),
        samples=[(f"{name}/{each.name}", each.label) for name, each in samples_for(hook)],
        choices=[(p.name, p.label) for p in PROVIDERS.values()],
        hidden=list(_hidden(hook, names)),
        may_own=here.may("own"),
        reply=hook.settings.get("reply") or {},
        settings=hook.settings,
        given=request.form if error else {},
        errors=_boxes(error),
        may_write=here.may("write"),
        may_send=here.may("send"),
    )


def _hidden(hook: Hook, names: Names) -> Iterator[dict[str, Any]]:
    """The fields that people do not see: those of the sender's file, and those chosen here."""
    of_sender = PROVIDERS[hook.provider].hides if hook.provider in PROVIDERS else ()
    found = [(each.path, False) for each in of_sender if isinstance(each, Body)]
    found += [(path, True) for path in hook.settings.get("hidden") or ()]
    for path, chosen in found:
        name = names(parse_path(path).text) or sentence_case(name_of(path))
        yield {"path": path, "name": name, "chosen": chosen}


def _boxes(error: Invalid | None) -> dict[str, Any]:
    """The problems by the box that they belong to."""
    found = error.problems if error else ()
    return {problem.pointer.strip("/").rpartition("/")[2]: problem for problem in found}
