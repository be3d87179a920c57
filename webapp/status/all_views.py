"""All pages of the status; importing them puts them on the blueprint."""

from webapp.status import dispute_views, views
from webapp.status.blueprint import bp

__all__ = ["bp", "dispute_views", "views"]
