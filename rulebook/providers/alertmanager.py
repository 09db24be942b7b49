"""Alertmanager (Prometheus): alerts that fire and are resolved.

A delivery holds a group of alerts; each is judged by itself. Alertmanager repeats alerts that keep
firing (repeat_interval): here an alert counts once when it fires and once when it is resolved, and
repeats within a day are noted and do nothing. Nothing is signed; a bearer token shows who sends.
Source: Prometheus's documentation, "Webhook configuration".
"""

from rulebook.providers.contract import Body, Header, Joined, Present, Provider, Sample, sample_body
from rulebook.providers.schemes import Token

ALERT = "$.alerts[*]"
FIRST = "$.alerts[0]"

PROVIDER = Provider(
    label="Alertmanager (Prometheus)",
    signature=Token(Header("authorization"), "Bearer "),
    secret_label="Bearer token",
    secret_hint="Any long text of your own: the same here and as credentials in alertmanager.yml.",
    event_type=(Body(f"{FIRST}.status"), Body("$.status")),
    event_id=(
        Joined(
            (Body(f"{FIRST}.fingerprint"), Body(f"{FIRST}.status"), Body(f"{FIRST}.startsAt")), "/"
        ),
    ),
    event_time=(Body(f"{FIRST}.startsAt"),),
    detect=(Present("$.groupKey"),),
    broad=True,  # others send in the same shape
    batches=(("alerts",),),
    types={"firing": "Alert fires", "resolved": "Alert resolved"},
    names={
        "$.receiver": "Receiver",
        "$.status": "Status of the group",
        "$.groupKey": "Group",
        "$.externalURL": "Link to Alertmanager",
        "$.commonLabels.alertname": "Alert of the group",
        "$.commonLabels.severity": "Severity of the group",
        "$.commonAnnotations.summary": "Summary of the group",
        "$.truncatedAlerts": "Alerts left out",
        f"{ALERT}.status": "Status",
        f"{ALERT}.labels.alertname": "Alert",
        f"{ALERT}.labels.severity": "Severity",
        f"{ALERT}.labels.instance": "Machine",
        f"{ALERT}.labels.job": "Job",
        f"{ALERT}.annotations.summary": "Summary",
        f"{ALERT}.annotations.description": "Description",
        f"{ALERT}.startsAt": "Fires since",
        f"{ALERT}.endsAt": "Ended",
        f"{ALERT}.generatorURL": "Link to the graph",
    },
    gist=(
        "{{ payload.alerts[0].labels.alertname }}:"
        " {{ payload.alerts[0].annotations.summary | truncate(100) }}",
        "{{ payload.alerts[0].labels.alertname }}",
    ),
    steps=(
        "Invent a long token and paste it here.",
        "In alertmanager.yml, give a receiver webhook_configs, and as url paste the web address of "
        "this hook.",
        "Below it, under http_config > authorization, write the token as credentials.",
        "Name the receiver in a route and reload Alertmanager.",
    ),
    docs="https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
    retries="Alertmanager sends again by itself after errors of our side, and repeats alerts that "
    "keep firing.",
    samples=(
        Sample(
            "two_alerts",
            "An alert fires, another is resolved",
            sample_body("alertmanager.two_alerts.json"),
            headers={"user-agent": "Alertmanager/0.28.1"},
            ids=("7a1c94e05b3fd826", "d05e83b7f14c62a9"),
        ),
    ),
)
