"""All pages of the endpoints; importing them puts them on the blueprint."""

from webapp.endpoints import message_views, views
from webapp.endpoints.blueprint import bp

__all__ = ["bp", "message_views", "views"]
