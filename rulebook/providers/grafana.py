"""Grafana: alerts that fire and are resolved.

A delivery holds a group of alerts; each is judged by itself, and counts once when it fires and once
when it is resolved: reminders within a day are noted and do nothing. From Grafana 12 on the contact
point can sign (leave its Timestamp Header empty); before, a bearer token shows who sends, with the
same secret. Source: Grafana's documentation, "Webhook notifier".
"""

from rulebook.providers.contract import Body, Header, Joined, Present, Provider, Sample, sample_body
from rulebook.providers.schemes import Either, Hmac, Token

ALERT = "$.alerts[*]"
FIRST = "$.alerts[0]"

PROVIDER = Provider(
    label="Grafana",
    signature=Either(
        (Hmac(Header("x-grafana-alerting-signature")), Token(Header("authorization"), "Bearer "))
    ),
    secret_label="Secret or token",
    secret_hint="Any long text of your own: the same here and in the contact point, as secret "
    "under HMAC Signature or as credentials of the Authorization Header.",
    event_type=(Body(f"{FIRST}.status"), Body("$.status")),
    event_id=(
        Joined(
            (Body(f"{FIRST}.fingerprint"), Body(f"{FIRST}.status"), Body(f"{FIRST}.startsAt")), "/"
        ),
    ),
    event_time=(Body(f"{FIRST}.startsAt"),),
    detect=(Header("x-grafana-alerting-signature"), Present(f"{FIRST}.silenceURL")),
    batches=(("alerts",),),
    types={"firing": "Alert fires", "resolved": "Alert resolved"},
    names={
        "$.title": "Title",
        "$.message": "Message",
        "$.status": "Status of the group",
        "$.receiver": "Contact point",
        "$.orgId": "Organisation in Grafana",
        "$.externalURL": "Link to Grafana",
        "$.commonLabels.alertname": "Alert of the group",
        "$.commonLabels.grafana_folder": "Folder",
        f"{ALERT}.status": "Status",
        f"{ALERT}.labels.alertname": "Alert",
        f"{ALERT}.labels.severity": "Severity",
        f"{ALERT}.annotations.summary": "Summary",
        f"{ALERT}.annotations.description": "Description",
        f"{ALERT}.values.A": "Measured value A",
        f"{ALERT}.values.B": "Measured value B",
        f"{ALERT}.valueString": "Measured values in words",
        f"{ALERT}.startsAt": "Fires since",
        f"{ALERT}.dashboardURL": "Link to the dashboard",
        f"{ALERT}.panelURL": "Link to the panel",
        f"{ALERT}.silenceURL": "Link to silence it",
    },
    gist=(
        "{{ payload.alerts[0].labels.alertname }}:"
        " {{ payload.alerts[0].annotations.summary | truncate(100) }}",
        "{{ payload.alerts[0].labels.alertname }}",
        "{{ payload.title }}",
    ),
    steps=(
        "In Grafana, open Alerting > Contact points > Add contact point, and choose Webhook.",
        "URL: paste the web address of this hook.",
        "Open Optional Webhook settings > HMAC Signature, invent a long secret, and paste the same "
        "here and there; leave the names of the headers empty.",
        "Choose Test, save, and name the contact point in a notification policy.",
    ),
    docs="https://grafana.com/docs/grafana/latest/alerting/configure-notifications/"
    "manage-contact-points/integrations/webhook-notifier/",
    retries="Grafana probably sends again by itself after errors of our side.",
    samples=(
        Sample(
            "alert_fires",
            "Alert fires: The tea kitchen is too warm",
            sample_body("grafana.alert_fires.json"),
            headers={"user-agent": "Grafana"},
            ids=("c6a0f3d81e57b294",),
        ),
    ),
)
