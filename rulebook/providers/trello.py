"""Trello: cards, lists and boards.

Trello signs the address together with the body, so RULEBOOK_PUBLIC_URL has to be the address that
Trello calls. A webhook is made by a call to Trello's API, once for each board.
Source: Trello's documentation, "Webhooks".
"""

from rulebook.providers.contract import (
    Body,
    Fixed,
    Handshake,
    Header,
    Provider,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import say
from rulebook.providers.schemes import Hmac

DATA = "$.action.data"

PROVIDER = Provider(
    label="Trello",
    signature=Hmac(Header("x-trello-webhook"), "{body}{url}", algorithm="sha1", encoding="base64"),
    secret_label="OAuth secret",
    secret_hint="In Trello: trello.com/power-ups/admin > your Power-Up > API key, there the "
    "Secret; not the token.",
    not_secrets={
        "ATTA": "This is a token, which can change your boards. Trello signs with the secret.",
    },
    event_type=(Body("$.action.type"),),
    event_id=(Body("$.action.id"),),
    event_time=(Body("$.action.date"),),
    detect=(Header("x-trello-webhook"),),
    handshakes=(
        Handshake(
            "Trello checked the address",
            asks=Fixed("yes"),
            answer=say(Reply()),
            method="HEAD",
            example=Request({}, method="HEAD"),
        ),
    ),
    types={
        "addAttachmentToCard": "File added to a card",
        "addLabelToCard": "Label added to a card",
        "addMemberToBoard": "Person added to the board",
        "addMemberToCard": "Person added to a card",
        "commentCard": "Comment on a card",
        "copyCard": "Card copied",
        "createCard": "Card created",
        "createList": "List created",
        "deleteCard": "Card deleted",
        "moveCardToBoard": "Card moved here from another board",
        "removeMemberFromCard": "Person taken off a card",
        "updateBoard": "Board changed",
        "updateCard": "Card changed or moved",
        "updateCheckItemStateOnCard": "Checklist item ticked",
    },
    names={
        "$.action.type": "Event type",
        "$.action.date": "Time of the event",
        "$.action.memberCreator.fullName": "Done by",
        "$.action.memberCreator.username": "User name of who did it",
        f"{DATA}.card.name": "Card",
        f"{DATA}.card.shortLink": "Short link of the card",
        f"{DATA}.card.due": "Due",
        f"{DATA}.card.desc": "Description of the card",
        f"{DATA}.list.name": "List",
        f"{DATA}.listBefore.name": "List before",
        f"{DATA}.listAfter.name": "List now",
        f"{DATA}.board.name": "Board",
        f"{DATA}.text": "Comment",
        f"{DATA}.label.name": "Label",
        f"{DATA}.checkItem.name": "Checklist item",
        f"{DATA}.checkItem.state": "State of the checklist item",
        "$.model.name": "What is watched",
    },
    gist=(
        "{{ payload.action.data.card.name | truncate(80) }},"
        " {{ payload.action.data.listBefore.name }} to {{ payload.action.data.listAfter.name }}",
        "{{ payload.action.data.card.name | truncate(60) }}:"
        " {{ payload.action.data.text | truncate(80) }}",
        "{{ payload.action.data.card.name | truncate(80) }}, {{ payload.action.data.board.name }}",
        "{{ payload.action.data.board.name }}",
    ),
    steps=(
        "In Trello, open trello.com/power-ups/admin, make a Power-Up, and copy its API key and "
        "secret.",
        "Paste the secret here, and let Trello give you a token beside the API key.",
        "Find the board's id: open the board and add .json to its address.",
        "Make the webhook by calling https://api.trello.com/1/webhooks (POST) with key, token, "
        "idModel (the board's id) and callbackURL (paste the web address of this hook).",
    ),
    docs="https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
    retries="Trello probably sends again by itself, a few times within minutes.",
    switches_off="Trello deletes a webhook that answers 410.",
    samples=(
        Sample(
            "card_moved",
            "Card moved: Order new tins, Doing to Done",
            sample_body("trello.card_moved.json"),
            ids=("6727f1c4a95d3b0c8e1d7a24", "6725a8e03f1b7c4d90e26a58"),
        ),
        Sample(
            "comment",
            "Comment on a card: Order new tins",
            sample_body("trello.comment.json"),
            ids=("6727f2d81e4c8d0a73b95f6e",),
        ),
    ),
)
