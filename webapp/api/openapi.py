"""GET openapi.json: what the API offers, as OpenAPI 3.1. Written by hand; a test holds it to the routes."""

from typing import Any

from flask import Response, jsonify

from webapp.accounts.access import public
from webapp.api.blueprint import PREFIX, bp
from webapp.api.openapi_campaigns import CAMPAIGN_CALLS
from webapp.api.openapi_customers import CUSTOMER_CALLS
from webapp.api.openapi_parts import call
from webapp.api.schemas import SCHEMAS


@bp.get("/openapi.json")
@public
def describe() -> Response:
    return jsonify(DESCRIPTION)


DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Heed",
        "version": "1",
        "description": "Who may be sent WhatsApp messages, who may not, and why.",
    },
    "servers": [{"url": PREFIX}],
    "paths": {
        **CUSTOMER_CALLS,
        **CAMPAIGN_CALLS,
        "/openapi.json": {"get": call("This description", None, {200: {"type": "object"}})},
    },
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}
