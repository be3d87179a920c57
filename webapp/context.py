"""What every template may use without being handed it."""

from typing import Any

from flask import Flask, current_app, has_request_context
from flask_login import current_user
from sqlalchemy import ColumnElement, select

from webapp import clock, figures, formatting
from webapp.accounts.access import may
from webapp.accounts.roles import Role
from webapp.assets import asset
from webapp.consent import holds
from webapp.consent.models import Policy
from webapp.customers import queries
from webapp.extensions import htmx
from webapp.way_back import list_here, way_back
from webapp.whatsapp import watch
from webapp.whatsapp.inbound import missed


def init_app(app: Flask) -> None:
    app.context_processor(of_the_shell)
    app.jinja_env.globals.update(asset=asset, may=may, way_back=way_back, list_here=list_here)
    app.jinja_env.filters.update(formatting.FILTERS)


def of_the_shell() -> dict[str, Any]:
    """Figures and banners of the page's frame; nothing for fragments and for people not signed in."""
    framed = has_request_context() and current_user.is_authenticated and not htmx.partial
    return {
        "now": clock.now(),
        "simulator_on": current_app.config["HEED"].simulator,
        **_figures(bool(framed)),
    }


@figures.of_the_frame
def _of_the_frame() -> dict[str, ColumnElement[Any]]:
    columns: dict[str, ColumnElement[Any]] = {
        "keywords_enabled": select(Policy.keywords_enabled).scalar_subquery(),
        "reviews_open": holds.open_number(),
        "demo_data": select(queries.demo_data()).scalar_subquery(),
    }
    if may(Role.ADMIN):
        columns |= watch.heard_columns(clock.now())
    if may(Role.MANAGER):
        columns["missed"] = missed.waiting_column()
    return columns


def _figures(framed: bool) -> dict[str, Any]:
    if not framed:
        return {
            "reviews_open": 0, "demo_data": False, "keywords_enabled": True, "webhook_silence": "",
            "missed_stops": None,
        }  # fmt: skip
    found = figures.read(framed=True)
    missed_stops = missed.waiting_from(found["missed"]) if may(Role.MANAGER) else None
    return {
        "reviews_open": found["reviews_open"],
        "demo_data": found["demo_data"],
        "keywords_enabled": found["keywords_enabled"],
        "webhook_silence": watch.silence_from(found, clock.now()) if may(Role.ADMIN) else "",
        "missed_stops": missed_stops if found["keywords_enabled"] else None,
    }
