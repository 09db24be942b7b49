"""Credentials: what is secret is sealed, and never in a column that anybody reads."""

import json

import pytest
from flask import Flask

from rulebook.actions import CONNECTION_KINDS
from rulebook.domain import connections
from tests.people import Person


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", sorted(CONNECTION_KINDS))
def test_no_secret_is_stored_in_the_open(app: Flask, ada: Person, kind: str) -> None:
    found = CONNECTION_KINDS[kind]
    with app.app_context():
        made = connections.make_connection(ada.actor, kind, "Main", dict(found.example))
        opened = connections.open_connection(ada.workspace_id, made.id)
        secrets = [str(found.example[f.name]) for f in found.fields
                   if f.hidden and found.example.get(f.name)]  # fmt: skip
        assert secrets, "every kind has a secret in its example"
        in_the_open = json.dumps(made.config) + connections.account_of(made) + made.sealed
        assert not any(secret in in_the_open for secret in secrets)
        assert opened == found.example
