"""Rules to start from: the list by sender, and one with its blanks, which opens the builder."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from rulebook.domain import hooks as hook_verbs
from rulebook.domain import recipes as verbs
from rulebook.domain import samples
from rulebook.domain.phones import own_addresses
from rulebook.errors import Invalid
from rulebook.providers import PROVIDERS, RECIPES, Recipe
from rulebook.storage import event_lists, hooks
from rulebook.storage.hooks import Hook
from web.desk import Desk, draw
from web.guard import actor, bell

pages = Blueprint("recipes", __name__)


@pages.get("/recipes")
def index() -> ResponseReturnValue:
    """All recipes by sender; those of one's own hooks first, or of one sender alone."""
    known = hooks.hooks(actor().workspace_id)
    wanted, query = request.args.get("provider", ""), request.args.get("q", "").strip()
    mine = {each.provider for each in known}
    order = sorted(PROVIDERS, key=lambda name: name not in mine)
    groups = [(PROVIDERS[name], _of(name, query)) for name in order if wanted in ("", name)]
    return render_template(
        "recipes/index.html",
        groups=[(provider, found) for provider, found in groups if found],
        mine=mine,
        wanted=PROVIDERS.get(wanted),
        query=query,
        count=len(RECIPES),
    )


def _of(provider: str, query: str) -> list[Recipe]:
    asked, tool = _plain(query), _plain(PROVIDERS[provider].label)
    return [each for each in RECIPES if each.provider == provider
            and all(any(word.startswith(_stem(one)) for word in [*_plain(each.label), *tool])
                    for one in asked)]  # fmt: skip


def _plain(text: str) -> list[str]:
    """The words as they are looked for: an e-mail is an email."""
    return re.findall(r"\w+", text.casefold().replace("-", ""))


def _stem(word: str) -> str:
    """What "failed" and "fails", or "orders" and "order", have in common."""
    return word[: max(4, len(word) - 2)]


@pages.get("/recipes/<recipe_id>")
def show(recipe_id: str) -> ResponseReturnValue:
    """One recipe: what it says, what people would read, and what is left to fill in."""
    return _show(verbs.find_recipe(recipe_id))


@pages.post("/recipes/<recipe_id>")
def start(recipe_id: str) -> ResponseReturnValue:
    """Open the builder with the recipe's rule; nothing is saved but the hook, if it is a new one.
    A hook without events gets the recipe's sample, so that there is something to see."""
    actor().must("write")
    recipe = verbs.find_recipe(recipe_id)
    try:
        hook = _hook(recipe)
    except Invalid as error:
        return _show(recipe, error), 422
    if not event_lists.newest(hook.id, 1):
        receipt = samples.send_sample(actor(), hook.id, f"{recipe.provider}/{recipe.sample}")
        if receipt.judge:
            bell().event(receipt.judge)
    return draw(Desk(hook, verbs.filled(recipe, request.form)))


def _hook(recipe: Recipe) -> Hook:
    """The chosen hook, or a new one for the recipe's sender."""
    chosen = request.form.get("hook", "")
    if chosen:
        return hook_verbs.find_hook(actor(), chosen)
    return hook_verbs.make_hook(actor(), request.form.get("name", ""), recipe.provider)


def _show(recipe: Recipe, wrong: Invalid | None = None) -> str:
    actor().must("read")
    return render_template(
        "recipes/show.html",
        told=verbs.told(recipe),
        provider=PROVIDERS[recipe.provider],
        hooks=verbs.fitting(actor(), recipe),
        said=request.form,
        mine=own_addresses(actor()),
        wrong={each.pointer: each for each in wrong.problems} if wrong else {},
        may_write=actor().may("write"),
    )
