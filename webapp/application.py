"""The application is put together here: settings, extensions, rooms."""

import os
import secrets
import sys
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, redirect, request, url_for
from jinja2 import StrictUndefined

from webapp import (
    assets,
    context,
    database,
    errors,
    fault_points,
    file_modes,
    logs,
    operations,
    paths,
    rooms,
    schema,
    security,
    transactions,
)
from webapp.accounts import access
from webapp.accounts.access import public
from webapp.config import NAMES, Settings
from webapp.extensions import csrf, db, htmx, login


class Heed(Flask):
    def log_exception(self, exc_info: Any) -> None:
        logs.crashed(exc_info)


def build(config: Mapping[str, Any] | None, *, web: bool) -> Flask:
    """See `webapp.create_app`."""
    overrides = dict(config or {})
    environ = {**os.environ, **{name: str(overrides.pop(name)) for name in NAMES & overrides.keys()}}
    settings = Settings.from_environ(environ)
    if web:
        settings.require_web()
    fault_points.arm(settings.faults)
    app = Heed(__name__, template_folder=paths.TEMPLATES, static_folder=paths.STATIC)
    if web:
        logs.configure(settings.log_level, sys.stdout)
    else:
        logs.configure("WARNING", sys.stderr)  # a command's standard output is its answer
    _configure(app, settings, overrides, web=web)
    if web:
        file_modes.warn(settings.data_dir)
    _start_extensions(app, settings, web=web)
    _register(app, settings)
    return app


def _configure(app: Flask, settings: Settings, overrides: dict[str, Any], *, web: bool) -> None:
    settings.make_data_dir()
    app.config.update(
        HEED=settings,
        SECRET_KEY=settings.secret_key or secrets.token_hex(32),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(settings.database_url, web=web),
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    logs.init_app(app)  # before anything that may refuse: each answer has its number
    security.init_app(app)
    app.config.update(overrides)


def _start_extensions(app: Flask, settings: Settings, *, web: bool) -> None:
    schema.init_app(app)
    access.init_app(app)
    transactions.init_app(app)
    db.init_app(app)
    htmx.init_app(app)
    login.init_app(app)
    csrf.init_app(app)
    errors.init_app(app)
    context.init_app(app)
    with app.app_context():
        database.prepare(db.engine, web=web)


def _register(app: Flask, settings: Settings) -> None:
    for blueprint in rooms.BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.simulator:
        app.register_blueprint(rooms.SIMULATOR)
    for blueprint in rooms.SPOKEN_TO_BY_PROGRAMS:
        csrf.exempt(blueprint)
    app.register_blueprint(operations.bp)
    app.register_blueprint(assets.bp)
    public(app.view_functions["static"])
    app.add_url_rule("/", "home", home)


@public
def home() -> Response:
    """The query goes along as it stands: `url_for` would take some of its names for orders of its own."""
    query = request.query_string.decode("ascii", "replace")
    return redirect(url_for("customers.opt_in") + (f"?{query}" if query else ""), 303)
