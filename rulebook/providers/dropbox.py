"""Dropbox: somebody's files changed.

Dropbox tells who, never what: the changes have to be fetched. It asks for a challenge to be said
back before it saves the address. Events have neither id nor time.
Source: dropbox/mdwebhook; Dropbox's documentation, "Webhooks".
"""

from rulebook.providers.contract import (
    Handshake,
    Header,
    Present,
    Provider,
    Query,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import Asked
from rulebook.providers.schemes import Hmac


def challenge(asked: Asked) -> Reply:
    """The challenge as text, which no browser may take for a page."""
    return Reply(text=asked.given, headers={"x-content-type-options": "nosniff"})


PROVIDER = Provider(
    label="Dropbox",
    signature=Hmac(Header("x-dropbox-signature")),
    secret_label="App secret",
    secret_hint="In the Dropbox App Console: your app > Settings > App secret > Show.",
    not_secrets={
        "sl.": "This is an access token, which can read files. The app secret is another."
    },
    event_type=(Present("$.list_folder", "list_folder"), Present("$.delta", "delta")),
    detect=(Header("x-dropbox-signature"),),
    types={
        "delta": "Files changed (older form)",
        "list_folder": "Files changed",
    },
    names={
        "$.list_folder.accounts[*]": "Accounts whose files changed",
        "$.delta.users[*]": "Users whose files changed",
    },
    gist=("account {{ payload.list_folder.accounts[0] }}",),
    handshakes=(
        Handshake(
            "Dropbox checked the address",
            Query("challenge"),
            challenge,
            Request({}, b"", "https://h.example/in/x?challenge=c4mellia", "GET"),
            method="GET",
        ),
    ),
    steps=(
        "Open dropbox.com/developers/apps and choose your app.",
        "Settings > App secret: choose Show, copy it and paste it here.",
        "Webhooks: paste the web address of this hook and choose Add. Dropbox checks it at once.",
        "Changes arrive for every account that is connected with the app.",
    ),
    docs="https://www.dropbox.com/developers/reference/webhooks",
    retries="Dropbox sends again by itself after failures, probably with growing pauses.",
    switches_off="An address that fails very often is probably switched off by Dropbox.",
    samples=(
        Sample(
            "files_changed",
            "Files of one account changed",
            sample_body("dropbox.files_changed.json"),
            ids=("dbid:AADleaf7Tea4Cup9Pot2SdKettle5Jar3Yz", "740913826"),
        ),
    ),
)
