"""Notion: changes of pages, databases and comments.

Notion makes the secret itself and sends it once, before the first event; this hook keeps it. An
event says which page or comment changed, and not what stands in it.
Source: Notion's documentation, "Webhooks".
"""

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Provider,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import keep_secret
from rulebook.providers.schemes import Hmac, Plain

PROVIDER = Provider(
    label="Notion",
    signature=Hmac(Header("x-notion-signature"), reads=Plain("sha256=")),
    secret_label="Verification token",
    secret_hint="Comes by itself: Notion sends it when the subscription is made, and it begins "
    "with secret_.",
    not_secrets={
        "ntn_": "This is the token of the integration. Notion signs with the verification token.",
    },
    event_type=(Body("$.type"),),
    event_id=(Body("$.id"),),
    event_time=(Body("$.timestamp"),),
    hides=(Body("$.verification_token"),),
    detect=(Header("x-notion-signature"),),
    handshakes=(
        Handshake(
            "Notion handed over its verification token",
            asks=Body("$.verification_token"),
            answer=keep_secret(),
            example=Request(
                {"content-type": "application/json"},
                b'{"verification_token": "secret_tLindenTea7Cup4Pot9Leaf2Jar"}',
            ),
        ),
    ),
    types={
        "comment.created": "Comment added",
        "comment.deleted": "Comment deleted",
        "comment.updated": "Comment changed",
        "data_source.content_updated": "Database content changed",
        "data_source.schema_updated": "Database columns changed",
        "database.created": "Database created",
        "page.content_updated": "Page content changed",
        "page.created": "Page created",
        "page.deleted": "Page deleted",
        "page.locked": "Page locked",
        "page.moved": "Page moved",
        "page.properties_updated": "Page properties changed",
        "page.undeleted": "Page restored",
    },
    names={
        "$.type": "Event type",
        "$.timestamp": "Time of the event",
        "$.workspace_name": "Workspace in Notion",
        "$.attempt_number": "Attempt",
        "$.entity.id": "Id of what changed",
        "$.entity.type": "Kind of what changed",
        "$.authors[*].id": "Ids of who did it",
        "$.authors[*].type": "Person or bot",
        "$.data.parent.id": "Id of where it lies",
        "$.data.parent.type": "Kind of where it lies",
        "$.data.page_id": "Id of the page",
        "$.data.updated_properties": "Changed properties",
    },
    gist=("{{ payload.entity.type }} in {{ payload.workspace_name }}", "{{ payload.entity.type }}"),
    steps=(
        "In Notion, open the settings of your integration (notion.so/profile/integrations) > "
        "Webhooks > Create a subscription.",
        "Paste the web address of this hook, choose the events, and choose Create subscription.",
        "Notion sends its verification token at once; this hook keeps it as its secret.",
        "Open that request here in the history. An owner of the workspace presses Show the exact "
        "bytes there, copies the verification_token, and pastes it in Notion under Verify.",
        "Connect the pages you want to hear of with the integration: page > Connections.",
    ),
    docs="https://developers.notion.com/reference/webhooks",
    retries="Notion sends again by itself, probably up to 8 times in about a day.",
    samples=(
        Sample(
            "page_created",
            "Page created",
            sample_body("notion.page_created.json"),
            ids=("2b9e4f61-d07c-4a35-8c1e-f46a90d3b728", "1f83c5a0-6e24-8d9b-b7f0-0c5a2e71d964"),
        ),
    ),
)
