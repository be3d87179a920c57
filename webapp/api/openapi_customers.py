"""The description of the calls about customers, consent and decisions."""

from typing import Any

from webapp.accounts.roles import Role
from webapp.api.filters import PARAMETERS as FILTERS
from webapp.api.openapi_parts import ONCE, PARTS, WITH_BODY, body, call, path_id, query
from webapp.api.schema_words import ref

FILTER_MEANINGS = {
    "phone": "A number in any writing and variant.",
    "q": "Part of a name in any script, or of a number; tokens of role viewer find whole numbers only.",
    "tag": "May be repeated: customers with all of the tags.",
    "attr": "KEY:VALUE, split at the first colon. May be repeated: any value of a key, all of the keys.",
    "status": "opted_in, opted_out or unknown.",
}
CUSTOMER_ID = path_id("customer_id")


def _filters() -> list[dict[str, Any]]:
    repeated = {"type": "array", "items": {"type": "string"}}
    kinds = {"tag": repeated, "attr": repeated}
    return [query(name, FILTER_MEANINGS[name], kinds.get(name, {"type": "string"})) for name in FILTERS]


CUSTOMER_CALLS: dict[str, Any] = {
    "/customers": {
        "get": call(
            "Customers, the newest first",
            Role.VIEWER,
            {200: ref("CustomerPage")},
            (422,),
            parameters=[*_filters(), *PARTS],
        ),
        "put": call(
            "Create a customer or update the one with this identity; consent stays as it is",
            Role.AGENT,
            {200: ref("Customer"), 201: ref("Customer")},
            (*WITH_BODY, 409),
            requestBody=body("CustomerProfile"),
        ),
    },
    "/customers/{customer_id}": {
        "get": call("One customer", Role.VIEWER, {200: ref("Customer")}, (404,), parameters=[CUSTOMER_ID]),
    },
    "/customers/{customer_id}/consent": {
        "post": call(
            "Record that a customer wants marketing, or wants it no longer",
            Role.AGENT,
            {201: ref("ConsentEvent")},
            (*WITH_BODY, 404, 409),
            parameters=[CUSTOMER_ID, ONCE],
            requestBody=body("ConsentStatement"),
        ),
    },
    "/consent-events": {
        "get": call(
            "The ledger, oldest first",
            Role.VIEWER,
            {200: ref("ConsentEventPage")},
            (422,),
            parameters=[query("customer_id", "Only this customer.", {"type": "integer"}), *PARTS],
        ),
    },
    "/decisions": {
        "post": call(
            "May a message of this category go to these people now?",
            Role.AGENT,
            {200: ref("Decisions")},
            WITH_BODY,
            requestBody=body("Question"),
        ),
    },
}
