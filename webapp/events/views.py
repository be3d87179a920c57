"""The consent log."""
from flask import Blueprint
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
bp = Blueprint("events", __name__, url_prefix="/events")
@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return ""
