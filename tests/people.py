"""The cast: ada owns, bo edits in her workspace, cy is a stranger with a workspace of her own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from rulebook.domain import accounts, hooks, rules
from rulebook.domain.actor import SCOPES, Actor
from rulebook.domain.tokens import make_token
from rulebook.storage import db, utcnow
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule
from rulebook.storage.users import User
from rulebook.storage.workspaces import Membership, Workspace


@dataclass
class Person:
    """Somebody with a browser, a token for the API, and an actor for verbs."""

    app: Flask
    name: str
    user_id: str
    workspace_id: str
    role: str
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        self._form_token = "no form yet"

    @property
    def actor(self) -> Actor:
        return Actor(self.workspace_id, self.user_id, self.role, "127.0.0.1")

    def sign_in(self) -> Person:
        """A session as signing in makes it, without the slow password."""
        with self.app.app_context():
            user = db.session.get_one(User, self.user_id)
            token = accounts._open_session(user, "127.0.0.1", utcnow())
        self.client.set_cookie("rulebook_session", token)
        raw = secrets.token_hex(20)
        with self.client.session_transaction() as cookie:
            cookie["csrf_token"] = raw
        signer = URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token")
        self._form_token = str(signer.dumps(raw))
        return self

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Post a form as the page would, with its hidden token."""
        return self.client.post(path, data={"csrf_token": self._form_token, **(data or {})}, **more)

    def token(self, *scopes: str) -> str:
        """The text of a fresh API token, with all that the role may unless scopes are named."""
        all_of_them = [scope for scope in SCOPES if self.actor.may(scope)]
        with self.app.app_context():
            return make_token(self.actor, "test", list(scopes) or all_of_them)[1]

    def api(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        """Call the REST API with a token that may do everything."""
        if not hasattr(self, "_token"):
            self._token = self.token()
        headers = {"Authorization": f"Bearer {self._token}", **more.pop("headers", {})}
        return self.app.test_client().open(
            f"/api/v1{path}", method=method, json=json, headers=headers, **more
        )


def make_person(app: Flask, name: str, workspace_of: Person | None = None, role: str = "owner"):
    """A person; with `workspace_of` a member there, else with a workspace of their own."""
    with app.app_context():
        user = User(email=f"{name}@shop.example", password=None)
        db.session.add(user)
        if workspace_of is None:
            workspace = Workspace(name=f"{name.capitalize()}'s shop", zone="UTC")
            db.session.add(workspace)
            db.session.flush()
            workspace_id = workspace.id
        else:
            workspace_id = workspace_of.workspace_id
            db.session.flush()
        db.session.add(Membership(workspace_id=workspace_id, user_id=user.id, role=role))
        db.session.commit()
        return Person(app, name, user.id, workspace_id, role).sign_in()


def make_hook(person: Person, name: str = "Payments", **more: Any) -> Hook:
    """A hook of this person (inside an app context)."""
    return hooks.make_hook(person.actor, name, **more)


def document(
    path: str = "$.amount", test: str = "number.at_least", value: Any = 50, **more: Any
) -> dict[str, Any]:
    """A rule document with one condition and a practice SMS, unless more is said."""
    step = {"id": "sms", "action": "sms",
            "config": {"to": "+14155550123", "message": "Paid: {{ payload.amount }}"}}  # fmt: skip
    return {
        "name": "Text me big payments",
        "when": {"all": [{"path": path, "test": test, "value": value}]},
        "then": [step],
        **more,
    }


def make_rule(person: Person, hook: Hook, mode: str = "live", **more: Any) -> Rule:
    """A rule of this person on a hook (inside an app context)."""
    return rules.write_rule(person.actor, hook.id, document(**more), mode)
