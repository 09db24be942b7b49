"""Adyen: payments, captures, refunds, chargebacks.

Each notice carries its own signature over eight of its fields, joined by colons; nothing else of
the body is covered. The key is hexadecimal text. Webhooks of Adyen for Platforms are signed as a
whole, in a header. `success` is text. Adyen wants to hear [accepted].
Source: Adyen/adyen-python-api-library, Adyen/util.py.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rulebook.providers.contract import (
    Body,
    Header,
    Joined,
    Provider,
    Reply,
    Request,
    Sample,
    at,
    sample_body,
)
from rulebook.providers.schemes import HEX, Either, Hmac, Verification
from rulebook.providers.schemes.verdicts import no_secret, no_signature

ITEM = "$.notificationItems[0].NotificationRequestItem"
SIGNED = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference",
          "amount.value", "amount.currency", "eventCode", "success")  # fmt: skip
MADE = Body("$.additionalData.hmacSignature")


@dataclass(frozen=True)
class EachItem(Hmac):
    """Every notice of a delivery has its own signature, and all must be right."""

    def present(self, request: Request) -> bool:
        return bool(notices(request.payload))

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        if not any(secrets):
            return no_secret()
        found = notices(request.payload)
        if not found:
            return no_signature("field additionalData.hmacSignature")
        check = super().verify
        each = [check(request.about(item), secrets, now) for item in found]
        return next((verified for verified in each if not verified), each[0])

    def sign(self, request: Request, secret: str, now: float) -> Request:
        whole = json.loads(request.body)
        for item in notices(whole):
            alone = Request({}, json.dumps(item).encode())
            signed = json.loads(super().sign(alone, secret, now).body)
            item["additionalData"] = signed["additionalData"]
        return replace(request, body=json.dumps(whole).encode())


def notices(payload: object) -> list[dict[str, object]]:
    """The notices of a delivery."""
    items = at(payload, "$.notificationItems")
    found = (
        [at(item, "$.NotificationRequestItem") for item in items] if isinstance(items, list) else []
    )
    return [item for item in found if isinstance(item, dict)]


PROVIDER = Provider(
    label="Adyen",
    signature=Either(
        (
            EachItem(
                MADE,
                ":".join(f"{{{name.replace('.', '_')}}}" for name in SIGNED),
                encoding="base64",
                key=HEX,
                fields={name.replace(".", "_"): Body(f"$.{name}") for name in SIGNED},
            ),
            Hmac(Header("hmacsignature"), encoding="base64", key=HEX),
        )
    ),
    secret_label="HMAC key",
    secret_hint="64 digits and letters. In the Customer Area: Developers > Webhooks > "
    "your webhook > HMAC key.",
    event_type=(Body(f"{ITEM}.eventCode"), Body("$.type")),
    event_id=(
        Joined((Body(f"{ITEM}.pspReference"), Body(f"{ITEM}.eventCode"), Body(f"{ITEM}.success")),
               by="-"),
    ),
    event_time=(Body(f"{ITEM}.eventDate"), Body("$.timestamp")),
    types={
        "AUTHORISATION": "Payment authorised or refused",
        "CANCELLATION": "Payment cancelled",
        "CAPTURE": "Payment captured",
        "CHARGEBACK": "Chargeback",
        "REFUND": "Refund",
        "REPORT_AVAILABLE": "Report ready",
    },
    names={
        "$.live": "Live, not a test",
        f"{ITEM}.eventCode": "What happened",
        f"{ITEM}.success": "Successful",
        f"{ITEM}.amount.value": "Amount",
        f"{ITEM}.amount.currency": "Currency",
        f"{ITEM}.merchantReference": "Order number",
        f"{ITEM}.pspReference": "Payment id",
        f"{ITEM}.originalReference": "Id of the first payment",
        f"{ITEM}.paymentMethod": "Payment method",
        f"{ITEM}.reason": "Reason",
        f"{ITEM}.eventDate": "Time of the event",
        f"{ITEM}.merchantAccountCode": "Merchant account",
        f"{ITEM}.additionalData.shopperEmail": "Customer email",
    },
    money={f"{ITEM}.amount.value": f"{ITEM}.amount.currency"},
    gist=(
        "{{ payload.notificationItems[0].NotificationRequestItem.amount.value"
        " | money(payload.notificationItems[0].NotificationRequestItem.amount.currency) }},"
        " {{ payload.notificationItems[0].NotificationRequestItem.merchantReference }}",
    ),
    batches=(("notificationItems",),),
    reply=Reply(text="[accepted]"),
    steps=(
        "In the Adyen Customer Area, open Developers > Webhooks and add a Standard webhook.",
        "URL: paste the web address of this hook.",
        "Under Security choose HMAC key > Generate, copy the key and paste it here.",
        "Save the changes, and choose Test configuration.",
    ),
    docs="https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
    retries="Adyen keeps what was not taken and sends again by itself, probably for 7 days.",
    detect=(Body(f"{ITEM}.pspReference"), Header("hmacsignature")),
    samples=(
        Sample(
            "authorised",
            "Payment authorised, 129.00 EUR",
            sample_body("adyen.authorised.json"),
            ids=("LT7TEA4CUP9POT2S", "LT-2291"),
            amounts=("12900",),
        ),
    ),
)  # fmt: skip
