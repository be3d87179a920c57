"""The blueprint of all pages of segments, and how they answer when something was done."""

from flask import Blueprint, Response, flash, url_for

from webapp.campaigns.models import Segment
from webapp.extensions import db, htmx
from webapp.rendering import dialog_done, see_other

bp = Blueprint("segments", __name__, url_prefix="/segments")

Answer = Response | tuple[str, int]


def saved(segment: Segment, message: str) -> Response:
    db.session.commit()
    flash(message)
    return see_other(url_for("segments.show", segment_id=segment.id))


def gone_on(message: str, location: str) -> Response:
    """The dialog's work ends on another page."""
    if not htmx:
        return dialog_done(message, location=location)
    flash(message)
    return Response("", 204, {"HX-Redirect": location})
