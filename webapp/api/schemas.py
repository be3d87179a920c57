"""The JSON shapes of the API, for the OpenAPI description."""

from webapp.api.campaign_schemas import CAMPAIGN_SCHEMAS
from webapp.api.schema_words import (
    ATTRIBUTES,
    COUNTS,
    FLAG,
    INSTANT,
    TEXT,
    WHOLE,
    Schema,
    list_of,
    nullable,
    one_of,
    page_of,
    record,
    ref,
)
from webapp.consent.gate import Category, Suppression
from webapp.consent.rules import Effect, Kind, Source, Status

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
        on_hold={
            **FLAG,
            "description": "A message waits for review, or the ledger says otherwise: no marketing.",
        },
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
    **CAMPAIGN_SCHEMAS,
}
