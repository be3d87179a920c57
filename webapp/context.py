"""What every template may use without being handed it."""

from typing import Any

from flask import Flask, current_app, has_request_context
from flask_login import current_user
from sqlalchemy import select

from webapp import clock, formatting
from webapp.accounts.access import may
from webapp.accounts.roles import Role
from webapp.assets import asset
from webapp.consent import holds, policy
from webapp.customers.models import Customer
from webapp.extensions import db, htmx
from webapp.whatsapp import missed, watch


def init_app(app: Flask) -> None:
    app.context_processor(of_the_shell)
    app.jinja_env.globals.update(asset=asset, may=may)
    app.jinja_env.filters.update(formatting.FILTERS)


def of_the_shell() -> dict[str, Any]:
    """Figures and banners of the page's frame; nothing for fragments and for people not signed in."""
    framed = has_request_context() and current_user.is_authenticated and not htmx.partial
    return {
        "now": clock.now(),
        "simulator_on": current_app.config["HEED"].simulator,
        **_figures(bool(framed)),
    }


def _figures(framed: bool) -> dict[str, Any]:
    if not framed:
        return {
            "reviews_open": 0, "demo_data": False, "keywords_enabled": True, "webhook_silence": "",
            "missed_stops": None,
        }  # fmt: skip
    enabled = policy.current().keywords_enabled
    return {
        "reviews_open": holds.open_count(),
        "demo_data": db.session.scalar(select(Customer.id).where(Customer.demo).limit(1)) is not None,
        "keywords_enabled": enabled,
        "webhook_silence": watch.silence(clock.now()) if may(Role.ADMIN) else "",
        "missed_stops": missed.waiting() if enabled and may(Role.MANAGER) else None,
    }
