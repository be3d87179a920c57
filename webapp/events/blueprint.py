"""The blueprint of the consent log."""

from flask import Blueprint

bp = Blueprint("events", __name__, url_prefix="/events")
