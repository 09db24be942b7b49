"""One's own phone number, confirmed by a code that is sent to it; then it is "me".

The code goes through a connection of the workspace that can send texts. Where there is none, the
Practice outbox keeps it for its person to read: such a number is "me" in drafts and for practice,
and no more, because nobody's phone has rung.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import phonenumbers

from rulebook.actions import ACTIONS, Action, Outcome
from rulebook.domain.actor import Actor, note_everywhere
from rulebook.domain.alerts import Way
from rulebook.domain.house import house
from rulebook.domain.letters import send_by
from rulebook.domain.oneself import me
from rulebook.domain.throttle import count_try
from rulebook.errors import Conflict, Invalid
from rulebook.storage import alerts, confirmations, connections, db, new_id, utcnow
from rulebook.storage.confirmations import Confirmation
from rulebook.storage.users import User

PHONE = "phone"
LASTS = timedelta(minutes=10)
TRIES = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Each costs money, and may ring at somebody else: per person, per number, per workspace.
SENDS, SENDS_TO, SENDS_BY = 3, 5, 30
KEPT = Outcome("yes", "The Practice outbox kept it.")
TEXT = ("{code} is your code for Rulebook. It is good for ten minutes. If you did not ask for it, "
        "do nothing.")  # fmt: skip


def text_way(workspace_id: str) -> Way | None:
    """How a text leaves: by the connection that alerts use, else by the oldest one that can; None
    where there is only the Practice outbox."""
    action = _texting()
    kinds = {kind.name for kind in action.connections}
    able = [each for each in connections.connections(workspace_id) if each.kind in kinds]
    chosen = alerts.way_of(workspace_id).other_connection
    able.sort(key=lambda each: each.id != chosen)
    return Way(action.name, able[0].id) if able else None


def _texting() -> Action:
    """The action whose receiver is a phone."""
    return next(action for action in ACTIONS.values() for field in action.fields
                if field.receiver and field.kind == PHONE)  # fmt: skip


def ask_for_phone(actor: Actor, number: str, now: datetime | None = None) -> Outcome:
    """Send a code to a number; until it is typed in, nothing is changed. For those alone who may
    send, since it costs the workspace money. Commits. Raises Invalid, NotAllowed, TooMany."""
    actor.must("send")
    user, now, to = me(actor), now or utcnow(), _written(number)
    way = text_way(actor.workspace_id)
    user_id, asked_id = user.id, new_id("cnf")
    for key, most, within in (
        (f"code:{user_id}", SENDS, HOUR),
        (f"code-to:{to}", SENDS_TO, DAY),
        (f"code-by:{actor.workspace_id}", SENDS_BY, DAY),
    ):
        count_try(key, most, within, now)
    code = f"{secrets.randbelow(1_000_000):06}"
    asked = Confirmation(id=asked_id, user_id=user_id, kind=PHONE, value=to, practice=way is None,
                         proof=house().sealer.seal(code, asked_id), created_at=now,
                         expires_at=now + LASTS)  # fmt: skip
    confirmations.ask(asked)
    db.session.commit()
    if way is None:
        return KEPT
    sent = send_by(actor.workspace_id, way, to, TEXT.format(code=code))
    if sent.kind not in ("yes", "ambiguous"):
        confirmations.forget(user_id, PHONE, asked_id)
        db.session.commit()
    return sent


def _written(number: str) -> str:
    """A number as it is kept: +14155550123. Raises Invalid."""
    try:
        read = phonenumbers.parse(number.strip(), None)
    except phonenumbers.NumberParseException:
        read = None
    if read is None or not phonenumbers.is_valid_number(read):
        raise Invalid.at("/phone", f"“{number.strip()[:40]}” is not a phone number.",
                         "Write it with the country's code, such as +14155550123.")  # fmt: skip
    return str(phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164))


def waiting_phone(actor: Actor, now: datetime | None = None) -> Confirmation | None:
    """The number that waits for its code."""
    return confirmations.waiting(me(actor).id, PHONE, now or utcnow())


def kept_code(actor: Actor, now: datetime | None = None) -> tuple[Confirmation, str] | None:
    """What the Practice outbox kept for the actor alone: the number that waits, and the message."""
    asked = waiting_phone(actor, now)
    if asked is None or not asked.practice:
        return None
    return asked, TEXT.format(code=house().sealer.open(asked.proof, asked.id))


def confirm_phone(actor: Actor, code: str, now: datetime | None = None) -> User:
    """The number is the actor's, if this is its code. Five tries, each counted before it is looked
    at. Commits. Raises Invalid, Conflict."""
    asked = waiting_phone(actor, now)
    if asked is None:
        raise Conflict("There is no code that still counts.", "Have a new one sent.")
    tried = confirmations.count_try(asked.id, TRIES)
    db.session.commit()
    if not tried:
        raise _used_up()
    right = str(house().sealer.open(asked.proof, asked.id))
    if not secrets.compare_digest("".join(code.split()).encode(), right.encode()):
        left = TRIES - confirmations.tries_of(asked.id)
        if left < 1:
            raise _used_up()
        more = "one more try" if left == 1 else f"{left} more tries"
        raise Invalid.at("/code", "This is not the code.", f"It has six digits; {more}.")
    if not confirmations.forget(asked.user_id, PHONE, asked.id):
        raise Conflict("The code was used already.", "Look whether the number is there.")
    user = me(actor)
    user.phone, user.phone_practice = asked.value, asked.practice
    note_everywhere(user.id, actor.address, "account.phone", f"ends in {asked.value[-3:]}")
    db.session.commit()
    return user


def _used_up() -> Conflict:
    return Conflict("The code was mistyped five times and counts no more.", "Have a new one sent.")


def remove_phone(actor: Actor) -> None:
    """No number is the actor's any more, and none waits. Commits."""
    user = me(actor)
    confirmations.forget(user.id, PHONE)
    if user.phone:
        user.phone, user.phone_practice = "", False
        note_everywhere(user.id, actor.address, "account.no_phone")
    db.session.commit()


def own_addresses(actor: Actor, for_real: bool = False) -> dict[str, str]:
    """Where the actor is reached, by kind of field: what a draft may call "me". for_real: only what
    was proven by a message that left."""
    if actor.user_id is None:
        return {}
    user = me(actor)
    found = {"email": user.email}
    if user.phone and not (for_real and user.phone_practice):
        found[PHONE] = user.phone
    return found


def readable(number: str) -> str:
    """A number as people write it: +1 415 555 0123."""
    try:
        read = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(read, form)).replace("-", " ")
