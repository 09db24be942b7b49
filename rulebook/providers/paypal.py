"""PayPal: payments, orders, subscriptions, disputes.

What is signed holds the id of the webhook, which is not in the request: it is what is saved here.
The certificate is read from PayPal's own hosts only. Events of PayPal's simulator have another
webhook id and cannot be verified. Amounts are decimal texts in whole units.
Source: paypal/PayPal-Python-SDK, notifications.py.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import urlsplit

from rulebook.providers.contract import Body, Header, Provider, Request, Sample, sample_body
from rulebook.providers.fetching import Fetch, key_at
from rulebook.providers.schemes import Secrets, Verification
from rulebook.providers.schemes.rsa_keys import certificate, new_secrets, rsa_fits, rsa_signed
from rulebook.providers.schemes.verdicts import (
    correct,
    mismatch,
    no_secret,
    no_signature,
    unreadable,
)

OWNER = ".paypal.com"
HOSTS = {"api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}
KEY_URL = "https://api.paypal.com/v1/notifications/certs/CERT-sample"
SIGNATURE = Header("paypal-transmission-sig")

NOT_READ = Verification(
    False,
    "PayPal's certificate could not be read, so the signature was not checked.",
    "Check that this machine reaches api.paypal.com; PayPal sends again by itself.",
)


def signed_text(request: Request, webhook_id: str) -> bytes:
    """Transmission, time, webhook and the checksum of the body, joined by bars."""
    transmission = request.headers.get("paypal-transmission-id", "")
    time = request.headers.get("paypal-transmission-time", "")
    return f"{transmission}|{time}|{webhook_id}|{zlib.crc32(request.body)}".encode()


@dataclass(frozen=True)
class Signed:
    """The signature in headers, by a certificate that a header names."""

    @property
    def covers(self) -> frozenset[str]:
        return frozenset({"body"})

    @property
    def shared(self) -> bool:
        return False

    def present(self, request: Request) -> bool:
        return SIGNATURE.read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        signature = SIGNATURE.read(request)
        if not signature:
            return no_signature(str(SIGNATURE))
        if not any(secrets):
            return no_secret()
        url = request.headers.get("paypal-cert-url", "")
        parts = urlsplit(url)
        algorithm = request.headers.get("paypal-auth-algo", "")
        if parts.scheme != "https" or parts.netloc not in HOSTS or algorithm != "SHA256withRSA":
            return unreadable("header (paypal-cert-url)")
        key = key_at(url, now)
        if key is None:
            return replace(NOT_READ, fetch=Fetch(url, OWNER))
        texts = [signed_text(request, secret.strip()) for secret in secrets if secret]
        return correct() if any(rsa_fits(key, signature, text) for text in texts) else mismatch()

    def sign(self, request: Request, secret: str, now: float) -> Request:
        request = request.with_header("paypal-cert-url", KEY_URL)
        request = request.with_header("paypal-auth-algo", "SHA256withRSA")
        text = signed_text(request, secret.partition("\n")[0])
        return SIGNATURE.put(request, rsa_signed(secret, text))

    def example(self, rng: Random) -> Secrets:
        return new_secrets(f"4TEA{rng.randrange(10**8, 10**9)}CUP")

    def certificate(self, secret: str) -> tuple[str, bytes, str]:
        """Address, certificate and owner, as they would be found for this sender's secret."""
        return KEY_URL, certificate(secret, f"messageverificationcerts{OWNER}"), OWNER


PROVIDER = Provider(
    label="PayPal",
    signature=Signed(),
    secret_label="Webhook ID",
    secret_hint="In the PayPal developer dashboard: your app > Webhooks, beside the address.",
    not_secrets={"WH-": "This is the id of an event, not the one of the webhook."},
    event_type=(Body("$.event_type"),),
    event_id=(Body("$.id"),),
    event_time=(Body("$.create_time"), Header("paypal-transmission-time")),
    types={
        "BILLING.SUBSCRIPTION.ACTIVATED": "Subscription started",
        "BILLING.SUBSCRIPTION.CANCELLED": "Subscription ended",
        "BILLING.SUBSCRIPTION.PAYMENT.FAILED": "Subscription payment failed",
        "BILLING.SUBSCRIPTION.SUSPENDED": "Subscription suspended",
        "CHECKOUT.ORDER.APPROVED": "Order approved",
        "CHECKOUT.ORDER.COMPLETED": "Order completed",
        "CUSTOMER.DISPUTE.CREATED": "Dispute opened",
        "INVOICING.INVOICE.PAID": "Invoice paid",
        "PAYMENT.CAPTURE.COMPLETED": "Payment received",
        "PAYMENT.CAPTURE.DENIED": "Payment denied",
        "PAYMENT.CAPTURE.REFUNDED": "Payment refunded",
        "PAYMENT.SALE.COMPLETED": "Payment received",
    },
    names={
        "$.event_type": "Event type",
        "$.summary": "In words",
        "$.create_time": "Time of the event",
        "$.resource.amount.value": "Amount",
        "$.resource.amount.currency_code": "Currency",
        "$.resource.amount.total": "Amount",
        "$.resource.amount.currency": "Currency",
        "$.resource.status": "Status",
        "$.resource.invoice_id": "Invoice number",
        "$.resource.custom_id": "Your own number",
        "$.resource.payer.email_address": "Customer email",
        "$.resource.payer.name.given_name": "Customer first name",
        "$.resource.payer.name.surname": "Customer last name",
        "$.resource.purchase_units[0].amount.value": "Order amount",
        "$.resource.purchase_units[0].amount.currency_code": "Order currency",
        "$.resource.subscriber.email_address": "Subscriber email",
        "$.resource.subscriber.name.given_name": "Subscriber first name",
        "$.resource.billing_agreement_id": "Subscription id",
        "$.resource.dispute_amount.value": "Disputed amount",
        "$.resource.reason": "Reason",
    },
    gist=(
        "{{ payload.resource.amount.value }} {{ payload.resource.amount.currency_code }},"
        " {{ payload.resource.invoice_id }}",
        "{{ payload.resource.amount.value }} {{ payload.resource.amount.currency_code }}",
        "{{ payload.resource.amount.total }} {{ payload.resource.amount.currency }}",
        "{{ payload.summary }}",
    ),
    steps=(
        "In the PayPal developer dashboard, open Apps & Credentials and your app.",
        "Under Webhooks choose Add Webhook, paste the web address of this hook, choose the events.",
        "Save, copy the Webhook ID from the list and paste it here.",
    ),
    docs="https://developer.paypal.com/api/rest/webhooks/",
    retries="PayPal sends again by itself, probably for up to 3 days.",
    detect=(Header("paypal-transmission-id"),),
    samples=(
        Sample(
            "payment_received",
            "Payment received, 129.00 USD",
            sample_body("paypal.payment_received.json"),
            headers={
                "paypal-transmission-id": "b6d24c0e-9f37-11f1-8d41-5a1e6f70a90b",
                "paypal-transmission-time": "2026-11-02T10:15:00Z",
            },
            ids=("WH-7TEA4CUP9POT2SD-3LEAF8JAR5TIN", "5LINDEN7TEA4CUP9",
                 "b6d24c0e-9f37-11f1-8d41-5a1e6f70a90b", "LT-2291"),
            amounts=("129.00",),
        ),
    ),
)  # fmt: skip
