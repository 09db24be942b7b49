"""The pages and the API: the only room that knows HTTP and HTML."""

from __future__ import annotations

from flask import Flask

from rulebook import __version__, config
from rulebook.config import Config
from rulebook.domain.house import furnish
from rulebook.jobs.queue import Bell
from rulebook.sealing import derived, keys
from web import compiled, faults, guard, rooms, shown
from web.guard import csrf


def create_app(settings: Config | None = None) -> Flask:
    """Rulebook's web application; its database must be upgraded before it serves."""
    settings = settings or config.load()
    app = Flask(__name__, instance_path=str(settings.instance.absolute()))
    furnish(app, settings)
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=derived(keys(settings)[0], "cookies"),
        SESSION_COOKIE_NAME="__Host-rulebook_form" if secure else "rulebook_form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=settings["MAX_BODY"] + 64 * 1024,
        MAX_FORM_MEMORY_SIZE=settings["MAX_BODY"],
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,
        VERSION=__version__,
        SECURE_COOKIES=secure,
    )
    app.extensions["bell"] = Bell(app, settings)
    csrf.init_app(app)
    _register(app)
    return app


def _register(app: Flask) -> None:
    for part in (guard, faults, shown, compiled):
        part.init_app(app)
    for blueprint in rooms.BLUEPRINTS:
        app.register_blueprint(blueprint)
