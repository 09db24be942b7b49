"""GitHub: pushes, issues, pull requests, releases.

A delivery id stays the same when somebody redelivers by hand.
Source: GitHub's documentation, "Validating webhook deliveries".
"""

from rulebook.providers.contract import Body, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Plain

PROVIDER = Provider(
    label="GitHub",
    signature=Hmac(Header("x-hub-signature-256"), reads=Plain("sha256=")),
    secret_hint="Any long text of your own: the same here and in GitHub.",
    event_type=(Joined((Header("x-github-event"), Body("$.action"))),),
    event_id=(Header("x-github-delivery"),),
    detect=(Header("x-github-event"),),
    unwraps="payload",
    types={
        "issue_comment.created": "Comment added",
        "issues.closed": "Issue closed",
        "issues.opened": "Issue opened",
        "ping": "Webhook added",
        "pull_request.closed": "Pull request closed or merged",
        "pull_request.opened": "Pull request opened",
        "push": "Push",
        "release.published": "Release published",
        "star.created": "Star added",
        "workflow_run.completed": "Workflow finished",
    },
    names={
        "$.ref": "Branch or tag",
        "$.compare": "Link to the changes",
        "$.pusher.name": "Pushed by",
        "$.pusher.email": "Email of who pushed",
        "$.head_commit.message": "Message of the last commit",
        "$.head_commit.author.name": "Author of the last commit",
        "$.head_commit.timestamp": "Time of the last commit",
        "$.commits[*].message": "Messages of all commits",
        "$.forced": "Forced push",
        "$.action": "What happened",
        "$.issue.number": "Issue number",
        "$.issue.title": "Issue title",
        "$.issue.body": "Issue text",
        "$.issue.html_url": "Link to the issue",
        "$.issue.user.login": "Opened by",
        "$.issue.labels[*].name": "Labels",
        "$.comment.body": "Comment",
        "$.comment.user.login": "Comment by",
        "$.pull_request.title": "Pull request title",
        "$.pull_request.html_url": "Link to the pull request",
        "$.pull_request.merged": "Merged",
        "$.release.tag_name": "Release",
        "$.workflow_run.name": "Workflow",
        "$.workflow_run.conclusion": "Result of the workflow",
        "$.repository.full_name": "Repository",
        "$.repository.default_branch": "Default branch",
        "$.sender.login": "Done by",
    },
    gist=(
        "{{ payload.head_commit.message | truncate(80) }}, in {{ payload.repository.name }}",
        "{{ payload.issue.title | truncate(80) }}, in {{ payload.repository.name }}",
        "{{ payload.pull_request.title | truncate(80) }}, in {{ payload.repository.name }}",
        "in {{ payload.repository.full_name }}",
    ),
    steps=(
        "In GitHub, open the repository (or organisation) > Settings > Webhooks > Add webhook.",
        "Payload URL: paste the web address of this hook.",
        "Content type: choose application/json.",
        "Secret: invent a long one, and paste the same here and there.",
        "Choose the events you want, then Add webhook. GitHub sends a ping at once.",
    ),
    docs="https://docs.github.com/en/webhooks",
    retries="GitHub does not send again by itself: in Settings > Webhooks > Recent Deliveries, "
    "choose Redeliver.",
    samples=(
        Sample(
            "push",
            "Push of 2 commits to main",
            sample_body("github.push.json"),
            headers={
                "x-github-event": "push",
                "x-github-delivery": "5a1e6f70-b6d2-4c0e-9f37-2d8c41a90b63",
                "x-github-hook-id": "480215977",
                "x-github-hook-installation-target-type": "repository",
                "x-github-hook-installation-target-id": "914207335",
            },
            ids=("5a1e6f70-b6d2-4c0e-9f37-2d8c41a90b63",
                 "4be1f0a97c26d35e8840c1b7f2d96a53e07d18bc",
                 "d07c93e5a1f84b62b9e6430fd2c58a71964eb05f",
                 "91a6d8e24f0b7c35e1d2a9480b6c7f53da98e410"),
        ),
        Sample(
            "issue_opened",
            "Issue opened: The kettle icon is missing",
            sample_body("github.issue_opened.json"),
            headers={
                "x-github-event": "issues",
                "x-github-delivery": "c94d20e8-3f15-4a7b-8e60-7b1f5d2ac986",
                "x-github-hook-id": "480215977",
                "x-github-hook-installation-target-type": "repository",
                "x-github-hook-installation-target-id": "914207335",
            },
            ids=("c94d20e8-3f15-4a7b-8e60-7b1f5d2ac986", "2718304561", "I_kwDOLt3aTeaPotLid",
                 "214"),
        ),
    ),
)  # fmt: skip
