"""Asana: changes of tasks, projects and stories.

Asana makes the secret itself and hands it over when a webhook is made; it wants to hear it back,
and this hook keeps it. So each webhook needs a hook of its own. A delivery may hold many changes;
each says what changed and not what stands in it. Now and then one comes with no change at all, as a
sign of life. Source: Asana's documentation, "Webhooks".
"""

from rulebook.providers.contract import (
    Body,
    Empty,
    Handshake,
    Header,
    Joined,
    Provider,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import keep_secret, say
from rulebook.providers.schemes import Hmac

FIRST = "$.events[0]"
CHANGE = "$.events[*]"

PROVIDER = Provider(
    label="Asana",
    signature=Hmac(Header("x-hook-signature")),
    secret_hint="Comes by itself: Asana hands it over when the webhook is made.",
    event_type=(Joined((Body(f"{FIRST}.resource.resource_type"), Body(f"{FIRST}.action"))),),
    # Changes have no ids.
    event_id=(
        Joined(
            (
                Body(f"{FIRST}.created_at"),
                Body(f"{FIRST}.resource.gid"),
                Body(f"{FIRST}.action"),
                Body(f"{FIRST}.user.gid"),
                Body(f"{FIRST}.parent.gid"),
                Body(f"{FIRST}.change.field"),
                Body(f"{FIRST}.change.action"),
                Body(f"{FIRST}.change.added_value.gid"),
                Body(f"{FIRST}.change.removed_value.gid"),
            ),
            by="/",
        ),
    ),
    event_time=(Body(f"{FIRST}.created_at"),),
    hides=(Header("x-hook-secret"),),
    detect=(Header("x-hook-signature"), Header("x-hook-secret")),
    batches=(("events",),),
    handshakes=(
        Handshake(
            "Asana handed over its secret",
            asks=Header("x-hook-secret"),
            answer=keep_secret("x-hook-secret"),
            example=Request({"x-hook-secret": "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5"}),
        ),
        Handshake(
            "Asana gave a sign of life",
            asks=Empty("$.events"),
            answer=say(Reply()),
            signed=True,
            example=Request({"content-type": "application/json"}, b'{"events": []}'),
        ),
    ),
    types={
        "attachment.added": "File added",
        "project.added": "Project created",
        "project.changed": "Project changed",
        "project.deleted": "Project deleted",
        "section.added": "Section added",
        "section.changed": "Section changed",
        "story.added": "Comment or note added",
        "story.changed": "Comment or note changed",
        "tag.added": "Tag created",
        "task.added": "Task added",
        "task.changed": "Task changed",
        "task.deleted": "Task deleted",
        "task.removed": "Task taken out",
        "task.undeleted": "Task restored",
    },
    names={
        f"{CHANGE}.action": "What happened",
        f"{CHANGE}.resource.gid": "Id of what changed",
        f"{CHANGE}.resource.resource_type": "Kind of thing",
        f"{CHANGE}.resource.resource_subtype": "Kind of thing, closer",
        f"{CHANGE}.resource.name": "Name",
        f"{CHANGE}.parent.gid": "Id of where it lies",
        f"{CHANGE}.parent.resource_type": "Kind of where it lies",
        f"{CHANGE}.user.gid": "Id of who did it",
        f"{CHANGE}.change.field": "Changed field",
        f"{CHANGE}.change.action": "How it changed",
        f"{CHANGE}.created_at": "Time of the change",
    },
    gist=(
        "{{ payload.events[0].change.field }} of {{ payload.events[0].resource.resource_type }}"
        " {{ payload.events[0].resource.gid }}",
        "{{ payload.events[0].resource.resource_type }} {{ payload.events[0].resource.gid }}",
    ),
    steps=(
        "In Asana, open the developer console (app.asana.com/0/my-apps) and make a personal access "
        "token.",
        "Find the id of the project or task: it stands in its web address.",
        "Make a webhook by a call to https://app.asana.com/api/1.0/webhooks (POST) with the token, "
        "that id as resource, and as target paste the web address of this hook.",
        "Asana hands its secret over at once; this hook keeps it. Make another hook for each "
        "further webhook.",
    ),
    docs="https://developers.asana.com/docs/webhooks-guide",
    retries="Asana sends again by itself, probably for 24 hours.",
    switches_off="Asana probably deletes a webhook that failed for 24 hours.",
    samples=(
        Sample(
            "task_done",
            "A task was done, and a comment added",
            sample_body("asana.task_done.json"),
            ids=("1209481736520418", "1209481736520977"),
        ),
    ),
)
