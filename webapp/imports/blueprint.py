"""The pages that bring customers in from a file."""

from flask import Blueprint

bp = Blueprint("imports", __name__, url_prefix="/imports")
