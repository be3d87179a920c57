"""What the description of each call is made of."""

from typing import Any

from webapp.accounts.roles import Role
from webapp.api.idempotency import HEADER, LONGEST_KEY
from webapp.api.pagination import DEFAULT_LIMIT, LARGEST_LIMIT
from webapp.api.schema_words import Schema, ref

Headers = dict[str, Any]
REFUSALS = {
    400: "The body is not JSON.",
    401: "No token, or one that is not known.",
    403: "The token's role does not allow this call.",
    404: "There is nothing of this id.",
    409: "What is on record stands against it.",
    413: "The body is larger than 4 MiB.",
    415: "The body is not declared as JSON.",
    422: "A field does not fit; errors names it.",
    429: "This token made too many calls within the minute.",
    503: "The database is busy or out of reach. Nothing was changed; try again.",
}
WITH_BODY = (400, 413, 415, 422)
ALLOWANCE: Headers = {
    name: {"description": meaning, "schema": {"type": "integer"}}
    for name, meaning in {
        "RateLimit-Limit": "Calls that this token may make in a minute.",
        "RateLimit-Remaining": "How many of them are left.",
        "RateLimit-Reset": "Seconds until all are there again.",
    }.items()
}


def call(
    summary: str, role: Role | None, answers: dict[int, Schema], refusals: tuple[int, ...] = (), **more: Any
) -> dict[str, Any]:
    """One call; `answers` are its good ones, `refusals` those that not every call has."""
    guarded = (401, 403, 429) if role else ()
    headers = ALLOWANCE if role else {}
    problems = {code: REFUSALS[code] for code in sorted({*guarded, *refusals, 503})}
    return {
        "summary": summary,
        "description": f"For tokens of role {role.value} and above." if role else "Needs no token.",
        "security": [{"token": []}] if role else [],
        **more,
        "responses": {
            **{
                str(code): _answer("Done.", "application/json", schema, headers)
                for code, schema in answers.items()
            },
            **{
                str(code): _answer(meaning, "application/problem+json", ref("Problem"), headers)
                for code, meaning in problems.items()
            },
        },
    }


def _answer(description: str, mimetype: str, schema: Schema, headers: Headers) -> dict[str, Any]:
    return {"description": description, "headers": headers, "content": {mimetype: {"schema": schema}}}


def body(name: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": ref(name)}}}


def query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def path_id(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}


PARTS = [
    query("after", "The cursor in “next” of the list before.", {"type": "string"}),
    query(
        "limit",
        "Items in one answer.",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    ),
]
ONCE: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "description": "A key of your own for this one call. Made again within 24 hours the call is not done "
    "again but answered as before, with Idempotent-Replayed: true; the key with another call is 422.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}
