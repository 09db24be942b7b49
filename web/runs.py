"""Runs: what was sent, what waits, what needs a decision; retry, settle, cancel."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from rulebook.actions import ACTIONS
from rulebook.domain import held, replay
from rulebook.domain.hiding import gist_shown
from rulebook.domain.shown_runs import hiding_of_run, runs_shown
from rulebook.errors import Conflict, NotFound
from rulebook.storage import attempts, connections, events, figures, hooks, rules, runs
from rulebook.storage.rules import Rule
from rulebook.storage.runs import Run
from web.guard import actor, bell, own_page
from web.headline import awaits_report
from web.runlist import runs_page
from web.said import said_by
from web.tracing import later_than

pages = Blueprint("runs", __name__)

MOST_AT_ONCE = 200


@pages.get("/runs")
def index() -> ResponseReturnValue:
    """The runs that fit the filter, newest first; the filter lives in the address."""
    return runs_page()


@pages.get("/runs/<run_id>")
def show(run_id: str) -> ResponseReturnValue:
    """One run: the message as it was or will be sent, every attempt, what one can do."""
    me = actor()
    run = replay.find_run(me, run_id)
    rule, number = _rule_of(run)
    hiding = hiding_of_run(run)
    run = hiding.over(run)
    same = runs.runs_of_step(run.event_id, run.rule_id, run.step_id, run.test)
    event, hook = events.event_by_id(run.event_id), hooks.hook_by_id(run.hook_id)
    return render_template(
        "run.html",
        run=run,
        rule=rule,
        number=number,
        event=event,
        gist=gist_shown(hook, event),
        hook_name=figures.hook_names(me.workspace_id, [run.hook_id])[run.hook_id],
        connection=_connection_name(run),
        said=said_by(hook.provider)(run),
        reports=_is_reported(run),
        attempts=[hiding.over(each) for each in attempts.attempts_of([run.id])[run.id]],
        others=runs_shown([each for each in same if each.id != run.id]),
        retried=any(each.id > run.id for each in same),
        awaits_report=awaits_report(run),
        later_than=later_than,
        may_send=me.may("send"),
    )


def _rule_of(run: Run) -> tuple[Rule, int]:
    return rules.named([run.rule_version_id])[run.rule_version_id]


def _is_reported(run: Run) -> bool:
    """Whether its provider may say what became of it after it was sent."""
    action = ACTIONS.get(run.action)
    return bool(run.delivery or (action and action.reports and run.provider_ref))


def _connection_name(run: Run) -> str | None:
    if run.connection_id is None:
        return None
    found = connections.connection(run.workspace_id, run.connection_id)
    return found.name if found else "a connection that was deleted"


@pages.post("/runs/<run_id>/retry")
def retry(run_id: str) -> ResponseReturnValue:
    """Once more, now: a failed run becomes a new one, one that waits is due."""
    try:
        run = replay.retry(actor(), run_id)
    except Conflict as refused:
        return _go_on(refused, run_id)
    bell().runs([run.id])
    again = run.id != run_id
    flash("Retried as a run of its own." if again else "It is due now.", "ok")
    return redirect(own_page(request.form.get("next"), url_for("runs.show", run_id=run.id)), 303)


@pages.post("/runs/<run_id>/resolve")
def resolve(run_id: str) -> ResponseReturnValue:
    """Settle a run that may have been sent: arrived, not_arrived or send_again."""
    try:
        run = replay.resolve(actor(), run_id, request.form.get("how", ""))
    except Conflict as refused:
        return _go_on(refused, run_id)
    if run.state == "queued":
        bell().runs([run.id])
    return _go_on(run.sentence, run_id)


@pages.post("/runs/<run_id>/cancel")
def cancel(run_id: str) -> ResponseReturnValue:
    """Stop a run that waits."""
    try:
        replay.cancel(actor(), run_id)
    except Conflict as refused:
        return _go_on(refused, run_id)
    return _go_on("Cancelled: nothing is sent for it.", run_id)


@pages.post("/runs/<run_id>/release")
def release(run_id: str) -> ResponseReturnValue:
    """Let a run go on that is held because of what it costs."""
    try:
        run = held.release(actor(), run_id)
    except Conflict as refused:
        return _go_on(refused, run_id)
    bell().runs([run.id])
    return _go_on("Released: it is due now.", run_id)


def _go_on(said: str | Conflict, run_id: str) -> ResponseReturnValue:
    """Back to where the button was, with a sentence; no press is ignored in silence."""
    if isinstance(said, Conflict):
        flash(f"{said.message} {said.fix}", "doubt")
    else:
        flash(said, "ok")
    return redirect(own_page(request.form.get("next"), url_for("runs.show", run_id=run_id)), 303)


@pages.get("/runs/retry")
def retry_failed() -> ResponseReturnValue:
    """What a retry of all failed runs, of one rule or of all, would send; sends nothing."""
    me = actor()
    rule_id, since = request.args.get("rule", ""), _moment(request.args.get("since", ""))
    failed = figures.failed_runs(me.workspace_id, rule_id or None, MOST_AT_ONCE, since)
    found = runs_shown(failed)
    if rule_id and not figures.rule_names(me.workspace_id, [rule_id]):
        raise NotFound("rule")
    return render_template(
        "runs_retry.html",
        rule_id=rule_id,
        rule_name=figures.rule_names(me.workspace_id, [rule_id]).get(rule_id),
        surely_not=[run for run in found if not run.may_repeat],
        maybe=[run for run in found if run.may_repeat],
        named=rules.named({run.rule_version_id for run in found}),
        most=MOST_AT_ONCE,
        may_send=me.may("send"),
    )


def _moment(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@pages.post("/runs/retry")
def retry_these() -> ResponseReturnValue:
    """Retry the runs that the preview listed."""
    chosen = request.form.getlist("run")[:MOST_AT_ONCE]
    fresh, left_out = replay.retry_all(actor(), chosen)
    bell().runs([run.id for run in fresh])
    if fresh:
        flash(f"Retried {len(fresh)} run{'s' if len(fresh) != 1 else ''}.", "ok")
    if left_out:
        flash(f"{left_out} left out, because something happened to them meanwhile.", "doubt")
    if not chosen:
        flash("Nothing was chosen, so nothing is sent.", "off")
    there = url_for("runs.index", rule=request.form.get("rule") or None)
    return redirect(own_page(request.form.get("next"), there), 303)
