"""GitLab: pushes, merge requests, issues, pipelines, releases.

There are two ways: a secret token, which is shown in a header and proves nothing about the body,
and a signing token (Standard Webhooks), which does. Where a request is signed, only the signature
counts. A test from GitLab's own page carries no action: its type is then "issue", not "issue.open".
Deliveries have an id since GitLab 17.4.
Source: GitLab's documentation, "Webhooks"; the merge requests 230944 and 231325.
"""

from rulebook.providers.contract import (
    Body,
    Header,
    Joined,
    Provider,
    Sample,
    Starting,
    sample_body,
)
from rulebook.providers.schemes import STANDARD_WEBHOOKS, Either, Token

KIND = Body("$.object_kind")
ITEM = "$.object_attributes"

PROVIDER = Provider(
    label="GitLab",
    signature=Either((STANDARD_WEBHOOKS, Token(Header("x-gitlab-token")))),
    secret_label="Signing token or secret token",
    secret_hint="The signing token that GitLab made (begins with whsec_), or else the secret token "
    "that you invented there.",
    not_secrets={
        "glpat-": "This is an access token, which can change projects. A webhook has its own.",
    },
    event_type=(
        Joined((Starting(KIND, ("pipeline",)), Body(f"{ITEM}.status"))),
        Joined((Starting(KIND, ("build",)), Body("$.build_status"))),
        Joined((Starting(KIND, ("deployment",)), Body("$.status"))),
        Joined((KIND, Body(f"{ITEM}.action"), Body("$.action"))),
        Body("$.event_name"),
        Header("x-gitlab-event"),
    ),
    event_id=(Header("webhook-id"), Header("idempotency-key")),  # the signed one first
    event_time=(Body(f"{ITEM}.updated_at"), Body("$.commits[0].timestamp"), Body("$.created_at")),
    hides=(Header("x-gitlab-token"),),
    detect=(Header("x-gitlab-event"),),
    types={
        "build.failed": "Job failed",
        "build.success": "Job succeeded",
        "deployment.failed": "Deployment failed",
        "deployment.success": "Deployment succeeded",
        "issue": "Issue (test)",
        "issue.close": "Issue closed",
        "issue.open": "Issue opened",
        "issue.reopen": "Issue opened again",
        "issue.update": "Issue changed",
        "merge_request.approved": "Merge request approved",
        "merge_request.close": "Merge request closed",
        "merge_request.merge": "Merge request merged",
        "merge_request.open": "Merge request opened",
        "merge_request.update": "Merge request changed",
        "note": "Comment",
        "note.create": "Comment added",
        "pipeline.failed": "Pipeline failed",
        "pipeline.running": "Pipeline started",
        "pipeline.success": "Pipeline succeeded",
        "push": "Push",
        "release.create": "Release published",
        "tag_push": "Tag pushed",
        "wiki_page.update": "Wiki page changed",
    },
    names={
        "$.object_kind": "Kind of event",
        "$.ref": "Branch or tag",
        "$.user_name": "Pushed by",
        "$.user.name": "Done by",
        "$.user.username": "User name of who did it",
        "$.total_commits_count": "Number of commits",
        "$.commits[*].message": "Messages of all commits",
        f"{ITEM}.iid": "Number",
        f"{ITEM}.title": "Title",
        f"{ITEM}.action": "What happened",
        f"{ITEM}.state": "State",
        f"{ITEM}.status": "Status of the pipeline",
        f"{ITEM}.ref": "Branch of the pipeline",
        f"{ITEM}.duration": "Duration in seconds",
        f"{ITEM}.source_branch": "From branch",
        f"{ITEM}.target_branch": "Into branch",
        f"{ITEM}.note": "Comment",
        f"{ITEM}.url": "Link",
        "$.labels[*].title": "Labels",
        "$.assignees[*].name": "Assigned to",
        "$.build_name": "Job",
        "$.tag": "Release tag",
        "$.environment": "Environment",
        "$.project.name": "Project name",
        "$.project.path_with_namespace": "Project",
    },
    gist=(
        "{{ payload.object_attributes.title | truncate(80) }}, in {{ payload.project.name }}",
        "pipeline of {{ payload.object_attributes.ref }}, in {{ payload.project.name }}",
        "{{ payload.commits[0].message | truncate(80) }}, in {{ payload.project.name }}",
        "in {{ payload.project.path_with_namespace }}",
    ),
    steps=(
        "In GitLab, open the project (or group) > Settings > Webhooks > Add new webhook.",
        "URL: paste the web address of this hook.",
        "If GitLab offers a signing token, generate one there and paste it here.",
        "Otherwise invent a long secret token, and paste the same here and there.",
        "Choose the triggers you want, then Add webhook. Test sends an example.",
    ),
    docs="https://docs.gitlab.com/user/project/integrations/webhooks/",
    retries="GitLab does not promise to send again by itself: open the webhook in GitLab and "
    "choose Resend request.",
    switches_off="After four failures in a row GitLab switches the webhook off: for a while after "
    "errors and timeouts, for good after answers such as 401, until a test succeeds.",
    samples=(
        Sample(
            "merge_request_opened",
            "Merge request opened: Show the harvest year",
            sample_body("gitlab.merge_request_opened.json"),
            headers={
                "x-gitlab-event": "Merge Request Hook",
                "x-gitlab-event-uuid": "f0a3b1d2-6c58-4e97-8b4a-91d7c3e5206f",
                "x-gitlab-webhook-uuid": "3b9d7e15-a4c2-4f60-9e8b-57d1c0f2a694",
                "x-gitlab-instance": "https://git.linden-tea.example",
                "idempotency-key": "7d4c19e8-02b6-4f3a-a5d1-8e60c7b9f213",
                "webhook-id": "7d4c19e8-02b6-4f3a-a5d1-8e60c7b9f213",
            },
            ids=("7d4c19e8-02b6-4f3a-a5d1-8e60c7b9f213", "f0a3b1d2-6c58-4e97-8b4a-91d7c3e5206f",
                 "90418273"),
        ),
        Sample(
            "pipeline_failed",
            "Pipeline failed on main",
            sample_body("gitlab.pipeline_failed.json"),
            headers={
                "x-gitlab-event": "Pipeline Hook",
                "x-gitlab-event-uuid": "2e8f6a04-d1b7-4c35-96e0-b8a47c1f5d92",
                "x-gitlab-webhook-uuid": "3b9d7e15-a4c2-4f60-9e8b-57d1c0f2a694",
                "x-gitlab-instance": "https://git.linden-tea.example",
                "idempotency-key": "c51b0f7e-83d4-49a2-b6e7-14f9d0a8c365",
                "webhook-id": "c51b0f7e-83d4-49a2-b6e7-14f9d0a8c365",
            },
            ids=("c51b0f7e-83d4-49a2-b6e7-14f9d0a8c365", "2e8f6a04-d1b7-4c35-96e0-b8a47c1f5d92",
                 "71530942"),
        ),
    ),
)  # fmt: skip
