"""Amazon SNS: messages of a topic, such as CloudWatch alarms, S3 and SES notices.

Anybody with an AWS account can have Amazon sign a message, so what is saved here is the topic whose
messages are taken. The certificate is read from Amazon's own hosts only. A subscription is
confirmed by calling the page that Amazon names. What stands in Message as JSON is opened for rules.
With raw message delivery nothing is signed. Source: aws/aws-js-sns-message-validator.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import urlsplit

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Provider,
    Request,
    Sample,
    at,
    sample_body,
)
from rulebook.providers.fetching import Fetch, key_at
from rulebook.providers.handshakes import call
from rulebook.providers.schemes import Secrets, Verification
from rulebook.providers.schemes.rsa_keys import certificate, new_secrets, rsa_fits, rsa_signed
from rulebook.providers.schemes.verdicts import (
    correct,
    mismatch,
    no_secret,
    no_signature,
    not_the_secret,
    unreadable,
)

OWNER = ".amazonaws.com"
HOST = re.compile(r"sns\.[A-Za-z0-9-]{3,}\.amazonaws\.com(\.cn)?")
KEY_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-sample.pem"
NOTICE = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def of_amazon(url: str) -> bool:
    """Whether the address is one of the notification service itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(HOST.fullmatch(parts.netloc))


def signed_text(payload: object) -> bytes:
    """Names and values of the signed fields, a line each, in Amazon's order."""
    names = NOTICE if at(payload, "$.Type") == "Notification" else CONFIRMATION
    found = [(name, at(payload, f"$.{name}")) for name in names]
    return "".join(f"{name}\n{value}\n" for name, value in found if value is not None).encode()


@dataclass(frozen=True)
class Signed:
    """The signature in the body, by a certificate that the body names."""

    @property
    def covers(self) -> frozenset[str]:
        return frozenset({"id"})

    @property
    def shared(self) -> bool:
        return False

    def present(self, request: Request) -> bool:
        return Body("$.Signature").read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        payload = request.payload
        signature = Body("$.Signature").read(request)
        if not signature:
            return no_signature("field Signature")
        if not any(secrets):
            return no_secret()
        if at(payload, "$.TopicArn") not in [secret.strip() for secret in secrets]:
            return not_the_secret("field TopicArn")
        url, version = str(at(payload, "$.SigningCertURL")), at(payload, "$.SignatureVersion")
        if not of_amazon(url) or not url.endswith(".pem") or version not in ("1", "2"):
            return unreadable("field SigningCertURL")
        key = key_at(url, now)
        if key is None:
            return replace(NOT_READ, fetch=Fetch(url, OWNER))
        fits = rsa_fits(key, signature, signed_text(payload), sha1=version == "1")
        return correct() if fits else mismatch()

    def sign(self, request: Request, secret: str, now: float) -> Request:
        for name, value in (("TopicArn", secret.partition("\n")[0]), ("SignatureVersion", "2"),
                            ("SigningCertURL", KEY_URL)):  # fmt: skip
            request = Body(f"$.{name}").put(request, value)
        return Body("$.Signature").put(request, rsa_signed(secret, signed_text(request.payload)))

    def example(self, rng: Random) -> Secrets:
        return new_secrets(f"arn:aws:sns:eu-west-1:{rng.randrange(10**11, 10**12)}:orders")

    def certificate(self, secret: str) -> tuple[str, bytes, str]:
        """Address, certificate and owner, as they would be found for this sender's secret."""
        return KEY_URL, certificate(secret, f"sns{OWNER}"), OWNER


NOT_READ = Verification(
    False,
    "Amazon's certificate could not be read, so the signature was not checked.",
    "Check that this machine reaches amazonaws.com; Amazon sends again by itself.",
)


def confirmation(kind: str, words: str) -> Handshake:
    """A question whether the address wants these messages, answered by calling Amazon's page."""
    host = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    return Handshake(
        words, Body("$.Type"), call(of_amazon, Body("$.SubscribeURL")), equals=kind, signed=True,
        example=Request({}, f'{{"Type": "{kind}", "SubscribeURL": "{host}"}}'.encode()),
    )  # fmt: skip


PROVIDER = Provider(
    label="Amazon SNS",
    signature=Signed(),
    secret_label="Topic ARN",
    secret_hint="Begins with arn:aws:sns:. In the SNS console: Topics > your topic.",
    event_type=(Body("$.Message.detail-type"), Body("$.Message.notificationType"),
                Body("$.Message.eventType"), Body("$.Message.Records[0].eventName"),
                Body("$.Message.NewStateValue"), Body("$.Type"),
                Header("x-amz-sns-message-type")),
    event_id=(Body("$.MessageId"), Header("x-amz-sns-message-id")),
    event_time=(Body("$.Timestamp"),),
    types={
        "ALARM": "Alarm went off",
        "Bounce": "Mail bounced",
        "Complaint": "Mail reported as spam",
        "Delivery": "Mail delivered",
        "INSUFFICIENT_DATA": "Alarm without data",
        "Notification": "Message",
        "OK": "Alarm is over",
        "ObjectCreated:Put": "File stored",
        "ObjectRemoved:Delete": "File deleted",
    },
    names={
        "$.Subject": "Subject",
        "$.Timestamp": "Time of the message",
        "$.TopicArn": "Topic",
        "$.MessageId": "Message id",
        "$.Message": "Message",
        "$.Message.AlarmName": "Alarm",
        "$.Message.NewStateValue": "State of the alarm",
        "$.Message.OldStateValue": "State before",
        "$.Message.NewStateReason": "Why",
        "$.Message.Region": "Region",
        "$.Message.mail.destination[*]": "Recipients",
        "$.Message.bounce.bounceType": "Kind of bounce",
        "$.Message.Records[*].s3.object.key": "Files",
    },
    gist=(
        "{{ payload.Message.AlarmName }}: {{ payload.Message.NewStateValue }}",
        "{{ payload.Subject }}",
        "{{ payload.Message }}",
    ),
    handshakes=(
        confirmation("SubscriptionConfirmation", "Amazon asked whether to send a topic's messages"),
        confirmation("UnsubscribeConfirmation", "Amazon was told to stop and asked again"),
    ),
    json_in=("Message",),
    steps=(
        "In the SNS console, open Topics and your topic, copy its ARN and save it here first.",
        "Choose Create subscription, protocol HTTPS, and paste the web address of this hook.",
        "Leave raw message delivery off: raw messages are not signed.",
        "The subscription is confirmed by itself within a minute.",
    ),
    docs="https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    retries="Amazon SNS sends again by itself, as the delivery policy of the topic says.",
    hides=(Body("$.Token"),),
    detect=(Header("x-amz-sns-message-type"),),
    samples=(
        Sample(
            "alarm",
            "Alarm went off: Checkout is slow",
            sample_body("aws_sns.alarm.json"),
            "text/plain; charset=UTF-8",
            headers={
                "x-amz-sns-message-type": "Notification",
                "x-amz-sns-message-id": "2f6a9c04-71be-5d83-a0e2-c5b8f17d3946",
                "x-amz-sns-topic-arn": "arn:aws:sns:eu-west-1:123456789012:orders",
            },
            ids=("2f6a9c04-71be-5d83-a0e2-c5b8f17d3946",),
        ),
    ),
)  # fmt: skip
