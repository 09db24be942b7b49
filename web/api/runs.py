"""Runs: one action to be carried out for one event, and each try of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rulebook.domain import found_runs, held
from rulebook.domain import replay as verbs
from rulebook.domain.actor import Actor
from rulebook.domain.exporting import begin_export, runs_to_take
from rulebook.domain.shown_runs import hiding_of_run, runs_shown
from rulebook.errors import NotFound
from rulebook.storage import attempts as tried
from rulebook.storage import hooks, rules
from rulebook.storage.attempts import Attempt
from rulebook.storage.ledger import RunFilter
from rulebook.storage.runs import Run
from web.api.calls import Ask, call
from web.api.paging import pack
from web.api.shapes import Shape, Want, moment
from web.guard import bell
from web.taking import said, taken

STATES = ("queued", "sending", "succeeded", "failed", "unknown", "held", "skipped", "cancelled",
          "watched")  # fmt: skip
_RUN = {
    "id": "text", "event": "text", "hook": "text", "rule": "text", "rule_version": "count",
    "step": "text", "action": "text", "connection": "text?", "state": "text", "practice": "yes/no",
    "test": "yes/no",
    "target": "text", "replay": "count", "summary": "text", "message": "object?",
    "sentence": "text", "fix": "text",
    "tries": "count", "most_tries": "count", "may_repeat": "yes/no", "receipt": "text?",
    "delivery": "text?", "delivery_at": "time?", "created_at": "time",
    "next_attempt_at": "time?", "finished_at": "time?",
}  # fmt: skip
RUN = Shape(
    "Run",
    "One action for one event by one rule. `practice`: kept instead of sent. `test`: a person "
    "asked for it.",
    _RUN,
)
ATTEMPT = Shape("Attempt", "One try of a run; without an outcome it may be under way.", {
    "n": "count", "started_at": "time", "finished_at": "time?", "outcome": "text?",
    "sentence": "text", "fix": "text", "request": "text", "answer": "text", "receipt": "text",
    "duration_ms": "count?",
})  # fmt: skip
FULL = Shape("RunWithAttempts", "A run with every try.", {**_RUN, "attempts": "[Attempt]"})


NARROWS = (
    Want("state", "text", "Only runs in this state.", choices=STATES),
    Want("hook", "text", "Only runs of this hook."),
    Want("rule", "text", "Only runs of this rule."),
    Want("connection", "text", "Only runs that go through this connection."),
    Want("to", "text", "Only runs whose summary holds this: a number, an address, a host."),
    Want("after", "time", "Only runs planned at this time or later."),
    Want("before", "time", "Only runs planned before this time."),
)


@call("GET", "/runs", gives=RUN, listed=True, query=(
    *NARROWS,
    Want("format", "text", "All that fit at once, streamed, for an owner: csv or ndjson.",
         choices=("json", "csv", "ndjson")),
))  # fmt: skip
def index(ask: Ask) -> Any:
    """List runs, newest first. With `to` the looking for one page is bounded: it may hold few or
    none and still have a `next`, where to go on."""
    narrowed = narrowed_by(ask.actor, ask.query)
    if ask.query.get("format", "json") != "json":
        begin_export(ask.actor, f"runs.{ask.query['format']}")
        return taken("runs", ask.query["format"], runs_to_take(ask.actor, narrowed, said))
    found = found_runs.page(ask.actor.workspace_id, narrowed, ask.limit, ask.cursor)
    return {"items": [shown(run) for run in runs_shown(found.runs)],
            "next": pack(found.next) if found.next else None}  # fmt: skip


def narrowed_by(actor: Actor, query: Mapping[str, Any]) -> RunFilter:
    """What these parameters of the list narrow it by. Raises NotFound."""
    workspace_id, hook_id, rule_id = actor.workspace_id, query.get("hook"), query.get("rule")
    if hook_id and hooks.hook(workspace_id, hook_id, deleted=True) is None:
        raise NotFound("hook")
    if rule_id and rules.rule(workspace_id, rule_id, deleted=True) is None:
        raise NotFound("rule")
    return RunFilter(
        state=query.get("state"), hook_id=hook_id, rule_id=rule_id, to=query.get("to"),
        connection_id=query.get("connection"), after=query.get("after"),
        before=query.get("before"),
    )  # fmt: skip


@call("GET", "/runs/{id}", gives=FULL)
def one(ask: Ask, id: str) -> Any:
    """Show one run with every try."""
    return full(verbs.find_run(ask.actor, id))


@call("POST", "/runs/{id}/retry", "send", gives=FULL)
def retry(ask: Ask, id: str) -> Any:
    """Try once more: a waiting run at once, a failed one as a new run."""
    return _rung(verbs.retry(ask.actor, id))


@call("POST", "/runs/{id}/resolve", "send", gives=FULL, body=(
    Want("how", "text", "What you found out, or that it is to be sent again.", required=True,
         choices=verbs.RESOLUTIONS),
))  # fmt: skip
def resolve(ask: Ask, id: str) -> Any:
    """Settle a run that may have been sent."""
    return _rung(verbs.resolve(ask.actor, id, ask.body["how"]))


@call("POST", "/runs/{id}/cancel", "send", gives=FULL)
def cancel(ask: Ask, id: str) -> Any:
    """Stop a run that waits."""
    return full(verbs.cancel(ask.actor, id))


@call("POST", "/runs/{id}/release", "send", gives=FULL)
def release(ask: Ask, id: str) -> Any:
    """Let a run go on that is held because of what it costs."""
    return _rung(held.release(ask.actor, id))


def _rung(run: Run) -> dict[str, Any]:
    if run.state == "queued":
        bell().runs([run.id])
    return full(run)


def full(run: Run, attempts: list[Attempt] | None = None) -> dict[str, Any]:
    """A run with its attempts."""
    if attempts is None:
        hiding = hiding_of_run(run)
        attempts = [hiding.over(each) for each in tried.attempts_of([run.id])[run.id]]
        run = hiding.over(run)
    return {**shown(run), "attempts": [_attempt(each) for each in attempts]}


def shown(run: Run) -> dict[str, Any]:
    """A run as the API tells it; one that is only planned as well."""
    return {
        "id": run.id,
        "event": run.event_id,
        "hook": run.hook_id,
        "rule": run.rule_id,
        "rule_version": rules.version_by_id(run.rule_version_id).number,
        "step": run.step_id,
        "action": run.action,
        "connection": run.connection_id,
        "state": run.state,
        "practice": run.practice,
        "test": bool(run.test),
        "target": run.target or "",
        "replay": run.replay_no,
        "summary": run.summary,
        "message": run.message,
        "sentence": run.sentence,
        "fix": run.fix or "",
        "tries": run.attempts or 0,
        "most_tries": run.max_attempts,
        "may_repeat": bool(run.may_repeat),
        "receipt": run.provider_ref,
        "delivery": run.delivery,
        "delivery_at": moment(run.delivery_at),
        "created_at": moment(run.created_at),
        "next_attempt_at": moment(run.next_attempt_at),
        "finished_at": moment(run.finished_at),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "n": attempt.n,
        "started_at": moment(attempt.started_at),
        "finished_at": moment(attempt.finished_at),
        "outcome": attempt.outcome,
        "sentence": attempt.sentence,
        "fix": attempt.fix,
        "request": attempt.request,
        "answer": attempt.answer,
        "receipt": attempt.receipt,
        "duration_ms": attempt.duration_ms,
    }
