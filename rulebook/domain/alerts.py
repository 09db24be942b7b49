"""Alerts: people are told once of each problem, and once of its end, by e-mail and one other way.

The message is written down before it is sent. Where a worker dies in the middle it may have been
sent, says so, and is not sent again. What goes wrong with an alert is shown, and never alerted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rulebook.actions import ACTIONS, Call, Outcome
from rulebook.domain.actor import Actor
from rulebook.domain.aftermath import wait_before
from rulebook.domain.connections import open_connection
from rulebook.domain.fieldwatch import event_of
from rulebook.domain.house import house
from rulebook.domain.own_mail import own_mail, try_own_mail
from rulebook.domain.throttle import count_try
from rulebook.errors import ConfigError, Invalid
from rulebook.failpoints import reach
from rulebook.storage import alerts, connections, db, held, notices, reading, utcnow, workspaces
from rulebook.storage.alerts import Alert, AlertChoice, AlertWay
from rulebook.storage.notices import Notice

log = logging.getLogger("rulebook.alerts")
DEADLINE = 30.0
# Problems that come together go into one message.
GATHER = timedelta(seconds=10)
MOST_IN_AN_HOUR, HOUR = 30, timedelta(hours=1)
MOST_TOLD = 15  # problems in one message
TRIES, TRIES_WITHIN = 10, timedelta(minutes=5)  # of the mail server in the settings
TRIES_FOR = timedelta(hours=12)
TOLD_BY_DEFAULT = ("owner", "editor")
# Kind -> what a person chooses, what a message calls it, where its link leads.
KINDS = {
    "failed": ("A rule starts failing", "is failing", "/runs?state=failed&rule={}"),
    "unknown": ("Something may have been sent", "may have been sent",
                "/runs?state=unknown&rule={}"),
    "target": ("A target is switched off", "is switched off", "/connections#targets"),
    "held": ("Runs are held for a decision", "waits for your decision",
             "/runs?state=held&rule={}"),
    "refused": ("A hook refuses what comes", "refuses what comes", "/hooks/{}"),
    "silent": ("A hook or a rule falls silent", "fell silent", "/{}"),
    "drift": ("A field that a rule reads goes missing", "misses what it reads",
              "/events/{}?view=difference#sent"),
    "poison": ("An event cannot be judged", "could not judge an event",
               "/events?hook={}&state=poison"),
    "late": ("Work is late", "Work is late", "/runs?state=waiting"),
}  # fmt: skip
NO_WAY = "There is no way for alerts: connect a mail server, then choose it under Alerts."


@dataclass(frozen=True)
class Way:
    """How a message leaves: an action, and a connection or the mail server of the settings."""

    action: str
    connection_id: str | None


def mail_way(workspace_id: str) -> Way | None:
    """How e-mail to the workspace's people goes: the connection they chose, else the mail server
    in the settings, else the first connection that can; None when there is none."""
    known = connections.connections(workspace_id)
    kinds = {kind.name: name for name, action in ACTIONS.items() if action.alerts == "person"
             for kind in action.connections}  # fmt: skip
    able = [each for each in known if each.kind in kinds]
    chosen = alerts.way_of(workspace_id).mail_connection
    if found := next((each for each in able if each.id == chosen), None):
        return Way(kinds[found.kind], found.id)
    if own := own_mail(house().config):
        return Way(kinds[own[0]], None)
    return Way(kinds[able[0].kind], able[0].id) if able else None


def try_mail(actor: Actor) -> Outcome:
    """Whether the mail server in the settings lets us in; no message is sent. Raises TooMany."""
    actor.must("own")
    count_try(f"mail:{actor.workspace_id}", TRIES, TRIES_WITHIN, utcnow())
    return try_own_mail(house().config, house().egress) or Outcome("not_sent", NO_WAY)


def wants(choice: AlertChoice | None, role: str) -> set[str]:
    """The kinds of problem that a person is told of."""
    if choice is None:
        return set(KINDS) if role in TOLD_BY_DEFAULT else set()
    return set(choice.kinds) & set(KINDS)


def choose_kinds(actor: Actor, kinds: Sequence[str], endings: bool) -> None:
    """What the actor wants to be told of."""
    actor.must("read")
    key = {"workspace_id": actor.workspace_id, "user_id": actor.user_id}
    chosen = [kind for kind in KINDS if kind in kinds]
    alerts.choose(AlertChoice, key, {"kinds": chosen, "endings": endings})
    db.session.commit()


def choose_ways(
    actor: Actor, mail: str | None, action: str = "", connection: str | None = None, to: str = ""
) -> None:
    """By which ways the workspace's alerts go. Raises Invalid."""
    actor.must("own")
    if mail and not connections.connection(actor.workspace_id, mail):
        raise Invalid.at("/mail", "This connection is gone.", "Choose another one.")
    if action:
        _check_other(actor, action, connection, to)
    values = {"mail_connection": mail or None, "other_action": action,
              "other_connection": connection or None if action else None,
              "other_to": to.strip() if action else ""}  # fmt: skip
    alerts.choose(AlertWay, {"workspace_id": actor.workspace_id}, values)
    actor.note("alert.ways", "", to.strip() if action else "")
    db.session.commit()


def _check_other(actor: Actor, action: str, connection: str | None, to: str) -> None:
    found = ACTIONS.get(action)
    if found is None or found.alerts != "one":
        raise Invalid.at("/other", "Alerts cannot go this way.", "Choose another one.")
    kinds = [kind.name for kind in found.connections]
    row = connections.connection(actor.workspace_id, connection) if connection else None
    if (connection or found.practice) and (row is None or row.kind not in kinds):
        raise Invalid.at("/other", "This connection is gone.", "Choose another one.")
    problems = found.check(found.alert(to.strip(), "A problem", "It is over."))
    if problems:
        raise Invalid.at("/to", problems[0].message, problems[0].fix)


def tell(workspace_id: str, now: datetime | None = None) -> int:
    """Write down the messages about problems that nobody was told of, and about those that ended;
    how many. Commits."""
    now = now or utcnow()
    with reading():
        fresh = [each for each in notices.open_notices(workspace_id)
                 if each.alerted_at is None and each.muted_at is None]  # fmt: skip
        ready = any(now - each.opened_at >= GATHER for each in fresh)
        over = notices.any_ended(workspace_id)
        enough = alerts.count_alerts(workspace_id, now - HOUR) >= MOST_IN_AN_HOUR
        db.session.commit()
    if enough or not (ready or over):
        return 0  # beyond what anybody reads in an hour, what comes goes into the next one
    begun = notices.take_untold(workspace_id, now) if ready else []
    ended = notices.take_ended(workspace_id, now)
    planned = _letters(workspace_id, begun, ended, now) if begun or ended else []
    alerts.plan_alerts(planned)
    db.session.commit()
    return len(planned)


def _letters(
    workspace_id: str, begun: list[Notice], ended: list[Notice], now: datetime
) -> list[dict[str, Any]]:
    workspace = workspaces.workspace(workspace_id)
    way, other = mail_way(workspace_id), alerts.way_of(workspace_id)
    chosen = alerts.choices(workspace_id)
    zone = ZoneInfo(workspace.zone)
    until = held.first_to_expire(workspace_id, [n.thing for n in begun if n.kind == "held"])
    written = []
    for user, role in workspaces.members(workspace_id):
        choice = chosen.get(user.id)
        kinds = wants(choice, role)
        mine = [each for each in begun if each.kind in kinds]
        over = [each for each in ended if each.kind in kinds and (not choice or choice.endings)]
        if mine or over:
            own = ZoneInfo(user.zone or workspace.zone)
            letter = _letter(workspace.name, mine, over, own, until)
            row = {"action": way.action if way else "", "user_id": user.id, "to": user.email,
                   "connection_id": way.connection_id if way else None}  # fmt: skip
            kept = {} if way else {"state": "kept", "sentence": NO_WAY, "finished_at": now}
            written.append({**letter, **row, **kept})
    if other.other_action:
        written.append({
            **_letter(workspace.name, begun, ended, zone, until), "action": other.other_action,
            "connection_id": other.other_connection, "to": other.other_to,
        })  # fmt: skip
    return [
        {"workspace_id": workspace_id, "created_at": now, "next_at": now, **each}
        for each in written
    ]


def _letter(
    workspace: str,
    begun: list[Notice],
    ended: list[Notice],
    zone: ZoneInfo,
    until: dict[str, datetime],
) -> dict[str, Any]:
    told = begun + ended
    if len(told) > 1:
        over = "" if begun else " are over"
        subject = f"{len(told)} problems{over}"
    else:
        subject = _headline(begun[0]) if begun else f"Over: {_headline(ended[0])}"
    parts = [_paragraph(each, zone, until.get(each.thing)) for each in begun[:MOST_TOLD]]
    parts += [_end_of(each, zone) for each in ended[:MOST_TOLD]]
    if len(told) > MOST_TOLD:
        parts.append(f"Home shows them all:\n{house().config.public_url}/")
    parts.append("Each problem is told once, and once when it is over. What you are told of:\n"
                 f"{house().config.public_url}/alerts")  # fmt: skip
    subject = f"[{workspace}] {subject}".replace("\n", " ")
    return {"subject": subject[:180], "text": "\n\n".join(parts), "notices": [n.id for n in told]}


def _headline(notice: Notice) -> str:
    if notice.kind == "late":
        return KINDS["late"][1]
    return f"{notice.about} {KINDS[notice.kind][1]}"


def _paragraph(notice: Notice, zone: ZoneInfo, until: datetime | None) -> str:
    count = f", {notice.count} times" if notice.count > 1 else ""
    said = f"{_headline(notice)}{count}, since {_moment(notice.since, zone)}."
    end = ""
    if until:
        which = "The first is" if notice.count > 1 else "It is"
        end = f"{which} too old to be sent from {_moment(until, zone)}."
    return "\n".join(line for line in (said, f"{notice.sentence} {notice.fix}".strip(), end,
                                       link_to(notice)) if line)  # fmt: skip


def _end_of(notice: Notice, zone: ZoneInfo) -> str:
    ended = _moment(notice.closed_at or notice.seen_at, zone)
    told = f"Over: {_headline(notice)}. {notice.ending} {ended}."
    return f"{told}\n{link_to(notice)}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%A %d %B, %H:%M} ({zone.key})"


def link_to(notice: Notice) -> str:
    """The page on which something can be done about a problem."""
    thing = notice.thing
    if notice.kind == "silent":
        thing = f"{'rules' if thing.startswith('rule_') else 'hooks'}/{thing}"
    if notice.kind == "drift":
        thing = event_of(notice)
    return house().config.public_url + KINDS[notice.kind][2].format(thing)


def send_due(now: datetime | None = None) -> int:
    """Send the messages that are due, each written down as begun before its call; how many. The
    lease of each begins with its own call: those before it may have taken long. Who holds one for
    longer than that still settles what came of its try, and nobody else tries meanwhile."""
    asked = now or utcnow()
    alerts.doubt_lost_alerts(asked)
    due = alerts.due_alerts(asked)
    db.session.commit()
    for alert_id in due:
        alert = alerts.claim_alert(alert_id, now or utcnow())
        db.session.commit()
        if alert is not None:
            reach("after_claim")
            outcome = _carry_out(alert, now or utcnow())
            reach("after_send")
            follows = _what_follows(alert, outcome, now or utcnow())
            alerts.settle_alert(alert.id, alert.tries, follows)
            db.session.commit()
    return len(due)


def _carry_out(alert: Alert, now: datetime) -> Outcome:
    """The call, without a transaction; never raises."""
    action = ACTIONS.get(alert.action)
    if action is None:
        return Outcome("no_for_good", "Alerts cannot go this way any more.", "Choose another one.")
    try:
        credentials = _credentials(alert)
        db.session.rollback()
        if credentials is None and action.practice:
            return Outcome("no_for_good", "The connection for alerts was deleted.",
                           "Choose another one under Alerts.")  # fmt: skip
        config = action.alert(alert.to, alert.subject, alert.text)
        call = Call(alert.id, alert.tries, DEADLINE, None, now, now)
        return action.run(config, credentials, call, house().egress, house().config)
    except ConfigError as error:
        return Outcome("no_for_good", error.message, error.fix)
    except Exception:
        log.exception("An error in sending the alert %s", alert.id)
        return Outcome("ambiguous", "The program failed in the middle; it may have been sent.")


def _credentials(alert: Alert) -> dict[str, Any] | None:
    if alert.connection_id:
        return open_connection(alert.workspace_id, alert.connection_id)
    own = own_mail(house().config) if ACTIONS[alert.action].alerts == "person" else None
    return own[1] if own else None


def _what_follows(alert: Alert, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """What is certainly not sent is tried again for half a day; doubt is left as it is."""
    said = {"sentence": outcome.sentence, "fix": outcome.fix}
    again = outcome.kind in ("not_sent", "no")
    if again and now - alert.created_at < TRIES_FOR:
        wait = wait_before(ACTIONS[alert.action].waits, alert.tries, outcome.retry_after)
        return {**said, "state": "planned", "next_at": now + timedelta(seconds=wait)}
    state = {"yes": "sent", "ambiguous": "unknown"}.get(outcome.kind, "failed")
    return {**said, "state": state, "finished_at": now}
