"""The JSON shapes of templates, campaigns and sending."""

from webapp.api.phones import MOST_PHONES
from webapp.api.schema_words import (
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
)
from webapp.api.wishes import FASTEST
from webapp.campaigns.models import CampaignStatus, DeliveryState
from webapp.campaigns.reports.counts import SHOWN
from webapp.consent.gate import Category
from webapp.consent.rules import Status

PACE: Schema = {
    "type": ["integer", "null"],
    "minimum": 1,
    "maximum": FASTEST,
    "description": "Messages a second; by default what the number allows.",
}
SEEN: Schema = {"type": ["boolean", "null"], "description": "As the gate saw it; null before it was asked."}
TEXTS: Schema = {"oneOf": [TEXT, list_of(TEXT)]}
FILLING: Schema = {
    "description": "Text for everybody; or the customer’s attribute or name, and where that is missing the "
    "fallback.",
    "oneOf": [
        TEXT,
        record(optional=("fallback",), attribute=TEXT, fallback=TEXT),
        record(optional=("fallback",), name={"const": True}, fallback=TEXT),
        record(text=TEXT),
    ],
}
FILLINGS: Schema = {
    "description": "By the variable’s name in the body, or by its key: body:first_name, header:1, "
    "header:image, button:0:1. A list fills the body’s variables 1, 2, … in order.",
    "oneOf": [{"type": "object", "additionalProperties": FILLING}, list_of(FILLING), {"type": "null"}],
}
AUDIENCE: Schema = {
    "description": "Exactly one of segment_id, filter and phones. An unknown number becomes a customer with "
    "no record.",
    "oneOf": [
        record(segment_id=WHOLE),
        record(
            filter=record(
                "As in the list of customers; without any condition: everybody.",
                optional=("q", "tag", "attr", "status"),
                q=TEXT,
                tag=TEXTS,
                attr=TEXTS,
                status=TEXT,
            )
        ),
        record(phones={**list_of(TEXT), "minItems": 1, "maxItems": MOST_PHONES}),
    ],
}

CAMPAIGN_SCHEMAS: dict[str, Schema] = {
    "Template": record(
        name=TEXT,
        language=TEXT,
        category={**TEXT, "description": "As WhatsApp names it."},
        status={**TEXT, "description": "As WhatsApp names it; messages are taken of APPROVED ones."},
    ),
    "TemplatePage": page_of("Template"),
    "CampaignWish": record(
        optional=("pace",),
        name={**TEXT, "minLength": 1, "maxLength": 200},
        template=record(optional=("parameters",), name=TEXT, language=TEXT, parameters=FILLINGS),
        audience=AUDIENCE,
        pace=PACE,
    ),
    "Campaign": record(
        "The counts are exclusive current states; with suppressed they add up to the audience.",
        id=WHOLE,
        name=TEXT,
        status=one_of(CampaignStatus),
        category={"type": ["string", "null"], "enum": [*Category, None]},
        template=nullable(record(name=TEXT, language=TEXT)),
        pace=PACE,
        counts=record("sent: accepted by WhatsApp.", **dict.fromkeys(SHOWN, WHOLE)),
        suppressed=COUNTS,
        pause_code={**TEXT, "description": "Why it was paused; empty when a person did it."},
        pause_reason={**TEXT, "description": "The same as a sentence."},
        created_at=INSTANT,
        scheduled_at=nullable(INSTANT),
        launched_at=nullable(INSTANT),
        finished_at=nullable(INSTANT),
    ),
    "CampaignPage": page_of("Campaign"),
    "Audience": record(eligible=WHOLE, suppressed=COUNTS),
    "Delivery": record(
        customer_id=WHOLE,
        phone=nullable({**TEXT, "description": "+digits; masked for tokens of role viewer."}),
        state=one_of(DeliveryState),
        reason={"type": ["string", "null"], "description": "Why it is suppressed, failed or unknown."},
        error_code={"type": ["integer", "null"], "description": "WhatsApp’s code, where it gave one."},
        wamid={
            "type": ["string", "null"],
            "description": "WhatsApp’s id of the message; null for tokens of role viewer, because it carries "
            "the phone number.",
        },
        decided_at={
            **nullable(INSTANT),
            "description": "When the gate was last asked; for who was left out at the launch, the launch.",
        },
        category={"type": ["string", "null"], "description": "What the gate asked consent for."},
        consent={"type": ["string", "null"], "enum": [*Status, None], "description": "As the gate saw it."},
        consent_event={
            "type": ["integer", "null"],
            "description": "The seq of the event that made it so; null when there was none.",
        },
        platform_stop=SEEN,
        on_hold=SEEN,
        unknown_allowed={**SEEN, "description": "Whether customers without a record could get marketing."},
        started_at=nullable(INSTANT),
        sent_at=nullable(INSTANT),
        delivered_at=nullable(INSTANT),
        read_at=nullable(INSTANT),
        failed_at=nullable(INSTANT),
        after_opt_out={
            **FLAG,
            "description": "Delivered after the customer’s opt-out, and on the way before it.",
        },
    ),
    "DeliveryPage": page_of("Delivery"),
    "Sending": record(enabled={**FLAG, "description": "False: no new message starts."}),
}
