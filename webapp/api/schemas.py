"""The JSON shapes of the API as JSON Schema, for the OpenAPI description."""

from typing import Any

from webapp.consent.gate import Category, Suppression
from webapp.consent.rules import Effect, Kind, Source, Status

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time", "description": "ISO 8601 in UTC."}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(words: Any) -> Schema:
    return {"type": "string", "enum": [str(word) for word in words]}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def record(description: str = "", optional: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """An object with these fields, all required but the optional ones."""
    schema: Schema = {"type": "object", "properties": fields}
    if description:
        schema["description"] = description
    if needed := [name for name in fields if name not in optional]:
        schema["required"] = needed
    return schema


def page_of(name: str) -> Schema:
    cursor = nullable({"type": "string", "description": "Send it as “after” to get the next part."})
    return record(items=list_of(ref(name)), next=cursor)


COUNTS: Schema = {
    "type": "object",
    "propertyNames": one_of(Suppression),
    "additionalProperties": WHOLE,
    "description": "How many recipients were left out, by reason.",
}
ATTRIBUTES: Schema = {"type": "object", "additionalProperties": True, "description": "Typed values by name."}
PERSON: Schema = {
    "oneOf": [
        {"type": ["string", "null"], "description": "A phone number in any writing with its country code."},
        record(optional=("phone", "wa_id", "user_id"), phone=TEXT, wa_id=TEXT, user_id=TEXT),
    ]
}

SCHEMAS: dict[str, Schema] = {
    "Customer": record(
        id=WHOLE,
        name=TEXT,
        phone=nullable({"type": "string", "description": "+digits; masked for tokens of role viewer."}),
        status=one_of(Status),
        platform_stop={**FLAG, "description": "Stopped in WhatsApp itself: no marketing."},
        on_hold={**FLAG, "description": "A message waits for review: no marketing."},
        tags=list_of(TEXT),
        attributes=ATTRIBUTES,
        created_at=INSTANT,
        consent_changed_at=nullable(INSTANT),
    ),
    "CustomerPage": page_of("Customer"),
    "CustomerProfile": record(
        "One of phone, wa_id and user_id says who is meant. Null and missing fields change nothing.",
        optional=("phone", "wa_id", "user_id", "name", "tags", "attributes"),
        phone=TEXT,
        wa_id=TEXT,
        user_id=TEXT,
        name={"type": ["string", "null"], "description": "Replaces the name; an empty one changes nothing."},
        tags={"type": ["array", "null"], "items": TEXT, "description": "Replaces all tags."},
        attributes={
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "Merged; null removes one. A new attribute gets its type from its first value.",
        },
    ),
    "ConsentStatement": record(
        optional=("evidence", "given_at"),
        status=one_of((Status.OPTED_OUT, Status.OPTED_IN)),
        evidence={
            "description": "The customer’s words, or a link to where they agreed; needed for opted_in.",
            "oneOf": [
                {"type": ["string", "null"]},
                record(optional=("channel",), words=TEXT, channel={**TEXT, "maxLength": 40}),
            ],
        },
        given_at={
            "type": ["string", "null"],
            "description": "When the customer said it: date, time and zone, or a date, of which an opt-in "
            "counts from the beginning and an opt-out until the end. Without it: now.",
        },
    ),
    "Evidence": record(
        "message_id is absent for tokens of role viewer, because it carries the phone number.",
        optional=("message_id",),
        channel=TEXT,
        words=TEXT,
        message_id=TEXT,
    ),
    "ConsentEvent": record(
        seq=WHOLE,
        customer_id={"type": ["integer", "null"], "description": "Null for a change of settings."},
        kind=one_of(Kind),
        status={"type": ["string", "null"], "description": "Only for kind consent.", "enum": [*Status, None]},
        source=one_of(Source),
        actor=TEXT,
        effect={**one_of(Effect), "description": "none: recorded, and something newer or the same stands."},
        evidence=nullable(ref("Evidence")),
        occurred_at={**INSTANT, "description": "When the customer said it."},
        recorded_at={**INSTANT, "description": "When it was recorded here."},
    ),
    "ConsentEventPage": page_of("ConsentEvent"),
    "Question": record(
        category={**TEXT, "description": f"{', '.join(Category)}; any other word counts as MARKETING."},
        recipients={**list_of(PERSON), "maxItems": 10_000},
    ),
    "Decision": record(
        recipient={**PERSON, "description": "As it was asked."},
        allowed=FLAG,
        reason={"type": ["string", "null"], "enum": [*Suppression, None]},
        customer_id={"type": ["integer", "null"]},
        decision_id=TEXT,
    ),
    "Decisions": record(decisions=list_of(ref("Decision")), allowed=WHOLE, suppressed=COUNTS),
    "Problem": record(
        "RFC 9457.",
        optional=("errors", "opt_out_at", "opt_out_words"),
        type=TEXT,
        title=TEXT,
        status=WHOLE,
        detail=TEXT,
        errors=list_of(record(field=TEXT, detail=TEXT)),
        opt_out_at={**INSTANT, "description": "The opt-out that is not older than the time stated."},
        opt_out_words={**TEXT, "description": "The customer’s words of that opt-out, where they are known."},
    ),
}
