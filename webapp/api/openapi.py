"""GET openapi.json: what the API offers, as OpenAPI 3.1. Written by hand; a test holds it to the routes."""

from typing import Any

from flask import Response, jsonify

from webapp.accounts.access import public
from webapp.accounts.roles import Role
from webapp.api.blueprint import PREFIX, bp
from webapp.api.filters import PARAMETERS as FILTERS
from webapp.api.schemas import SCHEMAS, Schema, ref

FILTER_MEANINGS = {
    "phone": "A number in any writing and variant.",
    "q": "Part of a name in any script, or of a number.",
    "tag": "May be repeated: customers with all of the tags.",
    "attr": "KEY:VALUE, split at the first colon. May be repeated: any value of a key, all of the keys.",
    "status": "opted_in, opted_out or unknown.",
}
REFUSALS = {
    400: "The body is not JSON.",
    401: "No token, or one that is not known.",
    403: "The token's role does not allow this call.",
    404: "There is no such customer.",
    409: "Something newer stands against it.",
    413: "The body is larger than 4 MiB.",
    415: "The body is not declared as JSON.",
    422: "A field does not fit; errors names it.",
    503: "The database is busy or out of reach. Nothing was changed; try again.",
}
WITH_BODY = (400, 413, 415, 422)


@bp.get("/openapi.json")
@public
def describe() -> Response:
    return jsonify(DESCRIPTION)


def _call(
    summary: str, role: Role | None, answers: dict[int, Schema], refusals: tuple[int, ...] = (), **more: Any
) -> dict[str, Any]:
    """One call; `answers` are its good ones, `refusals` those that not every call has."""
    guarded = (401, 403) if role else ()
    problems = {code: REFUSALS[code] for code in sorted({*guarded, *refusals, 503})}
    return {
        "summary": summary,
        "description": f"For tokens of role {role.value} and above." if role else "Needs no token.",
        "security": [{"token": []}] if role else [],
        **more,
        "responses": {
            **{str(code): _answer("Done.", "application/json", schema) for code, schema in answers.items()},
            **{
                str(code): _answer(meaning, "application/problem+json", ref("Problem"))
                for code, meaning in problems.items()
            },
        },
    }


def _answer(description: str, mimetype: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {mimetype: {"schema": schema}}}


def _body(name: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": ref(name)}}}


def _query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _filters() -> list[dict[str, Any]]:
    repeated = {"type": "array", "items": {"type": "string"}}
    kinds = {"tag": repeated, "attr": repeated}
    return [_query(name, FILTER_MEANINGS[name], kinds.get(name, {"type": "string"})) for name in FILTERS]


PARTS = [
    _query("after", "The cursor in “next” of the list before.", {"type": "string"}),
    _query("limit", "Items in one answer.", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
]
CUSTOMER_ID = {"name": "customer_id", "in": "path", "required": True, "schema": {"type": "integer"}}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Heed",
        "version": "1",
        "description": "Who may be sent WhatsApp messages, who may not, and why.",
    },
    "servers": [{"url": PREFIX}],
    "paths": {
        "/customers": {
            "get": _call(
                "Customers, the newest first",
                Role.VIEWER,
                {200: ref("CustomerPage")},
                (422,),
                parameters=[*_filters(), *PARTS],
            ),
            "put": _call(
                "Create a customer or update the one with this identity; consent stays as it is",
                Role.AGENT,
                {200: ref("Customer"), 201: ref("Customer")},
                (*WITH_BODY, 409),
                requestBody=_body("CustomerProfile"),
            ),
        },
        "/customers/{customer_id}": {
            "get": _call(
                "One customer", Role.VIEWER, {200: ref("Customer")}, (404,), parameters=[CUSTOMER_ID]
            ),
        },
        "/customers/{customer_id}/consent": {
            "post": _call(
                "Record that a customer wants marketing, or wants it no longer",
                Role.AGENT,
                {201: ref("ConsentEvent")},
                (*WITH_BODY, 404, 409),
                parameters=[CUSTOMER_ID],
                requestBody=_body("ConsentStatement"),
            ),
        },
        "/consent-events": {
            "get": _call(
                "The ledger, oldest first",
                Role.VIEWER,
                {200: ref("ConsentEventPage")},
                (422,),
                parameters=[_query("customer_id", "Only this customer.", {"type": "integer"}), *PARTS],
            ),
        },
        "/decisions": {
            "post": _call(
                "May a message of this category go to these people now?",
                Role.AGENT,
                {200: ref("Decisions")},
                WITH_BODY,
                requestBody=_body("Question"),
            ),
        },
        "/openapi.json": {"get": _call("This description", None, {200: {"type": "object"}})},
    },
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}
