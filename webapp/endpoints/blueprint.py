"""The blueprint of the endpoints."""

from flask import Blueprint

bp = Blueprint("endpoints", __name__, url_prefix="/endpoints")
