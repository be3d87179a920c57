"""The blueprint of the status pages."""

from flask import Blueprint

bp = Blueprint("status", __name__, url_prefix="/status")
