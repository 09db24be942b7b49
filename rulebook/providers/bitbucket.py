"""Bitbucket: pushes, pull requests, issues.

The header of the signature has the name that others use for SHA-1, but holds SHA-256; without a
secret Bitbucket does not sign. Bitbucket Data Center sends the same headers.
Source: Atlassian's support pages, "Manage webhooks".
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Plain

CHANGE = "$.push.changes[0]"

PROVIDER = Provider(
    label="Bitbucket",
    signature=Hmac(Header("x-hub-signature"), reads=Plain("sha256=")),
    secret_hint="Any long text of your own: the same here and in Bitbucket.",
    event_type=(Header("x-event-key"),),
    event_id=(Header("x-request-uuid"), Header("x-request-id")),
    event_time=(
        Body(f"{CHANGE}.new.target.date"),
        Body("$.comment.created_on"),
        Body("$.pullrequest.updated_on"),
        Body("$.issue.updated_on"),
    ),
    detect=(Header("x-event-key"),),
    types={
        "diagnostics:ping": "Test",
        "issue:comment_created": "Issue commented on",
        "issue:created": "Issue created",
        "issue:updated": "Issue changed",
        "pullrequest:approved": "Pull request approved",
        "pullrequest:changes_request_created": "Changes asked for",
        "pullrequest:comment_created": "Pull request commented on",
        "pullrequest:created": "Pull request opened",
        "pullrequest:fulfilled": "Pull request merged",
        "pullrequest:rejected": "Pull request declined",
        "pullrequest:updated": "Pull request changed",
        "repo:commit_comment_created": "Commit commented on",
        "repo:commit_status_created": "Build started",
        "repo:commit_status_updated": "Build changed",
        "repo:push": "Push",
    },
    names={
        "$.actor.display_name": "Done by",
        "$.repository.full_name": "Repository",
        "$.repository.name": "Repository name",
        "$.push.changes[*].new.name": "Branches or tags",
        f"{CHANGE}.new.name": "Branch or tag",
        f"{CHANGE}.new.target.message": "Message of the last commit",
        f"{CHANGE}.new.target.date": "Time of the last commit",
        f"{CHANGE}.forced": "Forced push",
        f"{CHANGE}.links.html.href": "Link to the changes",
        "$.pullrequest.id": "Pull request number",
        "$.pullrequest.title": "Pull request title",
        "$.pullrequest.state": "State of the pull request",
        "$.pullrequest.author.display_name": "Opened by",
        "$.pullrequest.source.branch.name": "From branch",
        "$.pullrequest.destination.branch.name": "Into branch",
        "$.pullrequest.links.html.href": "Link to the pull request",
        "$.comment.content.raw": "Comment",
        "$.issue.title": "Issue title",
        "$.issue.priority": "Priority",
        "$.commit_status.state": "State of the build",
        "$.commit_status.name": "Build",
        "$.commit_status.url": "Link to the build",
    },
    gist=(
        "{{ payload.pullrequest.title | truncate(80) }}, in {{ payload.repository.name }}",
        "{{ payload.issue.title | truncate(80) }}, in {{ payload.repository.name }}",
        "{{ payload.push.changes[0].new.target.message | truncate(80) }},"
        " in {{ payload.repository.name }}",
        "in {{ payload.repository.full_name }}",
    ),
    steps=(
        "In Bitbucket, open the repository > Repository settings > Webhooks > Add webhook.",
        "URL: paste the web address of this hook, and give it a title.",
        "Secret: invent a long one, and paste the same here and there.",
        "Choose the triggers you want, then Save.",
    ),
    docs="https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
    retries="Bitbucket probably tries twice more by itself after errors and timeouts.",
    samples=(
        Sample(
            "pull_request_opened",
            "Pull request opened: Weigh parcels in grams",
            sample_body("bitbucket.pull_request_opened.json"),
            headers={
                "x-event-key": "pullrequest:created",
                "x-request-uuid": "4e7a1c90-d5b3-4826-9f0e-b71c8d2a63f5",
                "x-hook-uuid": "a90c5e37-1f84-4db2-86e7-0d3b9c41f72e",
                "x-attempt-number": "1",
            },
            ids=("4e7a1c90-d5b3-4826-9f0e-b71c8d2a63f5",),
        ),
    ),
)
