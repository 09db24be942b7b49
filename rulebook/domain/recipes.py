"""Rules to start from: a recipe, its blanks in friendly words, and what it makes of a sample."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from rulebook.actions import ACTIONS, Action, Message
from rulebook.domain.actor import Actor
from rulebook.domain.rendering import render
from rulebook.errors import NotFound
from rulebook.providers import PROVIDERS, RECIPES, Recipe, deliver, read_event
from rulebook.providers.sending import WRITTEN
from rulebook.storage import hooks
from rulebook.storage.hooks import Hook

_NUMBER = re.compile(r"\s*[^\d\s-]{0,3}\s*(-?[0-9][0-9,]*(?:\.[0-9]+)?)\s*")
_HERE = "https://rulebook.example/in/sample"


@dataclass(frozen=True)
class Blank:
    """One thing to fill in. place: pointer into the document; kind: of the box it is typed into;
    text: a first guess; cents: the document counts what is asked for in hundredths."""

    place: str
    question: str
    kind: str
    text: str
    cents: bool = False


@dataclass(frozen=True)
class Told:
    """A recipe as people choose it. messages: what its steps make of the sample event, with the
    action that sends each."""

    recipe: Recipe
    blanks: list[Blank]
    messages: list[tuple[Action, Message]]


def find_recipe(recipe_id: str) -> Recipe:
    """The recipe of that id. Raises NotFound."""
    found = next((each for each in RECIPES if each.id == recipe_id), None)
    if found is None:
        raise NotFound("recipe")
    return found


def told(recipe: Recipe) -> Told:
    """A recipe with its blanks, and what people would read."""
    return Told(recipe, blanks_of(recipe), list(_messages(recipe)))


def fitting(actor: Actor, recipe: Recipe) -> list[Hook]:
    """The actor's hooks that a recipe is made for."""
    actor.must("read")
    return [each for each in hooks.hooks(actor.workspace_id) if each.provider == recipe.provider]


def blanks_of(recipe: Recipe) -> list[Blank]:
    """What is left to fill in, in the order of the file."""
    return [_blank(recipe, place, question) for place, question in recipe.blanks.items()]


def _blank(recipe: Recipe, place: str, question: str) -> Blank:
    owner, name = _owner(recipe.document, place)
    value = owner[name]
    cents = name == "value" and owner.get("path") in PROVIDERS[recipe.provider].money
    text = f"{value / 100:g}" if cents else "" if value is None else str(value)
    return Blank(place, question, _kind(recipe, place), text, cents)


def _kind(recipe: Recipe, place: str) -> str:
    """phone, email, url or text, as the action's own field says."""
    at = re.fullmatch(r"/then/(\d+)/config/(\w+)", place)
    if at is None:
        return "text"
    action = ACTIONS[recipe.document["then"][int(at[1])]["action"]]
    return next((each.kind for each in action.fields if each.name == at[2]), "text")


def _owner(document: Any, place: str) -> tuple[Any, str]:
    *way, name = place.strip("/").split("/")
    for step in way:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document, name


def filled(recipe: Recipe, answers: Mapping[str, str]) -> dict[str, Any]:
    """The recipe's document with the answers in its blanks; what is not answered is left alone."""
    document = copy.deepcopy(recipe.document)
    for blank in blanks_of(recipe):
        answer = answers.get(blank.place, "").strip()
        if answer:
            owner, name = _owner(document, blank.place)
            owner[name] = _typed(answer, owner[name], blank.cents)
    return document


def _typed(answer: str, before: Any, cents: bool) -> Any:
    """An answer as the document writes it: a number where one stood."""
    found = _NUMBER.fullmatch(answer)
    if isinstance(before, bool) or not isinstance(before, int | float) or found is None:
        return answer
    number = float(found[1].replace(",", "")) * (100 if cents else 1)
    return round(number) if cents or number == int(number) else found[1].replace(",", "")


def _messages(recipe: Recipe) -> list[tuple[Action, Message]]:
    seen = _sample_seen(recipe)
    found = []
    for step in recipe.document["then"]:
        action = ACTIONS[step["action"]]
        rendered = render(action, step["config"], seen, step.get("if_missing", "blank"))
        message = action.looked_at(rendered.config)
        if message:
            found.append((action, message))
    return found


def _sample_seen(recipe: Recipe) -> dict[str, Any]:
    """The recipe's sample event as its messages see it: of a batch the first."""
    provider = PROVIDERS[recipe.provider]
    request = deliver(
        provider, provider.sample(recipe.sample), "", WRITTEN.timestamp(), Random(1), _HERE
    )
    whole = provider.opened(request.payload)
    payload = (provider.parts(whole) or [whole])[0]
    kind = read_event(provider, request.about(payload)).type
    event = {"type": kind, "provider": provider.name, "verified": True,
             "received_at": WRITTEN.isoformat()}  # fmt: skip
    return {
        "payload": payload,
        "headers": dict(request.headers),
        "query": {},
        "event": event,
        "rule": {"name": recipe.document["name"]},
        "hook": {"name": "", "zone": "UTC"},
    }
