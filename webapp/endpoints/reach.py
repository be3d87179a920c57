"""What this desk may reach, and by which means it sends there."""

from sqlalchemy import select

from webapp.config import Settings
from webapp.customers import queries
from webapp.endpoints.post import Post
from webapp.extensions import db


def post(settings: Settings) -> Post:
    """A desk with invented customers tells nobody outside this machine of them."""
    demo = bool(db.session.scalar(select(queries.demo_data())))
    return Post(private=settings.endpoints_private, here_only=demo)
