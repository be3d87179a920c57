"""All pages of the settings; importing them puts them on the blueprint."""

from webapp.settings import (
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
    "bp",
    "lab_views",
    "missed_views",
    "pack_views",
    "retention_views",
    "sending_views",
    "views",
    "wording_views",
]
