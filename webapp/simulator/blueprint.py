"""The blueprints of the simulator: its page for people, and within it a Graph API for programs."""

from typing import Any

from flask import Blueprint, request
from flask.blueprints import BlueprintSetupState

from webapp.extensions import csrf
from webapp.simulator.network import Network

bp = Blueprint("simulator", __name__, url_prefix="/simulator")
graph = Blueprint("graph", __name__, url_prefix="/graph/v26.0")
csrf.exempt(graph)  # its callers bear a token and have no cookie that a foreign page could abuse


@bp.record_once
def connect(state: BlueprintSetupState) -> None:
    file = state.app.config["HEED"].data_dir / "simulator.db"
    state.app.extensions["heed-phone-network"] = Network.of(file)


@bp.url_defaults
def stay_with_the_phone(endpoint: str, values: dict[str, Any]) -> None:
    """The table's links lead back to the same phone."""
    if endpoint == "simulator.show" and "phone" in request.args:
        values.setdefault("phone", request.args["phone"])
