"""What a kind of connection calls secret is never stored in the clear."""

import pytest
from flask import Flask

from rulebook.actions import CONNECTION_KINDS
from rulebook.domain.connections import make_connection, open_connection
from tests.people import Person


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", sorted(CONNECTION_KINDS))
def test_hidden_fields_are_sealed(app: Flask, ada: Person, kind: str) -> None:
    example = CONNECTION_KINDS[kind].example
    hidden = {field.name for field in CONNECTION_KINDS[kind].fields if field.hidden}
    with app.app_context():
        connection = make_connection(ada.actor, kind, "Main", example)
        assert not hidden & set(connection.config)
        opened = open_connection(ada.workspace_id, connection.id)
        assert opened is not None
        assert {name: opened[name] for name in hidden & set(example)} == {
            name: example[name] for name in hidden & set(example)
        }
