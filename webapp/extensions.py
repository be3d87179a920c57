"""The Flask extensions: created here, initialised in `create_app`, imported by everybody."""

from urllib.parse import urlsplit

from flask import request
from flask_htmx import HTMX
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Model(DeclarativeBase):
    """Base of all tables; constraint names follow one convention, so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _id_of(element: str | None) -> str | None:
    return element.split("#", 1)[1] if element and "#" in element else None


class HTMX4(HTMX):
    """flask-htmx reads htmx 2's headers; htmx 4 names elements as ``tag#id`` and says what it wants."""

    @property
    def target(self) -> str | None:
        return _id_of(request.headers.get("HX-Target"))

    @property
    def source(self) -> str | None:
        return _id_of(request.headers.get("HX-Source"))

    @property
    def current_url(self) -> str | None:
        """Where the page is that asks; None for what cannot be taken apart."""
        url: str | None = super().current_url
        try:
            urlsplit(url or "")
        except ValueError:
            return None
        return url

    @property
    def unasked(self) -> bool:
        """True when the page asks by itself, again and again: people press links, buttons and fields."""
        by_itself = (request.headers.get("HX-Source") or "").startswith("div#")
        return bool(self) and request.method == "GET" and by_itself

    @property
    def partial(self) -> bool:
        """True when a fragment is wanted; Back and Forward ask for the whole page and get it."""
        wanted = request.headers.get("HX-Request-Type") == "partial"
        return bool(self) and wanted and not self.history_restore_request


db = SQLAlchemy(model_class=Model)
htmx = HTMX4()
login = LoginManager()
csrf = CSRFProtect()
