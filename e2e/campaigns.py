"""Segments and campaigns that the desk of the journeys shows: a draft, and one that was sent."""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.campaigns import lifecycle
from webapp.campaigns.models import Campaign, Template
from webapp.campaigns.segments import segments
from webapp.campaigns.segments.rules import from_filter
from webapp.campaigns.sending import claims, outcomes, statuses
from webapp.campaigns.sending.outcomes import Result
from webapp.campaigns.sending.sender import Accepted, Answer, Refused, Unclear
from webapp.campaigns.sending.statuses import News
from webapp.campaigns.switch import current
from webapp.campaigns.templates import templates
from webapp.campaigns.templates.templates import Description
from webapp.consent.rules import Status
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

ACTOR = "system"
BODY = {"type": "BODY", "text": "Hi {{first_name}}, our Black Friday prices are open until {{until}}."}
PARTS = [
    {"type": "HEADER", "format": "TEXT", "text": "Early access starts now"},
    BODY,
    {"type": "FOOTER", "text": "Not interested? Reply STOP"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop promotions"}]},
]
FILLED = {
    "body:first_name": {"name": True, "fallback": "friend"},
    "body:until": {"text": "Sunday"},
}
EVERYBODY = {"include": [{"kind": "everybody"}], "exclude": []}


def stage(now: datetime) -> None:
    """Everything; the first segment, the draft and the sent campaign get the ids 1, 1 and 2."""
    with writing():
        described = [
            Description(external_id="1", name="black_friday", language="en_US", status="APPROVED",
                        category="MARKETING", parameter_format="NAMED", components=PARTS),
            Description(external_id="2", name="order_news", language="en_US", status="APPROVED",
                        category="UTILITY", coming="MARKETING", parameter_format="NAMED",
                        components=[BODY]),
        ]  # fmt: skip
        templates.take_in(described, now)
        current().templates_synced_at = now
        who = from_filter(Filter(status=Status.OPTED_IN))
        segments.create_dynamic("All who agreed", who, actor=ACTOR, now=now)
        vips = list(db.session.scalars(select(Customer.id).limit(7)))
        segments.create_static("Seven friends", vips, actor=ACTOR, now=now)
        draft("Black Friday early access", now)
        send(draft("Spring greeting", now), now - timedelta(hours=2))
        db.session.commit()


def draft(name: str, now: datetime) -> Campaign:
    template = db.session.query(Template).filter_by(name="black_friday").one()
    columns = {"template_id": template.id, "parameters": FILLED, "audience": EVERYBODY}
    return lifecycle.create(name, actor=ACTOR, now=now, **columns)


def send(campaign: Campaign, at: datetime) -> None:
    """Launch it and let every kind of answer come back."""
    lifecycle.launch(campaign, actor=ACTOR, now=at)
    claims.take_pump(campaign.id, "stage", at)
    for second in range(1, 9):
        moment = at + timedelta(seconds=second)
        rows = claims.claim(campaign.id, "stage", 16, moment).rows
        results = [Result(row, answer(row.delivery_id), moment) for row in rows]
        outcomes.record(campaign.id, "stage", results, moment)
        told = [
            News(None, result.answer.wamid, "read" if n % 3 else "delivered", None, moment)
            for n, result in enumerate(results)
            if isinstance(result.answer, Accepted) and n % 7
        ]
        statuses.apply(told, moment)
    claims.leave_pump(campaign.id, "stage")
    lifecycle.finish_if_done(campaign.id, at + timedelta(minutes=1))


def answer(delivery_id: int) -> Answer:
    if delivery_id % 11 == 0:
        return Unclear("timeout")
    return Refused(400, 131026) if delivery_id % 7 == 0 else Accepted(f"wamid.stage.{delivery_id}")
