"""Meta: WhatsApp, Messenger, Instagram and lead forms.

Set up with a word of ours (the verify token) that Meta shows back before it sends anything. One
delivery may carry many changes; each is judged on its own and keeps the group around it. Times are
texts of Unix seconds. A lead holds ids only; its answers have to be asked for at Meta.
Source: david-lev/pywa, server.py and utils.py; Meta's documentation of webhooks.
"""

from dataclasses import dataclass

from rulebook.providers.contract import (
    Body,
    Fixed,
    Handshake,
    Header,
    Joined,
    Provider,
    Query,
    Request,
    Sample,
    at,
    sample_body,
)
from rulebook.providers.handshakes import echo_if_word
from rulebook.providers.schemes import Hmac, Plain

VALUE = "$.entry[0].changes[0].value"
TALK = "$.entry[0].messaging[0]"
CHECK = "hub.mode=subscribe&hub.verify_token=the-word&hub.challenge=1158201444"


@dataclass(frozen=True)
class Kind:
    """What happened: message.text, status.delivered, messenger.postback, or the field's name."""

    def read(self, request: Request) -> str | None:
        if at(request.payload, f"{VALUE}.statuses"):
            return Joined((Fixed("status"), Body(f"{VALUE}.statuses[0].status"))).read(request)
        if at(request.payload, f"{VALUE}.messages"):
            return Joined((Fixed("message"), Body(f"{VALUE}.messages[0].type"))).read(request)
        talk = at(request.payload, TALK)
        if isinstance(talk, dict):
            about = [name for name in talk if name not in ("sender", "recipient", "timestamp")]
            return f"messenger.{about[0]}" if about else "messenger"
        return Body("$.entry[0].changes[0].field").read(request)


PROVIDER = Provider(
    label="Meta (WhatsApp, Messenger, Instagram)",
    signature=Hmac(Header("x-hub-signature-256"), reads=Plain("sha256=")),
    secret_label="App Secret",
    secret_hint="32 letters and digits. In Meta for Developers: App settings > Basic > App secret.",
    not_secrets={
        "EAA": "This is an access token. The App Secret stands under App settings > Basic."
    },
    verify_word=True,
    event_type=(Kind(),),
    event_id=(
        Joined((Body(f"{VALUE}.statuses[0].id"), Body(f"{VALUE}.statuses[0].status")), by="-"),
        Body(f"{VALUE}.messages[0].id"),
        Body(f"{VALUE}.leadgen_id"),
        Body(f"{VALUE}.comment_id"),
        Body(f"{TALK}.message.mid"),
        Body(f"{TALK}.postback.mid"),
    ),
    event_time=(
        Body(f"{VALUE}.messages[0].timestamp"),
        Body(f"{VALUE}.statuses[0].timestamp"),
        Body(f"{VALUE}.created_time"),
        Body(f"{TALK}.timestamp"),
    ),
    types={
        "comments": "New comment",
        "feed": "Change on the page",
        "leadgen": "Lead form filled in",
        "message.audio": "Voice message",
        "message.button": "Button pressed",
        "message.image": "Picture",
        "message.interactive": "Choice made",
        "message.location": "Place",
        "message.text": "WhatsApp message",
        "messenger.message": "Messenger message",
        "messenger.postback": "Messenger button",
        "status.delivered": "Message delivered",
        "status.failed": "Message failed",
        "status.read": "Message read",
        "status.sent": "Message sent",
    },
    names={
        "$.object": "Product",
        f"{VALUE}.messages[0].from": "From",
        f"{VALUE}.messages[0].text.body": "Text",
        f"{VALUE}.messages[0].type": "Kind of message",
        f"{VALUE}.messages[0].timestamp": "Time of the message",
        f"{VALUE}.contacts[0].profile.name": "Name",
        f"{VALUE}.contacts[0].wa_id": "WhatsApp number",
        f"{VALUE}.metadata.display_phone_number": "Our number",
        f"{VALUE}.statuses[0].status": "How the message stands",
        f"{VALUE}.statuses[0].recipient_id": "Recipient",
        f"{VALUE}.statuses[0].errors[0].title": "Why it failed",
        f"{VALUE}.leadgen_id": "Lead id",
        f"{VALUE}.form_id": "Form id",
        f"{TALK}.message.text": "Text",
        f"{TALK}.sender.id": "Sender id",
    },
    gist=(
        "{{ payload.entry[0].changes[0].value.contacts[0].profile.name }}:"
        " {{ payload.entry[0].changes[0].value.messages[0].text.body }}",
        "{{ payload.entry[0].changes[0].value.statuses[0].status }}:"
        " {{ payload.entry[0].changes[0].value.statuses[0].recipient_id }}",
        "{{ payload.entry[0].messaging[0].message.text }}",
        "{{ payload.entry[0].changes[0].field }}",
    ),
    handshakes=(
        Handshake(
            "Meta checked the address",
            Query("hub.mode"),
            echo_if_word,
            Request({}, b"", f"https://hooks.example/in/k?{CHECK}", "GET"),
            method="GET",
            equals="subscribe",
        ),
    ),
    batches=(("entry", "changes"), ("entry", "messaging")),
    steps=(
        "In Meta for Developers, open your app > App settings > Basic, copy the App secret and "
        "paste it here.",
        "Open WhatsApp > Configuration (or Webhooks) and choose Edit.",
        "Callback URL: paste the web address of this hook.",
        "Verify token: paste the word shown here.",
        "Choose Verify and save, then subscribe to the field messages.",
    ),
    docs="https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    retries="Meta sends again by itself, probably for 36 hours, WhatsApp for up to 7 days.",
    detect=(Body(f"{VALUE}.messaging_product"), Body(f"{TALK}.sender.id")),
    samples=(
        Sample(
            "whatsapp_message",
            "WhatsApp message: Do you ship to Porto?",
            sample_body("meta.whatsapp_message.json"),
            ids=("wamid.HBgLMTIwMjU1NTAxNDMVAgASGBQzQTdU",),
        ),
        Sample(
            "whatsapp_status",
            "WhatsApp message delivered",
            sample_body("meta.whatsapp_status.json"),
            ids=("wamid.HBgLMTIwMjU1NTAxNDMVAgARGBJDMEQ1",),
        ),
    ),
)
