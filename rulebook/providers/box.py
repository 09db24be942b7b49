"""Box: files and folders that are uploaded, changed, shared or deleted.

Box signs with two keys, a primary and a secondary one, so that one can be replaced while the other
counts; a match with either is enough. The time of sending stands behind the body in what is signed.
Source: box/box-python-sdk.
"""

from rulebook.providers.contract import Body, Each, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Plain

PROVIDER = Provider(
    label="Box",
    signature=Hmac(
        Each((Header("box-signature-primary"), Header("box-signature-secondary"))),
        "{body}{timestamp}", Plain(separator=" "), encoding="base64",
        timestamp=Header("box-delivery-timestamp"), unit="iso", tolerance=600,
    ),
    secret_label="Primary key",
    secret_hint="In the Box developer console: your app > Webhooks > Manage signature keys. The "
    "secondary key may be added beside it.",
    event_type=(Body("$.trigger"),),
    event_id=(Body("$.id"), Header("box-delivery-id")),
    event_time=(Body("$.created_at"),),
    detect=(Header("box-signature-version"), Header("box-delivery-id")),
    types={
        "COLLABORATION.ACCEPTED": "Invitation accepted",
        "COLLABORATION.CREATED": "Somebody invited",
        "COMMENT.CREATED": "Comment added",
        "FILE.COPIED": "File copied",
        "FILE.DELETED": "File deleted for good",
        "FILE.DOWNLOADED": "File downloaded",
        "FILE.LOCKED": "File locked",
        "FILE.MOVED": "File moved",
        "FILE.PREVIEWED": "File looked at",
        "FILE.RENAMED": "File renamed",
        "FILE.TRASHED": "File thrown away",
        "FILE.UPLOADED": "File uploaded",
        "FOLDER.CREATED": "Folder created",
        "FOLDER.DELETED": "Folder deleted",
        "FOLDER.RENAMED": "Folder renamed",
        "SHARED_LINK.CREATED": "Link shared",
        "SIGN_REQUEST.COMPLETED": "Everybody signed",
        "SIGN_REQUEST.DECLINED": "Signing declined",
        "TASK_ASSIGNMENT.CREATED": "Task assigned",
    },
    names={
        "$.trigger": "Event type",
        "$.created_at": "Time of the event",
        "$.created_by.name": "Done by",
        "$.created_by.login": "Email of who did it",
        "$.source.id": "File id",
        "$.source.type": "File or folder",
        "$.source.name": "File name",
        "$.source.size": "Size in bytes",
        "$.source.description": "Description",
        "$.source.parent.name": "Folder",
        "$.source.owned_by.name": "Owner",
        "$.source.modified_at": "Time of the last change",
        "$.source.shared_link.url": "Shared link",
        "$.source.message": "Comment",
        "$.source.item.name": "File of the comment",
    },
    gist=(
        "{{ payload.source.name }} in {{ payload.source.parent.name }}, by"
        " {{ payload.created_by.name }}",
        "{{ payload.source.name }}, by {{ payload.created_by.name }}",
        "{{ payload.source.message | truncate(100) }}, by {{ payload.created_by.name }}",
    ),
    steps=(
        "Open the Box developer console > your app > Webhooks.",
        "Manage signature keys: generate a primary key and paste it here.",
        "Choose Create webhook, version V2, and paste the web address of this hook.",
        "Choose the folder or file to watch and the events you want, then create it.",
    ),
    docs="https://developer.box.com/guides/webhooks/",
    retries="Box sends again by itself after failures, probably for some hours.",
    samples=(
        Sample(
            "file_uploaded",
            "File uploaded: Price list 2027.pdf",
            sample_body("box.file_uploaded.json"),
            headers={
                "box-delivery-id": "3d0f8b61-c7e5-49a2-86b4-f19e2c70d5a8",
                "box-signature-algorithm": "HmacSHA256",
                "box-signature-version": "1",
            },
            ids=("3d0f8b61-c7e5-49a2-86b4-f19e2c70d5a8", "b2c96e04-51df-4a78-93e0-7f8d1a5c26b4",
                 "1740928365017"),
        ),
    ),
)  # fmt: skip
