"""Vercel: deployments of projects.

The digest is SHA-1, although most tools use SHA-256. Source: Vercel's documentation, "Webhooks".
"""

from rulebook.providers.contract import Body, Header, Present, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

DEPLOYMENT = "$.payload.deployment"

PROVIDER = Provider(
    label="Vercel",
    signature=Hmac(Header("x-vercel-signature"), algorithm="sha1"),
    secret_hint="Shown once, when the webhook is made in Vercel: Team Settings > Webhooks.",
    event_type=(Body("$.type"),),
    event_id=(Body("$.id"),),
    event_time=(Body("$.createdAt"),),
    detect=(Header("x-vercel-signature"), Present(f"{DEPLOYMENT}.url")),
    types={
        "deployment.canceled": "Deployment cancelled",
        "deployment.created": "Deployment started",
        "deployment.error": "Deployment failed",
        "deployment.promoted": "Deployment made the live one",
        "deployment.ready": "Deployment ready",
        "deployment.succeeded": "Deployment succeeded",
        "domain.created": "Domain added",
        "firewall.attack": "Attack noticed",
        "project.created": "Project created",
        "project.removed": "Project deleted",
    },
    names={
        "$.type": "Event type",
        "$.createdAt": "Time of the event",
        "$.payload.target": "Live or preview",
        "$.payload.name": "Project",
        f"{DEPLOYMENT}.name": "Project of the deployment",
        f"{DEPLOYMENT}.url": "Address of the deployment",
        f"{DEPLOYMENT}.meta.githubCommitMessage": "Message of the commit",
        f"{DEPLOYMENT}.meta.githubCommitAuthorName": "Author of the commit",
        f"{DEPLOYMENT}.meta.githubCommitAuthorLogin": "User name of the author",
        f"{DEPLOYMENT}.meta.githubCommitRef": "Branch",
        f"{DEPLOYMENT}.meta.githubCommitSha": "Commit",
        f"{DEPLOYMENT}.meta.githubRepo": "Repository",
        "$.payload.links.deployment": "Link to the deployment",
        "$.payload.links.project": "Link to the project",
        "$.payload.alias": "Addresses it got",
        "$.payload.plan": "Plan",
    },
    gist=(
        "{{ payload.payload.deployment.name }}:"
        " {{ payload.payload.deployment.meta.githubCommitMessage | truncate(80) }}",
        "{{ payload.payload.deployment.name }}",
        "{{ payload.payload.name }}",
    ),
    steps=(
        "In Vercel, open Team Settings > Webhooks (it takes a Pro or Enterprise plan).",
        "Choose the events, for example deployment.error, and the projects.",
        "Endpoint URL: paste the web address of this hook, and choose Create Webhook.",
        "Copy the secret that is shown once and paste it here.",
    ),
    docs="https://vercel.com/docs/webhooks",
    retries="Vercel sends again by itself, probably for up to 24 hours.",
    samples=(
        Sample(
            "deployment_failed",
            "Deployment failed: linden-tea-shop",
            sample_body("vercel.deployment_failed.json"),
            ids=("7TeaCups4Pot9Leaf2JarLid6Mint", "dpl_7TeaCups4Pot9Leaf2JarLid6Mi",
                 "d07c93e5a1f84b62b9e6430fd2c58a71964eb05f"),
        ),
        Sample(
            "deployment_succeeded",
            "Deployment succeeded: linden-tea-shop",
            sample_body("vercel.deployment_succeeded.json"),
            ids=("3SaucerMint8Kettle5Tin1WxPot7", "dpl_3SaucerMint8Kettle5Tin1WxPo",
                 "91a6d8e24f0b7c35e1d2a9480b6c7f53da98e410"),
        ),
    ),
)  # fmt: skip
