"""Each recipe is a rule that its own sample event meets, once its blanks are filled."""

import copy
from random import Random

import pytest

from rulebook.actions import ACTIONS
from rulebook.providers import PROVIDERS, RECIPES, deliver, read_event
from rules import explain, parse
from rules.templates import compile_template

NOW = 1_800_000_000
URL = "https://hooks.linden.example/in/k3Jx"


def filled(recipe):
    """The document as somebody leaves it: every blank has something in it."""
    document = copy.deepcopy(recipe.document)
    for pointer, question in recipe.blanks.items():
        *way, last = pointer.strip("/").split("/")
        inner = document
        for step in way:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        assert last in inner and question.endswith("?"), pointer
        inner[last] = inner[last] or "+12025550143"
    return document


def event_of(recipe):
    """The sample as rules see it: of a batch its first event."""
    provider = PROVIDERS[recipe.provider]
    request = deliver(provider, provider.sample(recipe.sample), "", NOW, Random(1), URL)
    whole = provider.opened(request.payload)
    payload = (provider.parts(whole) or [whole])[0]
    told = read_event(provider, request.about(payload))
    return {
        "payload": payload,
        "headers": dict(request.headers),
        "query": {},
        "event": {"type": told.type, "id": told.id, "provider": provider.name, "verified": True,
                  "received_at": "2027-01-15T08:00:00+00:00", "method": "POST",
                  "content_type": request.headers["content-type"]},
    }  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
def test_its_sample_meets_it(recipe):
    document = filled(recipe)
    event = event_of(recipe)
    verdict = explain(parse(document), event)
    assert verdict.met, verdict.summary
    assert recipe.label.startswith("When ")
    for step in document["then"]:
        known = {field.name for field in ACTIONS[step["action"]].fields}
        assert step["config"].keys() <= known
        for text in step["config"].values():
            made = compile_template(text).render(event, if_missing="fail")
            assert made.strip(), "every template finds its fields in the sample"


def test_there_are_enough_to_begin_with_and_none_is_said_twice():
    assert len(RECIPES) >= 30
    assert len({(recipe.provider, recipe.label) for recipe in RECIPES}) == len(RECIPES)
