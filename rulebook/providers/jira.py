"""Jira Cloud: issues, comments, sprints.

Only webhooks with a secret are signed, and only those that an administrator makes: the rule
"Send web request" of Jira Automation sends whatever its author wrote, and is a custom tool here.
Source: Atlassian's documentation, "Webhooks".
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Plain

FIELDS = "$.issue.fields"

PROVIDER = Provider(
    label="Jira",
    signature=Hmac(Header("x-hub-signature"), reads=Plain("sha256=")),
    secret_hint="Any long text of your own: the same here and in Jira, in the webhook's field "
    "Secret.",
    event_type=(Body("$.webhookEvent"),),
    event_id=(Header("x-atlassian-webhook-identifier"),),
    event_time=(Body("$.timestamp"),),
    detect=(Header("x-atlassian-webhook-identifier"), Body("$.webhookEvent")),
    types={
        "comment_created": "Comment added",
        "comment_deleted": "Comment deleted",
        "comment_updated": "Comment changed",
        "issuelink_created": "Issues linked",
        "jira:issue_created": "Issue created",
        "jira:issue_deleted": "Issue deleted",
        "jira:issue_updated": "Issue changed",
        "jira:version_released": "Version released",
        "project_created": "Project created",
        "sprint_closed": "Sprint closed",
        "sprint_created": "Sprint created",
        "sprint_started": "Sprint started",
        "user_created": "User created",
        "worklog_created": "Work logged",
    },
    names={
        "$.issue.key": "Issue",
        f"{FIELDS}.summary": "Title of the issue",
        f"{FIELDS}.description": "Description of the issue",
        f"{FIELDS}.issuetype.name": "Kind of issue",
        f"{FIELDS}.status.name": "Status",
        f"{FIELDS}.priority.name": "Priority",
        f"{FIELDS}.assignee.displayName": "Assigned to",
        f"{FIELDS}.assignee.emailAddress": "Email of who it is assigned to",
        f"{FIELDS}.reporter.displayName": "Reported by",
        f"{FIELDS}.reporter.emailAddress": "Email of who reported it",
        f"{FIELDS}.project.key": "Project key",
        f"{FIELDS}.project.name": "Project",
        f"{FIELDS}.labels": "Labels",
        f"{FIELDS}.duedate": "Due date",
        "$.issue_event_type_name": "Kind of change",
        "$.changelog.items[*].field": "Changed fields",
        "$.changelog.items[*].fromString": "Values before",
        "$.changelog.items[*].toString": "Values now",
        "$.comment.body": "Comment",
        "$.comment.author.displayName": "Comment by",
        "$.sprint.name": "Sprint",
        "$.user.displayName": "Done by",
    },
    gist=(
        "{{ payload.comment.body | truncate(80) }}, on {{ payload.issue.key }}",
        "{{ payload.issue.key }}, {{ payload.issue.fields.summary | truncate(80) }}",
        "{{ payload.sprint.name }}",
    ),
    steps=(
        "In Jira, open Settings > System > WebHooks > Create a WebHook (administrators only).",
        "URL: paste the web address of this hook.",
        "Secret: invent a long one, and paste the same here and there.",
        "Choose the events, narrow them by a JQL query if you like, and choose Create.",
    ),
    docs="https://developer.atlassian.com/cloud/jira/platform/webhooks/",
    retries="Jira probably sends again by itself, a few times, after errors of our side.",
    samples=(
        Sample(
            "issue_created",
            "Issue created: Kettle icon missing",
            sample_body("jira.issue_created.json"),
            headers={
                "x-atlassian-webhook-identifier": "9c3e5a7f-1d24-4b68-8f90-6a2d7c4e1b35",
                "x-atlassian-webhook-flow": "Primary",
            },
            ids=("9c3e5a7f-1d24-4b68-8f90-6a2d7c4e1b35", "20417"),
        ),
        Sample(
            "issue_done",
            "Issue changed: status In Progress to Done",
            sample_body("jira.issue_done.json"),
            headers={
                "x-atlassian-webhook-identifier": "3f8b6d10-72c5-4e9a-b1d4-58e0c7a9f264",
                "x-atlassian-webhook-flow": "Primary",
            },
            ids=("3f8b6d10-72c5-4e9a-b1d4-58e0c7a9f264", "20398", "31775"),
        ),
    ),
)
