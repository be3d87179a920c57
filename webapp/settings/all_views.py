"""All pages of the settings; importing them puts them on the blueprint."""

from webapp.settings import (
    confirmation_views,
    lab_views,
    missed_views,
    pack_views,
    retention_views,
    sending_views,
    views,
    wording_views,
)
from webapp.settings.blueprint import bp

__all__ = [
    "bp", "confirmation_views", "lab_views", "missed_views", "pack_views", "retention_views", "sending_views",
    "views", "wording_views",
]  # fmt: skip
