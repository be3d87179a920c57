"""The blueprint of the reports, which several modules of views fill."""

from flask import Blueprint

bp = Blueprint("reports", __name__, url_prefix="/reports")
